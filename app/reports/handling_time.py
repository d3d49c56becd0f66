"""How much work an incident takes (domain.md 9, AHT)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.models.records import Record
from app.models.work_time import TimeEntry
from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.reports._columns import INCIDENT, of_incidents
from app.rules.kpis import USUAL, How, Measure, Scope, Unit
from app.rules.lifecycle import RecordKind
from app.rules.words import t


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    at = INCIDENT.c.closed_at
    mine = select(func.coalesce(func.sum(TimeEntry.minutes), 0)).where(TimeEntry.record_id == Record.id).correlate(Record).scalar_subquery()
    return of_incidents(at, mine.label("worked"), (mine > 0).label("is_logged")).where(Record.state == "closed", at >= scope.start, at < scope.end)


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    at = story.closed_at
    if story.kind is RecordKind.INCIDENT and story.state == "closed" and at is not None and scope.start <= at < scope.end:
        worked = sum(story.worked.values())
        yield {"at": at, **story.splits(), "worked": worked, "is_logged": worked > 0}


REPORT = Report(
    key="handling-time", theme=Theme.QUALITY, title=t("Handling time"), rows=t("incidents closed"), counter="first-contact",
    definition=(
        t("Worked time written down on incidents, divided by all incidents closed, also those on which none was written. Time on their tasks is not in it."),
        t("An incident counts when it was closed."),
    ),
    measures=(Measure("mean", t("Worked for each incident"), Unit.WORK, How.MEAN, "worked", -1), Measure("logged", t("With time written down"), Unit.PERCENT, How.SHARE, "is_logged", 1)),
    by=USUAL, facts=_facts, recount=_recount,
)  # fmt: skip
