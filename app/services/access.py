"""Access that ends: the register of grants, reminders, giving back, revocation (domain.md 3)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, text

from app.models.access import Grant
from app.models.events import Event
from app.models.people import Person
from app.models.records import Note
from app.models.requests import Item, Step
from app.queries import access, catalog, progress, remembered
from app.rules import access as rules
from app.rules import backoff
from app.rules.catalog import templates
from app.rules.errors import ActionNotAllowed, DeskError, Forbidden, NotFound
from app.rules.words import t
from app.services import messages, records
from app.settings import settings
from app.unit_of_work import UnitOfWork

GIVES = "directory.add_member"
TAKES = "directory.remove_member"
OPEN, ENDING, ENDED = "open", "ending", "ended"
_DRAW: Final = text("select nextval(pg_get_serial_sequence('grants', 'id'))")


def note_effect(uow: UnitOfWork, item: Item, step: Step) -> None:
    """Keep the register when a step gave or took an access; called in the transaction that commits the step.

    Access that is held already is extended, not doubled: an order never shortens what an earlier one was approved for.
    """
    if step.action not in {GIVES, TAKES}:
        return
    with uow.session.no_autoflush:
        held, person, target = _of_step(uow, step)
    if person is None:
        return
    if step.action == TAKES:
        if held:
            _end(uow, held, "request", by=item)
        return
    ends_at = _ends_at(uow, item, step)
    before = {"item": held.item_id, "step": held.step_id, "ends": _iso(held.ends_at)} if held else {}
    if held is None:
        held = Grant(person_id=person.id, target=target, item_id=item.id, step_id=step.id, granted_at=uow.now)
        held.id = uow.session.connection().execute(_DRAW).scalar_one()  # drawn, so that nothing need be written before its event
        uow.session.add(held)
    else:
        ends_at = rules.later(held.ends_at, ends_at)
    held.ends_at, held.item_id, held.step_id = ends_at, item.id, step.id
    _reopen(uow, held)
    uow.record_event(item, "grant.open", before=before, after={"grant": held.id, "person": person.id, "ends": _iso(ends_at)})


def note_undone(uow: UnitOfWork, item: Item, step: Step) -> None:
    """Keep the register when a step's effect was taken back: what was extended ends as before, what was new has ended."""
    if step.action != GIVES:
        return
    held, _, _ = _of_step(uow, step)
    if held is None or held.item_id != item.id:
        return
    told = select(Event.before).where(Event.record_id == item.id, Event.name == "grant.open").order_by(Event.seq)
    before = uow.session.scalars(told.where(Event.after["grant"].as_integer() == held.id).limit(1)).first()
    if not before:
        _end(uow, held, "undone", by=item)
        return
    was, ends = held.ends_at, before["ends"]
    held.item_id, held.step_id = before["item"], before["step"]
    held.ends_at = datetime.fromisoformat(ends) if ends else None
    _reopen(uow, held)
    uow.record_event(item, "grant.restore", before={"ends": _iso(was)}, after={"grant": held.id, "ends": ends})


def is_over(uow: UnitOfWork, step: Step) -> bool:
    """Say whether a step's effect is not meant to stand any more: the desk itself ended, extended or gave it since.

    Without this a later look would put an access back that was given back, and call it drift.
    """
    if step.action not in {GIVES, TAKES}:
        return False
    held = select(Grant).join(Person, Person.id == Grant.person_id).order_by(Grant.id.desc())
    mine = Person.login == str(step.params.get("person", "")).lower(), Grant.target == str(step.params.get("group", ""))
    last = uow.session.scalars(held.where(*mine).limit(1)).first()
    if last is None:
        return False
    return last.state == OPEN if step.action == TAKES else last.state != OPEN or last.step_id != step.id


def due(uow: UnitOfWork, limit: int = 200) -> Sequence[int]:
    """Return the grants that must be looked at now, the longest overdue first."""
    query = select(Grant.id).where(Grant.next_at <= func.desk_now()).order_by(Grant.next_at, Grant.id)
    return uow.session.scalars(query.limit(limit)).all()


def look(uow: UnitOfWork, grant_id: int) -> Grant | None:
    """Remind its holder, or mark it as ending; return the grant when its access must now be taken away."""
    grant = _locked(uow, grant_id)
    if grant is None or grant.state == ENDED or grant.next_at is None or grant.next_at > uow.now:
        return None
    if grant.state == ENDING or (grant.ends_at is not None and grant.ends_at <= uow.now):
        if grant.state == OPEN:
            grant.state, grant.ended_why = ENDING, "expired"
            uow.record_event(grant.item, "grant.ending", after={"grant": grant.id, "why": "expired"})
        grant.attempt += 1
        grant.next_at = uow.now + timedelta(seconds=60)  # if this run dies, another comes
        return grant
    grant.reminded_at, grant.next_at = uow.now, grant.ends_at
    event = uow.record_event(grant.item, "grant.remind", after={"grant": grant.id})
    words: dict[str, Any] = {"group": grant.target, "until": str(last_day(grant)), "grant": grant.id}
    messages.tell(uow, grant.person, "access_ends", grant.item, event, **words)
    return None


def ended(uow: UnitOfWork, grant_id: int) -> bool:
    """Note that the access of an ending grant was taken away, and tell its holder.

    False when an extension was carried out meanwhile: the access belongs to its holder again and must be given back.
    """
    grant = _locked(uow, grant_id)
    if grant is not None and grant.state == ENDING:
        _end(uow, grant, grant.ended_why or "expired", by=grant.item)
    return grant is None or grant.state == ENDED


