"""How long people worked on a record and the tasks of it; the reader's own timer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, Select, func, literal, select
from sqlalchemy.orm import Session

from app.models.people import Person
from app.models.records import Note, Record
from app.models.work_time import TimeEntry, Timer
from app.queries.paging import Page, page
from app.queries.timeline import family, one_of
from app.visibility import Actor, visible


@dataclass(frozen=True)
class Standing:
    """The minutes worked on a record and its tasks, and the reader's timer: since when, here or on which other record (empty: one not seen)."""

    minutes: int
    running_since: datetime | None
    is_here: bool
    elsewhere: str


def standing(session: Session, actor: Actor, record_id: int) -> Standing:
    """Return what the page of a record says of worked time."""
    return stands(session.execute(asking(actor, literal(record_id, BigInteger))).one())


def standing_and(session: Session, actor: Actor, record_id: int, more: ScalarSelect[Any]) -> tuple[Standing, Any]:
    """Return the same and one more value, in one statement."""
    row = session.execute(asking(actor, literal(record_id, BigInteger)).add_columns(more.label("more"))).one()
    return stands(row), row.more


def asking(actor: Actor, id_: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Return the question for it: one row, also as a part of another statement."""
    running, mine = Timer.__table__, Timer.person_id == actor.id
    total = select(func.coalesce(func.sum(TimeEntry.minutes), 0)).join(Record, Record.id == TimeEntry.record_id).where(_on(actor, id_))
    elsewhere = select(Record.number).join(running, running.c.record_id == Record.id).where(running.c.person_id == actor.id, visible(actor))
    return select(
        total.scalar_subquery().label("minutes"), select(Timer.started_at).where(mine).scalar_subquery().label("since"),
        select(Timer.record_id == id_).where(mine).scalar_subquery().label("here"), elsewhere.scalar_subquery().label("elsewhere"),
    )  # fmt: skip


def stands(row: Any) -> Standing:
    """Return the answer as it is used; of a gathered part times are text."""
    since = datetime.fromisoformat(row.since) if isinstance(row.since, str) else row.since
    return Standing(int(row.minutes), since, bool(row.here), row.elsewhere or "")


def entries(session: Session, actor: Actor, record_id: int, bookmark: str | None = None) -> Page[Any]:
    """Return one page of what was written down on a record and its tasks, newest first."""
    query = (
        select(TimeEntry.id, TimeEntry.minutes, TimeEntry.worked_on, TimeEntry.started_at, TimeEntry.ended_at, TimeEntry.person_id, Person.name,
               Note.body, Record.number, Record.id.label("record_id"))
        .join(Record, Record.id == TimeEntry.record_id)
        .join(Person, Person.id == TimeEntry.person_id)
        .outerjoin(Note, (Note.id == TimeEntry.note_id) & Note.erased_at.is_(None))
        .where(_on(actor, literal(record_id, BigInteger)))
    )  # fmt: skip
    return page(session, query.order_by(TimeEntry.id.desc()), bookmark)


def _on(actor: Actor, id_: ColumnElement[int]) -> ColumnElement[bool]:
    """Entries on a record, its items and tasks that the actor may see."""
    return one_of(TimeEntry.record_id, family(id_)) & visible(actor)
