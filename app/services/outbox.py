"""Queued messages on their way out: claim a batch, then say of each what came of it. The network is the channels'.

A claim moves `next_at` ahead: that is the lease, and its instant names the claim. Whoever dies with a batch leaves it
due again when the lease ends; a message that was handed over just before goes out once more under the same Message-ID.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session, aliased

from app.models.events import Event
from app.models.messages import Message
from app.models.people import OneTimeLink, Person
from app.models.records import Note, Record
from app.models.requests import Item
from app.models.tasks import Task
from app.rules import backoff
from app.services import links
from app.settings import settings

ERROR_LIMIT: Final = 300
PUBLIC_NOTES: Final = ("reply", "question", "answer")  # what a letter may quote; work notes never leave the desk
TOLD: Final = ("item.summary", "incident.resolve")  # and how it went, which only these events name

_PLAIN: Final = {"synchronize_session": False}
_DESK_NOW: Final = func.desk_now()


@dataclass(frozen=True)
class Outgoing:
    """A message in our hands until `lease`; `values` are what its letter may say about the record."""

    id: int
    lease: datetime
    attempt: int
    message_id: str
    address: str
    name: str
    language: str
    template: str
    params: Mapping[str, Any]
    values: Mapping[str, str]
    unwanted: str = ""  # why it should no longer go out


def claim(session: Session, limit: int, seconds: float) -> list[Outgoing]:
    """Take what is due, oldest first, for so many seconds; others that claim at the same time get other messages."""
    due = (
        select(Message.id)
        .where(Message.state == "queued", Message.next_at <= _DESK_NOW)
        .order_by(Message.next_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    change = update(Message).where(Message.id.in_(due)).values(next_at=_DESK_NOW + timedelta(seconds=seconds))
    rows = session.execute(change.returning(Message.id, Message.next_at), execution_options=_PLAIN)
    return _outgoing(session, {row.id: row.next_at for row in rows})


def sent(session: Session, message: Outgoing) -> None:
    """A server is answerable for it: true whoever says so, also after the lease."""
    change = update(Message).where(Message.id == message.id, Message.state != "sent")
    session.execute(change.values(state="sent", sent_at=_DESK_NOW, error=None), execution_options=_PLAIN)


def failed(session: Session, message: Outgoing, error: str) -> bool:
    """It was not taken now: try later, or give up after `backoff.MAIL_TRIES`; True when it will be tried again."""
    failures = message.attempt + 1
    wait = backoff.mail_pause(failures, random.random())  # noqa: S311 - it spreads load, it guards nothing
    if wait is None:
        dead(session, message, error)
        return False
    session.execute(_mine(message, attempt=failures, error=error, next_at=_DESK_NOW + wait), execution_options=_PLAIN)
    return True


def drop(session: Session, message: Outgoing) -> None:
    """Do not send it: what it asks for is done, or its reader is gone. Nobody needs to look at it."""
    session.execute(_mine(message, state="dropped", error=message.unwanted), execution_options=_PLAIN)


def dead(session: Session, message: Outgoing, error: str) -> None:
    """It will never be taken: it stays, with its reason, for the operator."""
    session.execute(_mine(message, state="dead", attempt=message.attempt + 1, error=error), execution_options=_PLAIN)


def postpone(session: Session, batch: Sequence[Outgoing], error: str, seconds: float) -> None:
    """No server is there: put these back, and everything else that is due, without counting it against them."""
    later = _DESK_NOW + timedelta(seconds=seconds * (1 + random.random() / 4))  # noqa: S311 - see above
    for message in batch:
        session.execute(_mine(message, error=error, next_at=later), execution_options=_PLAIN)
    due = select(Message.id).where(Message.state == "queued", Message.next_at <= _DESK_NOW).with_for_update(skip_locked=True)
    session.execute(
        update(Message).where(Message.id.in_(due)).values(next_at=later, error=error[:ERROR_LIMIT]), execution_options=_PLAIN
    )


def put_back(session: Session, batch: Sequence[Outgoing]) -> None:
    """Leave these to the next batch, at once."""
    for message in batch:
        session.execute(_mine(message, next_at=_DESK_NOW), execution_options=_PLAIN)


def next_at(session: Session) -> datetime | None:
    """Return when the next message is due (the desk's time); None: nothing waits."""
    return session.scalar(select(func.min(Message.next_at)).where(Message.state == "queued"))


def redrive(session: Session, ids: Sequence[int]) -> int:
    """Try what was given up anew; return how many."""
    change = update(Message).where(Message.id.in_(ids), Message.state == "dead")
    anew = change.values(state="queued", attempt=0, next_at=_DESK_NOW, error=None).returning(Message.id)
    return len(session.execute(anew, execution_options=_PLAIN).scalars().all())


def _mine(message: Outgoing, **values: Any) -> Any:
    if "error" in values:
        values["error"] = " ".join(values["error"].split())[:ERROR_LIMIT]
    mine = Message.id == message.id, Message.state == "queued", Message.next_at == message.lease
    return update(Message).where(*mine).values(**values)


def _outgoing(session: Session, leases: Mapping[int, datetime]) -> list[Outgoing]:
    requester, beneficiary, author = aliased(Person), aliased(Person), aliased(Person)
    parent, order = aliased(Record), aliased(Record)
    in_portuguese = func.coalesce(Message.language, settings().language) == "pt"
    title_ = case((in_portuguese, func.coalesce(Record.title_pt, Record.title)), else_=Record.title)
    query = (
        select(Message, Person.name, Person.active, Record.number, title_, order.number, parent.number,
               requester.name, beneficiary.name, author.name, Note.body)
        .outerjoin(Person, Person.id == Message.person_id)
        .outerjoin(Record, Record.id == Message.record_id)
        .outerjoin(Item.__table__, Item.__table__.c.id == Message.record_id)
        .outerjoin(order, order.id == Item.__table__.c.request_id)
        .outerjoin(Task.__table__, Task.__table__.c.id == Message.record_id)
        .outerjoin(parent, parent.id == Task.__table__.c.parent_id)
        .outerjoin(requester, requester.id == Record.requester_id)
        .outerjoin(beneficiary, beneficiary.id == Record.beneficiary_id)
        .outerjoin(Event, Event.id == Message.event_id)
        .outerjoin(author, author.id == Event.actor_id)
        .outerjoin(Note, (Note.id == Event.note_id) & (Note.kind.in_(PUBLIC_NOTES) | Event.name.in_(TOLD)) & Note.erased_at.is_(None))
        .where(Message.id.in_(leases))
        .order_by(Message.created_at, Message.id)
    )  # fmt: skip
    rows = session.execute(query).all()
    wanted = [row[0].params["link_id"] for row in rows if "link_id" in row[0].params]
    paths = {link.id: links.path(link) for link in session.scalars(select(OneTimeLink).where(
        OneTimeLink.id.in_(wanted), OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > func.now()))}  # fmt: skip
    return [
        _one(message, leases[message.id], name, _unwanted(message, active, paths), {
            "path": paths.get(message.params.get("link_id", 0)), "number": number, "title": title, "request": order_number or parent_number or number,
            "requester": asked_by, "beneficiary": asked_for, "author": written_by, "note": note,
        })
        for message, name, active, number, title, order_number, parent_number, asked_by, asked_for, written_by, note
        in rows
    ]  # fmt: skip


def _unwanted(message: Message, active: bool | None, paths: Mapping[int, str]) -> str:
    """Return why this message should not go out any more; it was right when it was queued."""
    if active is False:
        return "the account is disabled"
    return "its link no longer works" if message.params.get("link_id", 0) not in {0, *paths} else ""


def _one(message: Message, lease: datetime, name: str | None, unwanted: str, values: Mapping[str, str | None]) -> Outgoing:
    return Outgoing(
        id=message.id, lease=lease, attempt=message.attempt, message_id=message.message_id, address=message.address,
        name=name or "", language=message.language or settings().language, template=message.template,
        params=dict(message.params), values={key: value for key, value in values.items() if value}, unwanted=unwanted,
    )  # fmt: skip
