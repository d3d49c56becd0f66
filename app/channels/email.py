"""Mail out over SMTP: one connection a batch, both timeouts, and `send_due` for flow send_messages."""

import smtplib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from app import database, logs
from app.channels import Away, Channel, Letter, Line, Lost, NotNow, Refused, console, letters, mime
from app.services import outbox
from app.services.outbox import Outgoing
from app.settings import settings

TIMEOUT_SECONDS: Final = 10.0  # for connecting and for each answer
BATCH: Final = 25
LEASE_SECONDS: Final = 120.0
WORK_SECONDS: Final = 60.0  # what is not begun by then goes back, so that no lease ends in our hands
OUTAGE_SECONDS: Final = 15.0
OFF_SECONDS: Final = 60.0
DIGEST_LENGTH: Final = 40  # of news in one mail

T = TypeVar("T")
log = logs.logger("mail")


@dataclass(frozen=True)
class SendReport:
    """What came of the messages that were due; `next_at` is when the next one is (the desk's time)."""

    sent: int = 0
    retried: int = 0
    dropped: int = 0  # no longer needed when their turn came
    dead: int = 0
    next_at: datetime | None = None


class Email:
    """The SMTP server of the settings."""

    name = "email"

    @contextmanager
    def connect(self) -> Iterator[Line]:
        """Open a connection, encrypted and signed in where the settings say so."""
        config = settings()
        server = _failing_as_away(lambda: smtplib.SMTP(config.smtp_host, config.smtp_port, timeout=TIMEOUT_SECONDS))
        try:
            _failing_as_away(lambda: _greet(server))
            yield _Server(server)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()


class _Server:
    def __init__(self, server: smtplib.SMTP) -> None:
        self._server = server

    def send(self, letter: Letter) -> None:
        """Send one mail to its one recipient."""
        to = mime.recipient(letter)
        try:
            self._server.sendmail(mime.sender().addr_spec, [to.addr_spec], mime.mail(letter, to))
        except smtplib.SMTPRecipientsRefused as refused:
            (code, words), *_ = refused.recipients.values()
            raise _refusal(code, words) from refused
        except smtplib.SMTPSenderRefused as refused:  # ourselves: no message would fare better
            raise Away(_said(refused.smtp_code, refused.smtp_error)) from refused
        except smtplib.SMTPDataError as refused:
            raise _refusal(refused.smtp_code, refused.smtp_error) from refused
        except (smtplib.SMTPNotSupportedError, UnicodeError) as error:
            raise Refused("the mail server cannot write to such an address") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Lost(_words(error)) from error


def send_due(limit: int = 500) -> SendReport:
    """Send what is due, in batches; safe to run any number of times at once, on any number of machines."""
    count = {"sent": 0, "retried": 0, "dropped": 0, "dead": 0}
    handled, is_served = 0, True
    while handled < limit and is_served:
        with database.sessions().begin() as session:
            batch = outbox.claim(session, min(BATCH, limit - handled), LEASE_SECONDS)
        if not batch:
            break
        handled += len(batch)
        is_served = _send_batch(batch, count)
    with database.sessions().begin() as session:
        return SendReport(**count, next_at=outbox.next_at(session))


def channel() -> Channel | None:
    """Return the way mail goes out: SMTP, the console, or none yet."""
    host = settings().smtp_host
    if not host:
        return None
    return console.Console() if host == console.HOST else Email()


def _send_batch(batch: Sequence[Outgoing], count: dict[str, int]) -> bool:
    """Send what can be written; False when no server serves us now."""
    written = _gathered([(message, letter) for message in batch if (letter := _written(message, count)) is not None])
    if not written:
        return True
    way = channel()
    if way is None:
        return _put_off(_all(written), count, "no mail server is set (DESK_SMTP_HOST)", OFF_SECONDS)
    until, position = time.monotonic() + WORK_SECONDS, 0
    try:
        with way.connect() as server:
            for position, (messages, letter) in enumerate(written):
                if time.monotonic() > until:
                    with database.sessions().begin() as session:
                        outbox.put_back(session, _all(written[position:]))
                    break
                _send(server, messages, letter, count)
    except Lost as lost:
        with database.sessions().begin() as session:
            for message in written[position][0]:
                count[_keep(session, message, "retried", str(lost))] += 1
        return _put_off(_all(written[position + 1 :]), count, str(lost), OUTAGE_SECONDS)
    except Away as away:
        return _put_off(_all(written[position:]), count, str(away), OUTAGE_SECONDS)
    return True


