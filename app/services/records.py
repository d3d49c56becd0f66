"""What every kind of record shares: birth, numbers, notes, and `move`, the one place that assigns a state."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, inspect, select

from app.models.people import Person
from app.models.records import Note, Participant, Record
from app.rules import audit, lifecycle, undo
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid, NotFound, Stale, StaleEdit
from app.rules.lifecycle import NUMBER_PREFIX, Action, RecordKind
from app.rules.permissions import Relation
from app.rules.words import t
from app.unit_of_work import IMPORTER, UnitOfWork

R = TypeVar("R", bound=Record)
NOTE_LIMIT = 20_000  # characters
TITLE_LIMIT = 200
COMPARED = ("version", "state", "hold_reason", "title", "category", "impact", "urgency", "priority", "assignee_id", "team_id")  # with a stale form


def numbers(uow: UnitOfWork, *kinds: RecordKind) -> list[str]:
    """Return a fresh number for each of these kinds, such as REQ0000001; a number is never used twice."""
    return written(kinds, uow.ask(*drawn(kinds)))


def drawn(kinds: Sequence[RecordKind]) -> list[ColumnElement[int]]:
    """Return the columns that draw a number for each kind, for whoever has more to ask in the same statement."""
    return [func.nextval(f"number_{kind.value}") for kind in kinds]


def written(kinds: Sequence[RecordKind], values: Sequence[int]) -> list[str]:
    """Return drawn numbers as people write them."""
    return [f"{NUMBER_PREFIX[kind]}{value:07d}" for kind, value in zip(kinds, values, strict=True)]


def add(uow: UnitOfWork, record: R, after: Mapping[str, Any] | None = None) -> R:
    """Bring a record to life in the state it carries; `<kind>.create` says so."""
    record.opened_at = record.opened_at or uow.now
    record.updated_at = uow.now
    uow.session.add(record)
    born = {"state": record.state, "requester": record.requester_id, "beneficiary": record.beneficiary_id}
    uow.record_event(record, f"{record.kind}.create", after={**born, **(after or {})})
    return record


def move(
    uow: UnitOfWork,
    record: Record,
    action: Action,
    *,
    note: Note | None = None,
    consequence: bool = False,
    hold_reason: str | None = None,
    to: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> str:
    """Take the record along a transition of MOVES and return its new state.

    Checks the permission `<kind>.<action>`, unless this only follows from a decision already checked (`consequence`).
    Raises Forbidden, or ActionNotAllowed where MOVES has no such transition. Only REPLAY, by the importer, and UNDO, back
    along a row of MOVES, say themselves where they go (`to`); a record's first event by REPLAY has no state before.
    """
    if not consequence:
        uow.check(f"{record.kind}.{action}", record)
    if action is Action.UNDO:
        target = to if undo.undoes(record.kind, record.state, to) else None
    else:
        target = _played(uow, record, to) if action is Action.REPLAY else lifecycle.target(record.kind, action, record.state)
    if target is None:
        raise ActionNotAllowed(
            t("%(number)s is %(state)s: this cannot be done now.", number=record.number, state=lifecycle.STATE_WORDS[record.state])
        )
    was = {"state": record.state} | ({"hold_reason": record.hold_reason} if record.hold_reason else {})
    if action is Action.REPLAY and not inspect(record).persistent and not uow.has_told(record.number):
        was = {}
        uow.session.add(record)
    now = {"state": target} | ({"hold_reason": hold_reason} if hold_reason else {})
    record.updated_at = uow.now  # asked for first: a question after the change would send the change in two halves
    record.state = target
    record.hold_reason = hold_reason
    uow.record_event(
        record, f"{record.kind}.{action}", before={**was, **(before or {})}, after={**now, **(after or {})}, note=note
    )
    return target


def _played(uow: UnitOfWork, record: Record, to: str | None) -> str:
    """Return the state history says: any that the kind has, but only in the importer's hands."""
    if uow.actor is not IMPORTER:
        raise Forbidden(t("You may not do this."))
    if to not in lifecycle.STATES[record.kind]:
        raise ValueError(f"a {record.kind} is never {to}")
    return to


def expect(record: Record, version: int | None) -> None:
    """Raise Stale when the record is not the version somebody was looking at (None: nobody was)."""
    if version is not None and record.version != version:
        theirs = {name.removesuffix("_id"): getattr(record, name) for name in COMPARED if hasattr(record, name)}
        raise (StaleEdit if record.kind == RecordKind.INCIDENT else Stale)(record.number, theirs)


def clean(text: str) -> str:
    """Return a text that can be stored; Invalid where it is too long."""
    found = text.replace("\x00", "").strip()
    if len(found) > NOTE_LIMIT:
        raise Invalid({"body": t("At most %(limit)s characters.", limit=NOTE_LIMIT)})
    return found


def of_submission(uow: UnitOfWork, model: type[R], key: str) -> R | None:
    """Return what the actor sent under this key before; a second one at the same moment waits for the first.

    What somebody else sent under it is not told.
    """
    uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    earlier = uow.session.scalars(select(model).where(getattr(model, "submission_key") == key)).one_or_none()  # noqa: B009
    if earlier is not None and earlier.opened_by_id != uow.actor.id:
        raise NotFound(model.__name__.lower())
    return earlier


def write(uow: UnitOfWork, record: Record, kind: str, body: str) -> Note:
    """Store a free text beside the record; the event that belongs to it names it by id and digest."""
    text = clean(body)
    if not text:
        raise Invalid({"body": t("Write something first.")})
    note = Note(author_id=uow.actor.id, kind=kind, body=text, digest=audit.digest(text), created_at=uow.now)
    note.record_id = record.id
    uow.session.add(note)
    return note


def involve(uow: UnitOfWork, record: Record, person: Person | int, relation: Relation) -> None:
    """Let somebody see the record as watcher, approver or named person; doing it twice changes nothing."""
    person_id = person if isinstance(person, int) else person.id
    key = {"record_id": record.id, "person_id": person_id, "relation": relation.value}
    if uow.session.get(Participant, key) is None:
        uow.session.add(Participant(**key))
