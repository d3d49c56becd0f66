"""What was solved at the first contact (domain.md 9, FCR)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Select, and_, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.models.events import Event
from app.models.records import Record
from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.reports._columns import INCIDENT, of_incidents
from app.rules.kpis import USUAL, How, Measure, Scope, Unit
from app.rules.lifecycle import RecordKind
from app.rules.words import t

CONTACTS: Final = 1


def _times(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    """Return how many of its events are so; what was taken back never was."""
    undo = aliased(Event)
    taken_back = exists().where(undo.record_id == Event.record_id, undo.after.has_key("undone"), cast(undo.after["undone"].astext, Integer) == Event.seq)
    query = select(func.count()).where(Event.record_id == Record.id, *conditions, ~Event.after.has_key("undone"), ~taken_back)
    return query.correlate(Record).scalar_subquery()


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    at, after = INCIDENT.c.closed_at, Event.after
    handovers = _times(Event.seq > 1, Event.before["team"].astext.is_not(None), after["team"].astext.is_not(None))
    inside = func.coalesce(after["inside"].astext, "true") == "true"
    asked = and_(Event.name == "incident.hold", after["hold_reason"].astext == "caller")
    contacts = _times(or_(and_(Event.name == "incident.reply", inside), Event.name == "incident.call", asked))
    is_first = and_(INCIDENT.c.reopen_count == 0, handovers == 0, contacts <= CONTACTS)
    return of_incidents(at, is_first.label("is_first")).where(Record.state == "closed", at >= scope.start, at < scope.end)


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    at = story.closed_at
    if story.kind is RecordKind.INCIDENT and story.state == "closed" and at is not None and scope.start <= at < scope.end:
        yield {"at": at, **story.splits(), "is_first": not story.reopenings and not story.handovers and story.contacts <= CONTACTS}


REPORT = Report(
    key="first-contact", theme=Theme.QUALITY, title=t("First-contact resolution"), rows=t("incidents closed"), counter="reopenings",
    definition=(
        t("The share of incidents closed that the first team solved: never handed over, never reopened, and at most one contact with the caller before the solution."),
        t("A contact is a reply, a call, or a question that put it on hold. An incident counts when it was closed, so that its time to be reopened is over."),
    ),
    measures=(Measure("first", t("Solved at first contact"), Unit.PERCENT, How.SHARE, "is_first", 1),),
    by=USUAL, facts=_facts, recount=_recount,
)  # fmt: skip