def _gathered(written: Sequence[tuple[Outgoing, Letter]]) -> list[tuple[list[Outgoing], Letter]]:
    """Make one letter of what waited for the end of one reader's quiet hours; each other stays its own."""
    together: dict[object, list[tuple[Outgoing, Letter]]] = {}
    for message, letter in written:
        together.setdefault((message.address, message.language) if message.is_held else message.id, []).append((message, letter))
    return [
        ([message for message, _ in group],
         group[0][1] if len(group) == 1 else letters.digest([letter for _, letter in group[:DIGEST_LENGTH]], max(0, len(group) - DIGEST_LENGTH)))
        for group in together.values()
    ]  # fmt: skip


def _all(written: Sequence[tuple[list[Outgoing], Letter]]) -> list[Outgoing]:
    return [message for messages, _ in written for message in messages]


def _written(message: Outgoing, count: dict[str, int]) -> Letter | None:
    """Return the letter of a message; what is no longer wanted is dropped, and what cannot be written is given up."""
    if message.unwanted:
        with database.sessions().begin() as session:
            outbox.drop(session, message)
        log.info("mail dropped", message=message.id, template=message.template, reason=message.unwanted)
        count["dropped"] += 1
        return None
    try:
        return letters.write(message)
    except letters.Unwritable as error:
        with database.sessions().begin() as session:
            outbox.dead(session, message, str(error))
        log.warning("mail given up", message=message.id, template=message.template, reason=str(error))
        count["dead"] += 1
        return None


def _send(server: Line, messages: Sequence[Outgoing], letter: Letter, count: dict[str, int]) -> None:
    """Send one letter, and keep what came of it, and of all it says, before the next one is touched."""
    error = ""
    try:
        server.send(letter)
        outcome = "sent"
    except NotNow as not_now:
        outcome, error = "retried", str(not_now)
    except Refused as refused:
        outcome, error = "dead", str(refused)
    with database.sessions().begin() as session:
        outcomes = [_keep(session, message, outcome, error) for message in messages]
    for message, outcome in zip(messages, outcomes, strict=True):
        count[outcome] += 1
        log.info("mail", outcome=outcome, message=message.id, template=message.template, reason=error or None)


def _keep(session: Session, message: Outgoing, outcome: str, error: str) -> str:
    if outcome == "sent":
        outbox.sent(session, message)
    elif outcome == "dead":
        outbox.dead(session, message, error)
    elif not outbox.failed(session, message, error):
        return "dead"
    return outcome


def _put_off(batch: Sequence[Outgoing], count: dict[str, int], error: str, seconds: float) -> bool:
    with database.sessions().begin() as session:
        outbox.postpone(session, batch, error, seconds)
    log.warning("no mail server", waiting=len(batch), reason=error)
    count["retried"] += len(batch)
    return False


def _greet(server: smtplib.SMTP) -> None:
    config = settings()
    server.ehlo_or_helo_if_needed()
    if config.smtp_starttls:
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
    if config.smtp_user:
        server.login(config.smtp_user, config.smtp_password.get_secret_value())


def _failing_as_away(act: Callable[[], T]) -> T:
    try:
        return act()
    except (smtplib.SMTPException, OSError) as error:
        raise Away(_words(error)) from error


def _refusal(code: int, words: bytes | str) -> Exception:
    """Return what an answer means: 421 closes the shop, 4xx may be taken later, 5xx never (RFC 5321, 4.2.1)."""
    said = _said(code, words)
    if code == 421:
        return Away(said)
    return NotNow(said) if 400 <= code < 500 else Refused(said)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {letters.line(text)}"


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {letters.line(str(error))}"
