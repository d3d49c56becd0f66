"""Access that ends: the register of grants, reminders, giving back, revocation, recertification (domain.md 3)."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app.models.access import Grant
from app.models.people import Person
from app.models.requests import Item, Step
from app.queries import catalog, progress
from app.rules import backoff
from app.rules.catalog import templates
from app.rules.errors import ActionNotAllowed, NotFound
from app.rules.words import t
from app.services import messages
from app.settings import settings
from app.unit_of_work import UnitOfWork

GIVES = "directory.add_member"
TAKES = "directory.remove_member"
OPEN, ENDING, ENDED = "open", "ending", "ended"


def note_effect(uow: UnitOfWork, item: Item, step: Step) -> None:
    """Keep the register when a step gave or took an access; called in the transaction that commits the step."""
    if step.action not in {GIVES, TAKES}:
        return
    login, target = str(step.params.get("person", "")), str(step.params.get("group", ""))
    person = uow.session.scalars(select(Person).where(Person.login == login.lower())).one_or_none()
    if person is None:
        return
    held = _held(uow, person.id, target)
    if step.action == TAKES:
        if held:
            _end(uow, held, "request", by=item)
        return
    ends_at = _ends_at(uow, item, step)
    if held is None:
        held = Grant(person_id=person.id, target=target, item_id=item.id, step_id=step.id, granted_at=uow.now)
        uow.session.add(held)
    was, held.ends_at, held.item_id, held.step_id = held.ends_at, ends_at, item.id, step.id
    held.state, held.next_at, held.reminded_at = OPEN, _next_look(held, None), None
    uow.session.flush()
    uow.record_event(
        item, "grant.open", before={"ends": _iso(was)},
        after={"grant": held.id, "person": person.id, "ends": _iso(ends_at)},
    )  # fmt: skip


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
    messages.tell(uow, grant.person, "access_ends", grant.item, event, group=grant.target, until=_last_day(grant))
    return None


def ended(uow: UnitOfWork, grant_id: int) -> None:
    """Note that the access of an ending grant was taken away, and tell its holder."""
    grant = _locked(uow, grant_id)
    if grant is not None and grant.state == ENDING:
        _end(uow, grant, grant.ended_why or "expired", by=grant.item)


def not_ended(uow: UnitOfWork, grant_id: int, error: Exception) -> None:
    """Note that the directory did not do it, and when to try again; the owner is told once."""
    grant = _locked(uow, grant_id)
    if grant is None or grant.state != ENDING:
        return
    wait = backoff.pause(min(grant.attempt, backoff.TRIES - 1), 0.5) or timedelta(minutes=5)
    grant.next_at, grant.error = uow.now + wait, type(error).__name__
    if grant.attempt == backoff.TRIES:
        event = uow.record_event(grant.item, "grant.stuck", after={"grant": grant.id, "attempts": grant.attempt})
        messages.tell_team(uow, grant.item.team_id, "access_stuck", grant.item, event, group=grant.target)


def give_back(uow: UnitOfWork, grant_id: int) -> Grant:
    """End one's own access before its time."""
    grant = _locked(uow, grant_id)
    if grant is None or (grant.person_id != uow.actor.id and not uow.actor.may("access.revoke")):
        raise NotFound(str(grant_id))
    return _start_ending(uow, grant, "given_back" if grant.person_id == uow.actor.id else "revoked")


def end_all(uow: UnitOfWork, person_id: int, why: str) -> list[Grant]:
    """Start ending every access somebody holds: whoever leaves keeps none."""
    mine = select(Grant).where(Grant.person_id == person_id, Grant.state != ENDED).with_for_update()
    return [_start_ending(uow, grant, why) for grant in uow.session.scalars(mine.order_by(Grant.id)).all()]


def revoke(uow: UnitOfWork, grant: Grant, why: str) -> None:
    """Start ending an access by a decision that was already checked."""
    _start_ending(uow, grant, why)


def _start_ending(uow: UnitOfWork, grant: Grant, why: str) -> Grant:
    if grant.state == ENDED:
        raise ActionNotAllowed(t("This access has already ended."))
    if grant.state == OPEN:
        grant.state, grant.ended_why, grant.next_at, grant.attempt = ENDING, why, uow.now, 0
        uow.record_event(grant.item, "grant.ending", after={"grant": grant.id, "why": why})
    return grant


def _end(uow: UnitOfWork, grant: Grant, why: str, *, by: Item) -> None:
    grant.state, grant.ended_at, grant.ended_why = ENDED, uow.now, why
    grant.next_at, grant.error = None, None
    event = uow.record_event(by, "grant.end", after={"grant": grant.id, "person": grant.person_id, "why": why})
    messages.tell(uow, grant.person, "access_ended", grant.item, event, group=grant.target)


def _held(uow: UnitOfWork, person_id: int, target: str) -> Grant | None:
    mine = Grant.person_id == person_id, Grant.target == target, Grant.state != ENDED
    return uow.session.scalars(select(Grant).where(*mine).with_for_update()).one_or_none()


def _locked(uow: UnitOfWork, grant_id: int) -> Grant | None:
    query = select(Grant).where(Grant.id == grant_id).with_for_update().execution_options(populate_existing=True)
    return uow.session.scalars(query).one_or_none()


def _ends_at(uow: UnitOfWork, item: Item, step: Step) -> datetime | None:
    """Return the end of the day on which the step's file says it ends, in the organisation's zone."""
    offer = catalog.version(uow.session, item.catalog_hash)
    described = next((each for each in offer.steps if each.name == step.key), None)
    day = templates.until(described, progress.values_for(uow.session, item, offer)) if described else ""
    if not day:
        return None
    zone = ZoneInfo(settings().timezone)
    return datetime.combine(datetime.fromisoformat(day).date() + timedelta(days=1), time(), zone).astimezone(UTC)


def _next_look(grant: Grant, reminded_at: datetime | None) -> datetime | None:
    if grant.ends_at is None or reminded_at is not None:
        return grant.ends_at
    remind = grant.ends_at - timedelta(days=settings().access_reminder_days)
    return max(remind, grant.granted_at + timedelta(seconds=1)) if remind > grant.granted_at else grant.ends_at


def _last_day(grant: Grant) -> str | None:
    """Return the last day of an access as people say it: in the organisation's zone, the end not included."""
    if grant.ends_at is None:
        return None
    return (grant.ends_at - timedelta(minutes=1)).astimezone(ZoneInfo(settings().timezone)).date().isoformat()


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

