"""Mail to people: queued in the transaction of what it tells of, sent by flow send_messages."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from email.utils import parseaddr
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select

from app.models.events import Event
from app.models.messages import Message
from app.models.people import Membership, Person, Team
from app.models.records import Record
from app.settings import settings
from app.unit_of_work import UnitOfWork


def tell(
    uow: UnitOfWork, person: Person, template: str, record: Record | None, event: Event | None = None, **params: Any
) -> Message | None:
    """Queue a mail to a person, in that person's language; nobody is told of an own act.

    `params` are ids, numbers, dates and short words; the channel renders them with `template`.
    """
    if not person.active or not person.email or person.id == uow.actor.id:
        return None
    return queue(
        uow, person.email, person.language or settings().language, template, record,
        person_id=person.id, event=event, params=params,
    )  # fmt: skip


def tell_each(uow: UnitOfWork, ids: Iterable[int | None], template: str, record: Record) -> None:
    """Tell these people of what was written down last."""
    for person in uow.session.scalars(select(Person).where(Person.id.in_([id_ for id_ in ids if id_])).order_by(Person.id)):
        tell(uow, person, template, record, uow.latest)


def receipt(uow: UnitOfWork, person: Person, template: str, record: Record, event: Event | None = None, **params: Any) -> None:
    """Confirm to somebody what was taken in, also when it was that person's own act."""
    if person.active and person.email:
        language = person.language or settings().language
        queue(uow, person.email, language, template, record, person_id=person.id, event=event, params=params)


def queue(
    uow: UnitOfWork,
    address: str,
    language: str,
    template: str,
    record: Record | None,
    *,
    person_id: int | None = None,
    event: Event | None = None,
    token: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> Message | None:
    """Queue a mail to an address; a second one with the same token is not queued."""
    if token and uow.session.scalar(select(Message.id).where(Message.token == token)):
        return None
    key = token or uuid4().hex
    domain = parseaddr(settings().mail_from)[1].partition("@")[2] or "localhost"
    message = Message(
        token=key, message_id=f"<{uuid4().hex}@{domain}>", address=address, language=language, template=template,
        params=dict(params or {}), next_at=uow.now + timedelta(seconds=settings().mail_hold_seconds), created_at=uow.now,
    )  # fmt: skip
    message.record, message.event = record, event
    message.person_id = person_id
    uow.session.add(message)
    return message


def broadcast(uow: UnitOfWork, template: str, record: Record, letters: Iterable[tuple[Person, Event, Mapping[str, Any]]]) -> None:
    """Queue one mail to each of many people, in few statements; the database takes each event to each person once."""
    uow.session.flush()
    domain = parseaddr(settings().mail_from)[1].partition("@")[2] or "localhost"
    next_at = uow.now + timedelta(seconds=settings().mail_hold_seconds)
    rows = [{
        "token": f"{template}:{event.id}:{person.id}", "message_id": f"<{uuid4().hex}@{domain}>", "record_id": record.id, "event_id": event.id,
        "person_id": person.id, "address": person.email, "language": person.language or settings().language, "template": template,
        "params": dict(params), "state": "queued", "attempt": 0, "next_at": next_at, "created_at": uow.now,
    } for person, event, params in letters if person.active and person.email]  # fmt: skip
    if rows:
        uow.session.execute(insert(Message), rows)


def tell_team(
    uow: UnitOfWork, team_id: int | None, template: str, record: Record, event: Event | None = None, **params: Any
) -> None:
    """Tell a team: its mailbox where it has one, else each member."""
    team = uow.session.get(Team, team_id) if team_id else None
    if team is None:
        return
    if team.email:
        queue(uow, team.email, settings().language, template, record, event=event, params=params)
        return
    members = select(Person).join(Membership, Membership.person_id == Person.id).where(Membership.team_id == team.id)
    for person in uow.session.scalars(members):
        tell(uow, person, template, record, event, **params)
