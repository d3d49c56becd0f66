"""What is not done at an instant, and how old it is (domain.md 9, active)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Select, case, literal, select

from app.models.events import Event
from app.models.records import Record
from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.reports._columns import minutes, of_incidents
from app.rules.kpis import By, How, Measure, Scope, Unit
from app.rules.lifecycle import RecordKind
from app.rules.words import t

ACTIVE = ("new", "in_progress", "on_hold")
LONG = timedelta(days=30)


def _instant(scope: Scope, now: datetime) -> datetime:
    return min(scope.end, now)


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    at = _instant(scope, now)
    last = select(Event.after["state"].astext).where(Event.record_id == Record.id, Event.at <= at, Event.after.has_key("state"))
    then = case((Record.updated_at <= at, Record.state), else_=last.order_by(Event.seq.desc()).limit(1).correlate(Record).scalar_subquery())
    age = minutes(literal(at, DateTime(timezone=True)) - Record.opened_at)
    query = of_incidents(Record.opened_at, age.label("age"), (age > LONG / timedelta(minutes=1)).label("is_old"))
    may_be = (Record.updated_at > at) | Record.state.in_(ACTIVE)  # what was settled since is looked at in its events
    return query.where(Record.kind == RecordKind.INCIDENT, Record.opened_at <= at, may_be, then.in_(ACTIVE))


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    at = _instant(scope, now)
    if story.kind is RecordKind.INCIDENT and story.opened_at <= at and story.state_at(at) in ACTIVE:
        age = (at - story.opened_at) / timedelta(minutes=1)
        yield {"at": story.opened_at, **story.splits(), "age": age, "is_old": at - story.opened_at > LONG}


REPORT = Report(
    key="backlog", theme=Theme.FLOW, title=t("Backlog and age"), rows=t("incidents"), counter="sla-met",
    definition=(
        t("Incidents that were neither resolved, closed nor cancelled at the end of the stretch of time, as their events say."),
        t("Age is from opening until that instant, on the wall clock."),
    ),
    measures=(
        Measure("active", t("Active incidents"), Unit.COUNT, How.ROWS, wants=-1), Measure("age_median", t("Median age"), Unit.MINUTES, How.MEDIAN, "age", -1),
        Measure("age_p90", t("Nine of ten younger than"), Unit.MINUTES, How.P90, "age", -1), Measure("old", t("Older than 30 days"), Unit.PERCENT, How.SHARE, "is_old", -1),
    ),
    by=(By.PRIORITY, By.TEAM, By.SERVICE, By.CATEGORY, By.CHANNEL), facts=_facts, recount=_recount,
)  # fmt: skip
