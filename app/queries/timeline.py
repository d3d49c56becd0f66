"""Everything that happened to a record and its parts, in one stream (ux 29)."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, Executable, any_, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from app.models.events import Event
from app.models.people import Person
from app.models.records import Note, Record
from app.models.requests import Item
from app.models.tasks import Task
from app.rules.errors import NotFound
from app.visibility import Actor, visible

SHOWN = 200


class Moment(NamedTuple):
    """One event of a timeline; `person` is empty where the desk itself acted."""

    id: int
    at: datetime
    stream: str
    name: str
    person: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    note_kind: str | None
    note: str | None
    person_id: int | None = None
    note_id: int | None = None
    given: str | None = None  # who got it, or was let in
    team: str | None = None  # which team got it
    team_pt: str | None = None


def of(session: Session, actor: Actor, number: str, *, before_id: int | None = None) -> list[Moment]:
    """Return the newest events of a record the actor may see, with its items and tasks, newest first."""
    record = session.scalar(select(Record.id).where(Record.number == number, visible(actor)))
    if record is None:
        raise NotFound(number)
    person, note = aliased(Person), aliased(Note)
    query = (
        select(Event.id, Event.at, Event.stream, Event.name, person.name, Event.before, Event.after, note.kind, note.body)
        .outerjoin(person, person.id == Event.actor_id)
        .outerjoin(note, (note.id == Event.note_id) & note.erased_at.is_(None))
        .where(one_of(Event.record_id, family(literal(record))))
    )
    if before_id:
        query = query.where(Event.id < before_id)
    return [Moment(*row) for row in session.execute(query.order_by(Event.id.desc()).limit(SHOWN))]


def family(id_: ColumnElement[int]) -> CompoundSelect[int]:
    """Return the ids of a record, its items, and the tasks of both."""
    items = select(Item.__table__.c.id).where(Item.__table__.c.request_id == id_)
    tasks = select(Task.__table__.c.id).where(one_of(Task.__table__.c.parent_id, union_all(select(id_), items)))
    return union_all(select(id_), items, tasks)


def one_of(column: Any, ids: Executable) -> ColumnElement[bool]:
    """Return the clause that a column is one of these ids, found first: so the column's index answers, not a walk through everything."""
    return column == any_(func.array(ids.scalar_subquery()))  # type: ignore[attr-defined,no-any-return]  # of selects and unions
