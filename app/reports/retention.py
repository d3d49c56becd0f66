"""Who comes back: people that asked or reported something in both of two stretches of time (domain.md 9, retention)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select

from app.models.records import Record
from app.queries.stories import Story
from app.reports import Report, Row, Theme
from app.rules.kpis import How, Measure, Scope, Unit
from app.rules.lifecycle import RecordKind
from app.rules.words import t

KINDS: Final = (RecordKind.INCIDENT, RecordKind.REQUEST)


def _facts(scope: Scope, now: datetime) -> Select[*tuple[Any, ...]]:
    first, came_back = func.min(Record.opened_at), func.bool_or(Record.opened_at >= scope.start)
    query = select(func.min(Record.id).label("record_id"), first.label("at"), came_back.label("is_back")).select_from(Record)
    query = query.where(Record.kind.in_(KINDS), Record.requester_id.is_not(None), Record.opened_at >= scope.before.start, Record.opened_at < scope.end)
    return query.group_by(Record.requester_id).having(first < scope.start)


def _recount(story: Story, scope: Scope, now: datetime) -> Iterator[Row]:
    if story.kind in KINDS and story.requester is not None and scope.before.start <= story.opened_at < scope.end:
        yield {"who": story.requester, "is_now": story.opened_at >= scope.start}


def _merge(rows: list[Row]) -> list[Row]:
    before, now = ({row["who"] for row in rows if row["is_now"] is is_now} for is_now in (False, True))
    return [{"is_back": who in now} for who in before]


REPORT = Report(
    key="retention", theme=Theme.FLOW, title=t("People who come back"), rows=t("people of the time before"), counter="volume",
    definition=(
        t("Of the people who reported or ordered something in the stretch of the same length before, the share that did so again in this one."),
        t("Their records list the first one of each person."),
    ),
    measures=(Measure("back", t("Came back"), Unit.PERCENT, How.SHARE, "is_back", 0),),
    by=(), facts=_facts, recount=_recount, merge=_merge,
)  # fmt: skip
