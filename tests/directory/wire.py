"""A wire between the desk and a server that records what the desk says, and may slow, change or cut the answers."""

import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
BIND = re.compile(rb"\x30[\x00-\x7f]\x02\x01[\x00-\x7f]\x60[\x00-\x7f]\x02\x01\x03\x04")
STARTTLS_SUCCESS = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"


def as_it_is(answer: bytes) -> bytes:
    """Pass an answer on unchanged."""
    return answer


class Wire:
    """A loopback port whose connections go to `target`; `sent` is all the desk said, on all of them."""

    def __init__(self, target: int, *, answer: Callable[[bytes], bytes] = as_it_is, delay: float = 0) -> None:
        """Listen at once; `delay` holds back every answer so many seconds."""
        self.target = target
        self.answer = answer
        self.delay = delay
        self.connections = 0
        self._said: list[bytes] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address for the desk."""
        return f"ldap://{LOOPBACK}:{self.port}"

    @property
    def sent(self) -> bytes:
        """Everything the desk said."""
        return b"".join(self._said)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):                                 # closed: the test is over
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection((LOOPBACK, self.target))
                self._open += [client, server]
                threading.Thread(target=self._carry, args=(client, server, self._heard), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, client, self._answered), daemon=True).start()

    def _heard(self, data: bytes) -> bytes:
        self._said.append(data)
        return data

    def _answered(self, data: bytes) -> bytes:
        time.sleep(self.delay)                                  # the slow server itself, not a wait of the test
        return self.answer(data)

    def _carry(self, source: socket.socket, target: socket.socket, seen: Callable[[bytes], bytes]) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(seen(data))
            target.shutdown(socket.SHUT_WR)


class Scripted:
    """A server that gives each connection the same bytes after its first words, whatever they were."""

    def __init__(self, answer: bytes) -> None:
        """Listen at once."""
        self.sent = b""
        self._answer = answer
        self._listener = socket.create_server((LOOPBACK, 0))
        self.url = f"ldap://{LOOPBACK}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client:
                    client.settimeout(3)
                    self.sent += client.recv(4096)
                    client.sendall(self._answer)
                    with suppress(OSError):
                        while data := client.recv(4096):
                            self.sent += data
