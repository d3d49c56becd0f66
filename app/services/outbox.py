"""Queued messages on their way out: claim a batch, then say of each what came of it. The network is the channels'.

A claim moves `next_at` ahead: that is the lease, and its instant names the claim. Whoever dies with a batch leaves it
due again when the lease ends; a message that was handed over just before goes out once more under the same Message-ID.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.orm import Session

from app.models.messages import Message
from app.models.people import OneTimeLink, Person
from app.models.records import Record
from app.queries import told
from app.rules import backoff
from app.services import links
from app.settings import settings

ERROR_LIMIT: Final = 300
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
    is_held: bool = False  # it waited for the end of quiet hours


def claim(session: Session, limit: int, seconds: float) -> list[Outgoing]:
    """Take what is due, oldest first, for so many seconds; others that claim at the same time get other messages.

    What waited for the end of somebody's quiet hours comes whole, so that it is one mail.
    """
    due = (
        select(Message.id)
        .where(Message.state == "queued", Message.next_at <= _DESK_NOW)
        .order_by(Message.next_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    leases, held = _leased(session, due, seconds)
    if held:
        theirs = select(Message.id).where(Message.state == "queued", Message.next_at <= _DESK_NOW, Message.held_until.is_not(None), Message.address.in_(held))
        leases |= _leased(session, theirs.with_for_update(skip_locked=True), seconds)[0]
    return _outgoing(session, leases)


def _leased(session: Session, which: Select[int], seconds: float) -> tuple[dict[int, datetime], set[str]]:
    change = update(Message).where(Message.id.in_(which)).values(next_at=_DESK_NOW + timedelta(seconds=seconds))
    rows = session.execute(change.returning(Message.id, Message.next_at, Message.address, Message.held_until), execution_options=_PLAIN).all()
    return {row.id: row.next_at for row in rows}, {row.address for row in rows if row.held_until is not None}


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
    in_portuguese = func.coalesce(Message.language, settings().language) == "pt"
    title = case((in_portuguese, func.coalesce(Record.title_pt, Record.title)), else_=Record.title)
    query = told.told(Message, title).outerjoin(Person, Person.id == Message.person_id).add_columns(Person.name, Person.active)
    rows = session.execute(query.where(Message.id.in_(leases)).order_by(Message.created_at, Message.id)).all()
    wanted = [row[0].params["link_id"] for row in rows if "link_id" in row[0].params]
    paths = {link.id: links.path(link) for link in session.scalars(select(OneTimeLink).where(
        OneTimeLink.id.in_(wanted), OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > func.now()))}  # fmt: skip
    return [
        _one(row[0], leases[row[0].id], row.name, _unwanted(row[0], row.active, paths), {**told.values(row), "path": paths.get(row[0].params.get("link_id", 0))})
        for row in rows
    ]


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
        is_held=message.held_until is not None,
    )  # fmt: skip
