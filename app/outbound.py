"""The one way by which the desk calls an address on the network (security.md, attack 36).

Only https, only hosts of the public internet, and only the very address that was looked at: a name is resolved once, all
that it stands for is judged, and the connection goes to one of those. Redirects are answers, never followed; proxies of
the environment are not used. What lies inside may be called only where the settings name host and port.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import httpcore

from app.rules import addresses
from app.rules.errors import ActionNotAllowed, Unavailable
from app.rules.words import t
from app.settings import settings

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
LARGEST: Final = 64 * 1024              # more of an answer is not read


class Refused(ActionNotAllowed):
    """The address may not be called; trying again changes nothing."""


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and the beginning of the body."""

    status: int
    body: bytes = b""


def check(url: str) -> SplitResult:
    """Return the parts of an address that may be called, as far as its spelling tells; else Refused says why."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.username is not None or parts.password is not None or not url.isascii() or not url.isprintable() or " " in url:
        raise Refused(t("“%(url)s” is no address to call.", url=url))
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_named_inside(host, port or 80)):
        raise Refused(t("%(host)s is called over https only.", host=host))
    if (only := _names(settings().outbound_hosts)) and host not in only and not _is_named_inside(host, _port(parts)):
        raise Refused(t("%(host)s is not among the hosts that may be called (DESK_OUTBOUND_HOSTS).", host=host))
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a body and return the answer, whatever its status; Unavailable when there is none in time."""
    parts = check(url)
    backend = _CheckedBackend(time.monotonic() + TOTAL_SECONDS)
    sent = [(name.encode(), value.encode()) for name, value in {"Host": parts.netloc, **headers}.items()]
    limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), CONNECT_SECONDS)}
    try:
        with (
            httpcore.ConnectionPool(ssl_context=ssl.create_default_context(), network_backend=backend) as pool,
            pool.stream("POST", url, headers=sent, content=body, extensions=limits) as answer,
        ):
            return Answer(answer.status, _beginning(answer.iter_stream()))
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
        if reason := _distrust(error):
            raise Refused(t("The certificate of %(host)s is not trusted: %(reason)s", host=parts.hostname, reason=reason)) from error
        raise Unavailable(t("%(host)s does not answer. It is tried again.", host=parts.hostname)) from error


def _beginning(chunks: Iterable[bytes]) -> bytes:
    read = b""
    for chunk in chunks:
        read += chunk
        if len(read) >= LARGEST:
            break
    return read[:LARGEST]


class _CheckedBackend(httpcore.NetworkBackend):
    """Resolves a name itself, judges every address, and connects to one of exactly those; all within one deadline."""

    def __init__(self, deadline: float) -> None:
        """Let nothing take longer than until `deadline` (monotonic), however slowly the other side drips."""
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """Connect to an address that was judged; the certificate is still that of the name."""
        error: Exception | None = None
        for address in resolved(host, port):
            try:
                stream = self._plain.connect_tcp(address, port, _left(self._deadline, timeout), local_address, socket_options)
                return _Timed(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError(host)

    def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks between tries."""
        self._plain.sleep(seconds)


class _Timed(httpcore.NetworkStream):
    """A connection whose every operation ends by the same deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _Timed(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host, or refuse all of them when one is not public: a name that leads inside is a trap."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    texts = list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in found))
    if not _is_named_inside(host, port):
        inside = [text for text in texts if not addresses.is_public(ipaddress.ip_address(text))]
        if inside:
            raise Refused(t("%(host)s lies inside, where the desk calls nobody (DESK_OUTBOUND_INSIDE).", host=host))
    return texts


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("too slow")
    return left if timeout is None else min(left, timeout)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _is_named_inside(host: str, port: int) -> bool:
    return f"{host.strip('[]')}:{port}" in _names(settings().outbound_inside)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().casefold() for name in text.split(",") if name.strip())


def _distrust(error: BaseException | None) -> str:
    """Return why a certificate was not believed, where that is what went wrong: the pool drops the cause, not the context."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return ""
