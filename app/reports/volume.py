"""What came in, by which way and about what."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select

from app.models.records import Record
from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.reports._columns import of_incidents
from app.rules.kpis import By, How, Measure, Scope, Unit
from app.rules.lifecycle import RecordKind
from app.rules.words import t


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    query = of_incidents(Record.opened_at, (Record.state == "canceled").label("is_canceled"))
    return query.where(Record.opened_at >= scope.start, Record.opened_at < scope.end)


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    if story.kind is RecordKind.INCIDENT and scope.start <= story.opened_at < scope.end:
        yield {"at": story.opened_at, **story.splits(), "is_canceled": story.state == "canceled"}


REPORT = Report(
    key="volume", theme=Theme.FLOW, title=t("Volume"), rows=t("incidents opened"), counter="backlog",
    definition=(t("Incidents opened, by the way they came and what they are about; and the share of them that was cancelled since."),),
    measures=(Measure("opened", t("Incidents opened"), Unit.COUNT, How.ROWS), Measure("canceled", t("Cancelled since"), Unit.PERCENT, How.SHARE, "is_canceled", -1)),
    by=(By.TIME, By.CHANNEL, By.CATEGORY, By.PRIORITY, By.TEAM, By.SERVICE), facts=_facts, recount=_recount,
)  # fmt: skip
