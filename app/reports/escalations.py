"""Steps of ladders that were taken (domain.md 9, escalation)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from app.models.records import Record
from app.models.sla import Escalation
from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.reports._columns import INCIDENT, SPLITS, minutes
from app.rules.kpis import USUAL, By, How, Measure, Scope, Unit
from app.rules.words import t


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    late = minutes(Escalation.taken_at - Escalation.due_at)
    query = select(Record.id.label("record_id"), Escalation.taken_at.label("at"), Escalation.definition.label("clock"), *SPLITS,
                   (Escalation.percent >= 100).label("is_over"), late.label("late"))  # fmt: skip
    query = query.select_from(Escalation).join(Record, Record.id == Escalation.record_id).outerjoin(INCIDENT, INCIDENT.c.id == Record.id)
    return query.where(Escalation.taken_at >= scope.start, Escalation.taken_at < scope.end)


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    for step in story.steps:
        if scope.start <= step["at"] < scope.end:
            late = (step["at"] - step["due"]) / timedelta(minutes=1)
            yield {"at": step["at"], "clock": step["clock"], **story.splits(), "is_over": step["percent"] >= 100, "late": late}


REPORT = Report(
    key="escalations", theme=Theme.FLOW, title=t("Escalations"), rows=t("steps taken"), counter="volume",
    definition=(
        t("Steps of ladders that were taken (config/escalations.toml): somebody was told, or priority, team or standing changed by itself."),
        t("Lateness is from when a step was due until it was taken."),
    ),
    measures=(
        Measure("steps", t("Steps"), Unit.COUNT, How.ROWS, wants=-1), Measure("over", t("After the target was used up"), Unit.PERCENT, How.SHARE, "is_over", -1),
        Measure("late_p90", t("Nine of ten taken within"), Unit.MINUTES, How.P90, "late", -1),
    ),
    by=(By.CLOCK, *USUAL), facts=_facts, recount=_recount,
)  # fmt: skip
