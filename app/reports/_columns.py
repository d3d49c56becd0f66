"""Columns that the facts of many reports share."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Table, and_, case, func, select

from app import sla
from app.models.incidents import Incident
from app.models.records import Record
from app.models.sla import Clock
from app.rules.sla import Measure as Kind
from app.rules.sla import Type

INCIDENT: Final[Table] = Incident.__table__  # type: ignore[assignment]
CLOCK: Final[Table] = Clock.__table__  # type: ignore[assignment]
SPLITS: Final = (
    Record.priority.label("priority"), Record.team_id.label("team"), Record.service.label("service"), Record.category.label("category"),
    INCIDENT.c.channel.label("channel"),
)  # fmt: skip


def of_incidents(at: SQLColumnExpression[Any], *more: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Return a query with one row for each incident, that counts at this instant."""
    query = select(Record.id.label("record_id"), at.label("at"), *SPLITS, *more)
    return query.select_from(Record).join(INCIDENT, INCIDENT.c.id == Record.id)


def of_clocks(at: SQLColumnExpression[Any], *more: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Return a query with one row for each clock, that counts at this instant."""
    query = select(Record.id.label("record_id"), at.label("at"), CLOCK.c.definition.label("clock"), *SPLITS, *more)
    return query.select_from(CLOCK).join(Record, Record.id == CLOCK.c.record_id).outerjoin(INCIDENT, INCIDENT.c.id == Record.id)


def minutes(length: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the minutes of an interval."""
    return func.extract("epoch", length) / 60


def breached(now: Any) -> ColumnElement[Any]:
    """Return when a clock was over its target, none where it is not; what runs may be so since it was stored."""
    is_over = and_(CLOCK.c.state == "running", CLOCK.c.due_at < now)
    late = case((is_over, func.greatest(CLOCK.c.due_at, CLOCK.c.attached_at)))
    return func.coalesce(CLOCK.c.breached_at, late)


def promised(types: Iterable[Type]) -> list[str]:
    """Return the keys of the clocks of these types of contract."""
    return [each.key for each in sla.agreement().definitions if each.type in types]


def measuring(kind: Kind) -> list[str]:
    """Return the keys of the clocks that measure this."""
    return [each.key for each in sla.agreement().definitions if each.measure is kind]
