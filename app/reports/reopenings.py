"""What did not hold: incidents that were reopened (domain.md 9, reopen)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select

from app.models.records import Record
from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.reports._columns import INCIDENT, of_incidents
from app.rules.kpis import USUAL, How, Measure, Scope, Unit
from app.rules.lifecycle import RecordKind
from app.rules.words import t


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    at = INCIDENT.c.closed_at
    query = of_incidents(at, (INCIDENT.c.reopen_count > 0).label("is_reopened"), INCIDENT.c.reopen_count.label("times"))
    return query.where(Record.state == "closed", at >= scope.start, at < scope.end)


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    at = story.closed_at
    if story.kind is RecordKind.INCIDENT and story.state == "closed" and at is not None and scope.start <= at < scope.end:
        yield {"at": at, **story.splits(), "is_reopened": story.reopenings > 0, "times": story.reopenings}


REPORT = Report(
    key="reopenings", theme=Theme.QUALITY, title=t("Reopenings"), rows=t("incidents closed"), counter="resolution-time",
    definition=(
        t("The share of incidents closed that had been taken up again after they were resolved, and how often that was."),
        t("An incident counts when it was closed. What was taken back within seconds never was."),
    ),
    measures=(Measure("reopened", t("Reopened"), Unit.PERCENT, How.SHARE, "is_reopened", -1), Measure("times", t("Reopenings"), Unit.COUNT, How.SUM, "times", -1)),
    by=USUAL, facts=_facts, recount=_recount,
)  # fmt: skip
