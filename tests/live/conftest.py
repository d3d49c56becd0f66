"""A live server in a thread of its own, and browsers that listen to it over real connections."""

import asyncio
import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from app import database
from app.live.__main__ import Server, server
from app.platform.ports import free_port
from app.services import sessions
from app.settings import settings
from app.unit_of_work import unit_of_work
from tests.databases import forget_settings

BASE = "http://desk.test:8080"


def cookie(token: str) -> str:
    """Return the cookie that Flask itself would set for a session's token."""
    app = Flask("signer")
    app.secret_key = settings().secret_key.get_secret_value()
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return f"desk={serializer.dumps({'_user_id': token, '_fresh': True, '_permanent': True})}"


def sign_in(login: str) -> str:
    """Begin a session for somebody; return its cookie."""
    with unit_of_work(login) as uow:
        return cookie(sessions.begin(uow, "local", address="127.0.0.1", agent="test"))


class Listener:
    """One open stream; events are read as they come."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.request("GET", path, headers=headers)
        self.answer = self._connection.getresponse()

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.close()
        self.answer.close()

    def next(self) -> tuple[str, Any]:
        """Return the next event and its data; ("", None) at the end of the stream."""
        name, data = "", None
        while line := self.answer.readline():
            word, _, value = line.decode().rstrip("\r\n").partition(": ")
            if word == "event":
                name = value
            elif word == "data":
                data = json.loads(value)
            elif not word and name:
                return name, data
        return "", None


@dataclass
class Live:
    """The running server."""

    port: int
    server: Server

    def listen(self, who: str, *numbers: str, pages: str = "", extra: str = "", **headers: str) -> Listener:
        """Open a stream with somebody's cookie (or none)."""
        given = {"Cookie": who} if who else {}
        return Listener(self.port, f"/stream?numbers={','.join(numbers)}&pages={pages}{extra}", given | headers)


def wait_for(what: Callable[[], bool], seconds: float = 15) -> None:
    """Poll until it is so."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


@contextlib.contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[Live]:
    """Serve streams from a thread until the block ends."""
    running = server("127.0.0.1", port)
    monkeypatch.setattr(running, "capture_signals", contextlib.nullcontext)  # signals belong to the main thread
    thread = threading.Thread(target=lambda: asyncio.run(running.serve()), daemon=True)
    thread.start()
    wait_for(lambda: running.started)
    wait_for(lambda: _status(port, "/readyz") == 200)
    yield Live(port, running)
    running.should_exit = True
    running.hub.end_all()
    thread.join(10)
    database.forget()
    assert not thread.is_alive()


@pytest.fixture
def live(cast: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A server of streams for the pages of BASE."""
    monkeypatch.setenv("DESK_BASE_URL", BASE)
    forget_settings()
    with serving(monkeypatch, free_port()) as found:
        yield found


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status
