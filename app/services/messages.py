"""What people are told, in the inbox and by mail: written down in the transaction of what it tells of, sent by flow send_messages.

One call says who is told of what. The ways follow from what each person chose (app/rules/news.py), and so do the hours in
which the mail waits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select

from app import escalations, visibility
from app.models.events import Event
from app.models.messages import Message
from app.models.people import Membership, Person, Team
from app.models.records import Record
from app.models.sla import Notice
from app.rules import news
from app.rules.news import Kind, Way
from app.rules.permissions import VIEW, Relation
from app.settings import matrix, settings
from app.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Told:
    """How somebody was told."""

    notice: Notice | None
    message: Message | None


def tell(
    uow: UnitOfWork, person: Person, template: str, record: Record | None, event: Event | None = None, *,
    by_mail: bool = True, wakes: bool = False, **params: Any,
) -> Told | None:  # fmt: skip
    """Tell a person, in that person's language and ways; nobody is told of an own act, nor the same twice.

    `params` are ids, numbers, dates and short words; the channel renders them with `template`. Without `by_mail` a mailbox
    has it already; what `wakes` keeps no quiet hours.
    """
    if not person.active or person.id == uow.actor.id or (event is not None and (event, person.id, template) in uow.told):
        return None
    way, notice, message = news.way(template, person.news or {}), None, None
    uow.told.add((event, person.id, template))
    if way is not Way.MAIL:
        notice = Notice(person_id=person.id, name=template, params=_shown(params), created_at=uow.now)
        notice.record, notice.event = record, event
        uow.session.add(notice)
    if way is not Way.INBOX and by_mail and person.email:
        message = queue(
            uow, person.email, person.language or settings().language, template, record, person_id=person.id, event=event, params=params,
            until=None if wakes else _quiet_until(uow, template, person),
        )  # fmt: skip
    return Told(notice, message) if notice or message else None


def tell_each(uow: UnitOfWork, ids: Iterable[int | None], template: str, record: Record) -> None:
    """Tell these people of what was written down last."""
    for person in uow.session.scalars(select(Person).where(Person.id.in_([id_ for id_ in ids if id_])).order_by(Person.id)):
        tell(uow, person, template, record, uow.latest)


def receipt(uow: UnitOfWork, person: Person, template: str, record: Record, event: Event | None = None, **params: Any) -> None:
    """Confirm to somebody what was taken in: by mail alone, at once, when it was that person's own act."""
    if person.id != uow.actor.id:
        tell(uow, person, template, record, event, **params)
    elif person.active and person.email:
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
    until: datetime | None = None,
) -> Message | None:
    """Queue a mail to an address; a second one with the same token is not queued. It waits `until` quiet hours are over."""
    if token and uow.session.scalar(select(Message.id).where(Message.token == token)):
        return None
    message = Message(
        token=token or uuid4().hex, message_id=f"<{uuid4().hex}@{_domain()}>", address=address, language=language, template=template,
        params=dict(params or {}), next_at=max(until or uow.now, _soon(uow)), held_until=until, created_at=uow.now,
    )  # fmt: skip
    message.record, message.event = record, event
    message.person_id = person_id
    uow.session.add(message)
    return message


def broadcast(uow: UnitOfWork, template: str, record: Record, letters: Iterable[tuple[Person, Event, Mapping[str, Any]]]) -> None:
    """Tell each of many people, in few statements; the database takes each event to each person once."""
    uow.session.flush()
    told = [(person, event, params, news.way(template, person.news or {})) for person, event, params in letters if person.active]
    notices = [{
        "person_id": person.id, "record_id": record.id, "event_id": event.id, "name": template, "params": _shown(params), "created_at": uow.now,
    } for person, event, params, way in told if way is not Way.MAIL]  # fmt: skip
    held = {person.id: _quiet_until(uow, template, person) for person, _, _, _ in told}
    mails = [{
        "token": f"{template}:{event.id}:{person.id}", "message_id": f"<{uuid4().hex}@{_domain()}>", "record_id": record.id, "event_id": event.id,
        "person_id": person.id, "address": person.email, "language": person.language or settings().language, "template": template,
        "params": dict(params), "state": "queued", "attempt": 0, "next_at": max(held[person.id] or uow.now, _soon(uow)), "held_until": held[person.id],
        "created_at": uow.now,
    } for person, event, params, way in told if person.email and way is not Way.INBOX]  # fmt: skip
    for table, rows in ((Notice, notices), (Message, mails)):
        if rows:
            uow.session.execute(insert(table), rows)


def tell_team(
    uow: UnitOfWork, team_id: int | None, template: str, record: Record, event: Event | None = None, **params: Any
) -> None:
    """Tell a team: its mailbox where it has one and all who read that may see the record, else each member who may."""
    team = uow.session.get(Team, team_id) if team_id else None
    if team is None:
        return
    members = uow.session.scalars(select(Person).join(Membership, Membership.person_id == Person.id).where(Membership.team_id == team.id, Person.active)).all()
    readers = members if _all_see(team, record) else [person for person in members if sees(uow, person, record)]
    by_mailbox = is_read_by_all(team, record, members, readers)
    if by_mailbox:
        tell_mailbox(uow, team, template, record, event, **params)
    for person in readers:
        tell(uow, person, template, record, event, by_mail=not by_mailbox, **params)


def is_read_by_all(team: Team, record: Record, members: Sequence[Person], readers: Sequence[Person]) -> bool:
    """Say whether a team has a mailbox, and whoever reads it may see the record; of what is restricted, somebody must be known to."""
    return bool(team.email) and len(readers) == len(members) and (bool(members) or not record.restricted or _all_see(team, record))


def tell_mailbox(
    uow: UnitOfWork, team: Team, template: str, record: Record, event: Event | None = None, *, wakes: bool = False, **params: Any
) -> None:
    """Write to a team's mailbox, in the organisation's language and quiet hours."""
    until = None if wakes else _over_at(uow, _house(template), settings().timezone)
    queue(uow, team.email or "", settings().language, template, record, event=event, params=params, until=until)


def sees(uow: UnitOfWork, person: Person, record: Record) -> bool:
    """Say whether a person may see a record now."""
    found = visibility.actor(uow.session, Person.id == person.id)
    if found is None:
        return False
    if not record.restricted and matrix().roles_for(f"{record.kind}.{VIEW}") & found[0].roles:
        return True
    return visibility.sees(uow.session, found[0], record.id)


def _all_see(team: Team, record: Record) -> bool:
    return record.team_id == team.id and Relation.TEAM in matrix().relations_for(f"{record.kind}.{VIEW}")


def _quiet_until(uow: UnitOfWork, template: str, person: Person) -> datetime | None:
    return _over_at(uow, news.quiet(person.news or {}) or _house(template), person.timezone or settings().timezone)


def _house(template: str) -> news.Quiet | None:
    """Return the organisation's quiet hours: only warnings of ladders keep them, unless somebody chose hours for all."""
    return escalations.ladders().quiet if news.kind(template) is Kind.CLOCKS else None


def _over_at(uow: UnitOfWork, quiet: news.Quiet | None, zone: str) -> datetime | None:
    return quiet.over_at(uow.now, zone) if quiet else None


def _shown(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name != "link_id"}


def _soon(uow: UnitOfWork) -> datetime:
    return uow.now + timedelta(seconds=settings().mail_hold_seconds)


def _domain() -> str:
    return parseaddr(settings().mail_from)[1].partition("@")[2] or "localhost"
