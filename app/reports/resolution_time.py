"""How long it takes until it works again (domain.md 9, MTTR)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, true

from app.models.records import Record
from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.reports._columns import CLOCK, INCIDENT, measuring, minutes, of_incidents
from app.rules.kpis import USUAL, How, Measure, Scope, Unit
from app.rules.lifecycle import RecordKind
from app.rules.sla import Measure as Kind
from app.rules.words import t

SECOND = timedelta(seconds=1)
ENDED = ("resolved", "closed")


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    mine = CLOCK.c.record_id == Record.id, CLOCK.c.definition.in_(measuring(Kind.RESOLUTION)), CLOCK.c.state == "completed"
    clock = select(minutes(CLOCK.c.stopped_at - CLOCK.c.started_at) - CLOCK.c.wall_seconds / 60.0, CLOCK.c.worked_seconds / 60.0).where(*mine)
    of = clock.order_by(CLOCK.c.definition, CLOCK.c.round).limit(1).correlate(Record).lateral("of_clock")
    paused, worked = of.c
    whole = minutes(INCIDENT.c.resolved_at - Record.opened_at)
    query = of_incidents(INCIDENT.c.resolved_at, whole.label("whole"), func.greatest(0, whole - func.coalesce(paused, 0)).label("net"), worked.label("work"))
    return query.outerjoin(of, true()).where(Record.state.in_(ENDED), INCIDENT.c.resolved_at >= scope.start, INCIDENT.c.resolved_at < scope.end)


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    at = story.resolved_at
    if story.kind is not RecordKind.INCIDENT or story.state not in ENDED or at is None or not scope.start <= at < scope.end:
        return
    mine = sorted((each for each in story.clocks if each.measure is Kind.RESOLUTION and each.state == "completed"), key=lambda each: (each.key, each.round))
    whole, paused = (at - story.opened_at) / timedelta(minutes=1), 0.0
    for clock in mine[:1]:
        assert clock.stopped_at is not None  # noqa: S101  it is completed
        paused = (clock.stopped_at - clock.started_at) / timedelta(minutes=1) - clock.wall // SECOND / 60
    yield {"at": at, **story.splits(), "whole": whole, "net": max(0.0, whole - paused), "work": mine[0].worked // SECOND / 60 if mine else None}


REPORT = Report(
    key="resolution-time", theme=Theme.PROMISES, title=t("Time to resolution"), rows=t("incidents resolved"), counter="reopenings",
    definition=(
        t("From opening until it was resolved, less the time it was paused; and the same with the pauses. Reopening goes on with the same clock."),
        t("An incident counts when it was resolved for the last time."),
    ),
    measures=(
        Measure("net_mean", t("Mean, without pauses"), Unit.MINUTES, How.MEAN, "net", -1), Measure("net_median", t("Median, without pauses"), Unit.MINUTES, How.MEDIAN, "net", -1),
        Measure("net_p90", t("Nine of ten within, without pauses"), Unit.MINUTES, How.P90, "net", -1), Measure("whole_median", t("Median, with pauses"), Unit.MINUTES, How.MEDIAN, "whole", -1),
        Measure("work_median", t("Median, working time"), Unit.WORK, How.MEDIAN, "work", -1),
    ),
    by=USUAL, facts=_facts, recount=_recount,
)  # fmt: skip
