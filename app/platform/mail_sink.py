"""The demonstration's mail server: `python -m app.platform.mail_sink` takes every mail and sends none on.

Each message is stored in the Maildir `<data>/mail` (standard library `mailbox.Maildir`), where `/dev/mail` reads it.
The envelope is kept in the headers X-Envelope-From and X-Envelope-To. It listens on 127.0.0.1, DESK_SMTP_PORT.
"""

import asyncio
import mailbox
import signal
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from app import logs
from app.settings import settings

LARGEST = 40 * 1024 * 1024


def maildir(data: Path) -> mailbox.Maildir:
    """Return the folder of the company's mail, made when missing."""
    data.mkdir(parents=True, exist_ok=True)
    (data / "mail").mkdir(mode=0o700, exist_ok=True)
    for part in ("tmp", "new", "cur"):
        (data / "mail" / part).mkdir(mode=0o700, exist_ok=True)
    return mailbox.Maildir(data / "mail", create=True)


class Sink:
    """What aiosmtpd calls when a message has arrived."""

    def __init__(self, data: Path) -> None:
        self._box = maildir(data)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        """Store the message; only then say that it was taken."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        key = await asyncio.to_thread(self._box.add, head.encode() + content)
        logs.logger().info("mail taken", recipients=len(envelope.rcpt_tos), bytes=len(content), key=key)
        return "250 Message accepted for delivery"


async def serve(data: Path, host: str, port: int) -> None:
    """Take mail until SIGTERM or SIGINT."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    sink = Sink(data)
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="balcao.localhost", enable_SMTPUTF8=True, data_size_limit=LARGEST), host, port
    )
    logs.logger().info("mail sink listens", host=host, port=port)
    async with server:
        await ended.wait()


if __name__ == "__main__":
    logs.configure("mail")
    asyncio.run(serve(settings().data_dir, settings().smtp_host or "127.0.0.1", settings().smtp_port))
