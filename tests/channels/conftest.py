"""A real SMTP server in a thread, whose manners a test may change, and the desk set to write through it."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.databases import forget_settings

DROP = "drop"  # the answer that is none: the line breaks
Answer = Callable[[str], str | None]


@dataclass
class Taken:
    """One mail the server is answerable for."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes


@dataclass
class Handler:
    """What the server does: `on_recipient` and `on_data` may answer instead of taking the mail."""

    taken: list[Taken] = field(default_factory=list)
    on_recipient: Answer = lambda address: None
    on_data: Answer = lambda address: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.on_recipient(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if answer := self.on_data(envelope.rcpt_tos[0]):
            if answer == DROP:
                server.transport.abort()
            return answer
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        with self.lock:
            self.taken.append(Taken(envelope.mail_from or "", list(envelope.rcpt_tos), message, raw))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def point_desk_at(monkeypatch: pytest.MonkeyPatch, port: int | str, host: str = "127.0.0.1") -> None:
    """Set the desk's mail server."""
    monkeypatch.setenv("DESK_SMTP_HOST", host)
    monkeypatch.setenv("DESK_SMTP_PORT", str(port))
    monkeypatch.setenv("DESK_MAIL_FROM", "Balcão <desk@aurora.example>")
    monkeypatch.setenv("DESK_BASE_URL", "https://desk.aurora.example")
    forget_settings()


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch, cast: str) -> Iterator[Handler]:
    """A server that takes everything, unless the test says otherwise."""
    handler = Handler()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), server_hostname="mx.test")
    controller.start()
    point_desk_at(monkeypatch, controller.port)
    yield handler
    controller.stop()
