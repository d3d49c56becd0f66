"""What the reports on kept promises share: clocks of some types, met or breached."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_

from app.queries.stories import Story
from app.reports import Row
from app.reports._columns import CLOCK, breached, of_clocks, promised
from app.rules.clock_rounds import State
from app.rules.kpis import Scope
from app.rules.sla import Type


def facts(*types: Type) -> Callable[[Scope, datetime], Select[*tuple[Any, ...]]]:
    """Return the query of clocks that were met or breached in a stretch of time."""

    def asked(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
        over = breached(now)
        at = func.coalesce(over, CLOCK.c.stopped_at)
        query = of_clocks(at, over.is_(None).label("is_met"))
        ended = or_(CLOCK.c.state == "completed", over.is_not(None))
        return query.where(CLOCK.c.definition.in_(promised(types)), CLOCK.c.state != "canceled", ended, at >= scope.start, at < scope.end)

    return asked


def recount(*types: Type) -> Callable[[Story, Scope, datetime], Iterator[Row]]:
    """Return the same from events."""

    def told(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
        for clock in story.clocks:
            at = clock.breached_at or (clock.stopped_at if clock.state is State.COMPLETED else None)
            if clock.type in types and clock.state is not State.CANCELED and at is not None and scope.start <= at < scope.end:
                yield {"at": at, "clock": clock.key, **story.splits(), "is_met": clock.breached_at is None}

    return told
