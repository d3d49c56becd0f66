"""When records are due, for lists and pages: the next target of the desk, and what was promised to whoever asked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from app import sla
from app.models.records import Record
from app.models.sla import Clock
from app.rules.clock_rounds import State
from app.rules.sla import Measure, Type


class Promise(NamedTuple):
    """What was promised of one record: until when, or that it waits (None: no time is known)."""

    due_at: datetime | None
    is_paused: bool


def calendar() -> ScalarSelect[str]:
    """Return the question in which calendar the clock counts that is due next."""
    of_it = Clock.record_id == Record.id, Clock.definition == Record.next_clock, Clock.due_at == Record.next_due_at
    return select(Clock.calendar).where(*of_it).limit(1).correlate(Record).scalar_subquery()


def calendars(session: Session, records: Iterable[Any]) -> Mapping[int, str | None]:
    """Return the same of these records, by id; nobody is asked where nothing is due."""
    ids = [record.id for record in records if record.next_due_at]
    rows = session.execute(select(Record.id, calendar().label("calendar")).where(Record.id.in_(ids))) if ids else ()
    return {row.id: row.calendar for row in rows}


def calendars_of(ids: Sequence[int]) -> ScalarSelect[Any]:
    """Return the question for the same as one value, by id in words: a part of another statement."""
    return select(func.json_object_agg(Record.id, calendar())).where(Record.id.in_(ids)).scalar_subquery()


def promised(session: Session, ids: Sequence[int]) -> Mapping[int, Promise]:
    """Return, by id, what callers were promised of these incidents: when it works again; never a clock between teams."""
    keys = [each.key for each in sla.agreement().definitions if each.measure is Measure.RESOLUTION and each.type is Type.SLA]
    if not ids or not keys:
        return {}
    mine = Clock.record_id.in_(ids), Clock.definition.in_(keys), Clock.state.in_((State.RUNNING, State.PAUSED))
    rows = session.execute(select(Clock.record_id, Clock.due_at, Clock.state).where(*mine).order_by(Clock.id))
    return {row.record_id: Promise(row.due_at, row.state == State.PAUSED) for row in rows}