def not_ended(uow: UnitOfWork, grant_id: int, error: DeskError) -> None:
    """Note why the directory did not do it, and when to try again; the owner is told once."""
    grant = _locked(uow, grant_id)
    if grant is None or grant.state != ENDING:
        return
    wait = backoff.pause(min(grant.attempt, backoff.TRIES - 1), 0.5) or timedelta(minutes=5)
    grant.next_at = uow.now + wait
    grant.error = {"error": [error.text.msgid, {name: str(value) for name, value in error.text.params}]}
    if grant.attempt == backoff.TRIES:
        event = uow.record_event(grant.item, "grant.stuck", after={"grant": grant.id, "attempts": grant.attempt})
        messages.tell_team(uow, grant.item.team_id, "access_stuck", grant.item, event, group=grant.target)


def give_back(uow: UnitOfWork, grant_id: int) -> Grant:
    """End one's own access before its time."""
    grant = seen(uow, grant_id)
    if grant.person_id != uow.actor.id:
        raise Forbidden(t("Only whoever holds an access can give it back."))
    return _start_ending(uow, grant, "given_back")


def take_away(uow: UnitOfWork, grant_id: int, reason: str) -> Grant:
    """End somebody's access before its time; the reason stands on the item that gave it."""
    grant = seen(uow, grant_id)
    uow.check("access.revoke")
    if grant.state == OPEN:
        return _start_ending(uow, grant, "revoked", records.write(uow, grant.item, "reason", reason))
    return _start_ending(uow, grant, "revoked")


def try_again(uow: UnitOfWork, grant_id: int) -> Grant:
    """Try at once to end an access whose end did not work."""
    grant = seen(uow, grant_id)
    uow.check("access.revoke")
    if grant.state != ENDING:
        raise ActionNotAllowed(t("This access is not being ended."))
    grant.attempt, grant.next_at = 0, uow.now
    uow.record_event(grant.item, "grant.retry", after={"grant": grant.id})
    return grant


def seen(uow: UnitOfWork, grant_id: int) -> Grant:
    """Return an access that the actor may see, locked; NotFound otherwise."""
    found = uow.session.scalar(select(Grant.id).where(Grant.id == grant_id, access.seen(uow.actor)))
    grant = _locked(uow, found) if found else None
    if grant is None:
        raise NotFound(str(grant_id))
    return grant


def end_all(uow: UnitOfWork, person_id: int, why: str) -> list[Grant]:
    """Start ending every access somebody holds: whoever leaves keeps none."""
    mine = select(Grant).where(Grant.person_id == person_id, Grant.state != ENDED).with_for_update()
    return [_start_ending(uow, grant, why) for grant in uow.session.scalars(mine.order_by(Grant.id)).all()]


def revoke(uow: UnitOfWork, grant: Grant, why: str) -> None:
    """Start ending an access by a decision that was already checked."""
    _start_ending(uow, grant, why)


def last_day(grant: Grant) -> date | None:
    """Return the last day of an access in the organisation's zone; None where it stays for good."""
    return rules.last_day(grant.ends_at, settings().timezone) if grant.ends_at else None


def _start_ending(uow: UnitOfWork, grant: Grant, why: str, note: Note | None = None) -> Grant:
    if grant.state == ENDED:
        raise ActionNotAllowed(t("This access has already ended."))
    if grant.state == OPEN:
        grant.state, grant.ended_why, grant.next_at, grant.attempt = ENDING, why, uow.now, 0
        uow.record_event(grant.item, "grant.ending", after={"grant": grant.id, "why": why}, note=note)
    return grant


def _reopen(uow: UnitOfWork, grant: Grant) -> None:
    reminder = timedelta(days=settings().access_reminder_days)
    grant.state, grant.next_at, grant.reminded_at = OPEN, rules.next_look(uow.now, grant.ends_at, reminder), None
    grant.ended_why, grant.error, grant.attempt = None, None, 0


def _end(uow: UnitOfWork, grant: Grant, why: str, *, by: Item) -> None:
    grant.state, grant.ended_at, grant.ended_why = ENDED, uow.now, why
    grant.next_at, grant.error = None, None
    event = uow.record_event(by, "grant.end", after={"grant": grant.id, "person": grant.person_id, "why": why})
    messages.tell(uow, grant.person, "access_ended", grant.item, event, group=grant.target, grant=grant.id)


def _of_step(uow: UnitOfWork, step: Step) -> tuple[Grant | None, Person | None, str]:
    """Return what the step's person holds of its target (locked), the person, and the target."""
    login, target = str(step.params.get("person", "")), str(step.params.get("group", ""))
    person = remembered.once(
        uow.session, ("person", login.lower()), lambda: uow.session.scalars(select(Person).where(Person.login == login.lower())).one_or_none()
    )
    if person is None:
        return None, None, target
    mine = Grant.person_id == person.id, Grant.target == target, Grant.state != ENDED
    return uow.session.scalars(select(Grant).where(*mine).with_for_update()).one_or_none(), person, target


def _locked(uow: UnitOfWork, grant_id: int) -> Grant | None:
    query = select(Grant).where(Grant.id == grant_id).with_for_update().execution_options(populate_existing=True)
    return uow.session.scalars(query).one_or_none()


def _ends_at(uow: UnitOfWork, item: Item, step: Step) -> datetime | None:
    """Return the end of the day on which the step's file says it ends, in the organisation's zone."""
    offer = catalog.version(uow.session, item.catalog_hash)
    described = next((each for each in offer.steps if each.name == step.key), None)
    day = templates.until(described, progress.values_for(uow.session, item, offer)) if described and described.ends else ""
    return rules.end_of(date.fromisoformat(day), settings().timezone) if day else None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
