"""Messages for the tests: queued as services queue them, and looked at as an operator would."""

from collections.abc import Sequence

from sqlalchemy import select, text, update

from app import database
from app.models.messages import Message
from app.models.people import Person
from app.services import messages
from app.unit_of_work import SYSTEM, unit_of_work


def queue(*logins: str, subject: str = "Hello", body: str = "Text", token: str | None = None) -> None:
    """Queue a plain message to each of these people."""
    with unit_of_work(SYSTEM) as uow:
        for person in uow.session.scalars(select(Person).where(Person.login.in_(logins))):
            messages.queue(uow, person.email or "", "en", "plain", None, person_id=person.id, token=token,
                           params={"subject": subject, "text": body})  # fmt: skip


def queue_to(address: str, *, subject: str = "Hello", body: str = "Text", template: str = "plain") -> None:
    """Queue a plain message to an address."""
    with unit_of_work(SYSTEM) as uow:
        messages.queue(uow, address, "en", template, None, params={"subject": subject, "text": body})


def rows() -> Sequence[Message]:
    """Return all messages, oldest first."""
    with database.sessions()() as session:
        return session.scalars(select(Message).order_by(Message.id)).all()


def states() -> list[str]:
    return [row.state for row in rows()]


def make_due() -> None:
    """Let all waits be over."""
    with database.sessions().begin() as session:
        session.execute(update(Message).values(next_at=text("desk_now()")))
