"""How long people wait for a first word (domain.md 9, FRT)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select

from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.reports._columns import CLOCK, measuring, of_clocks
from app.rules.clock_rounds import State
from app.rules.kpis import USUAL, How, Measure, Scope, Unit
from app.rules.sla import Measure as Kind
from app.rules.words import t

SECOND = timedelta(seconds=1)


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    query = of_clocks(CLOCK.c.stopped_at, (CLOCK.c.worked_seconds / 60.0).label("work"), (CLOCK.c.wall_seconds / 60.0).label("wall"))
    return query.where(CLOCK.c.definition.in_(measuring(Kind.FIRST_RESPONSE)), CLOCK.c.state == "completed",
                       CLOCK.c.stopped_at >= scope.start, CLOCK.c.stopped_at < scope.end)  # fmt: skip


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    for clock in story.clocks:
        if clock.measure is Kind.FIRST_RESPONSE and clock.state is State.COMPLETED and clock.stopped_at and scope.start <= clock.stopped_at < scope.end:
            yield {"at": clock.stopped_at, **story.splits(), "work": clock.worked // SECOND / 60, "wall": clock.wall // SECOND / 60}


REPORT = Report(
    key="first-response", theme=Theme.PROMISES, title=t("First response"), rows=t("first responses"), counter="first-contact",
    definition=(
        t("From opening until somebody of the desk first wrote to the caller, called, or resolved it. Automatic mail and internal notes never count."),
        t("Working time is counted in the calendar of the clock. It counts when the response was given."),
    ),
    measures=(
        Measure("work_median", t("Median, working time"), Unit.WORK, How.MEDIAN, "work", -1), Measure("work_p90", t("Nine of ten within, working time"), Unit.WORK, How.P90, "work", -1),
        Measure("wall_median", t("Median, on the wall clock"), Unit.MINUTES, How.MEDIAN, "wall", -1), Measure("wall_p90", t("Nine of ten within, on the wall clock"), Unit.MINUTES, How.P90, "wall", -1),
    ),
    by=USUAL, facts=_facts, recount=_recount,
)  # fmt: skip
