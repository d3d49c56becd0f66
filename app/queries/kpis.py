"""Numbers of reports, and the records behind each: one statement for all that a page shows, and only what its reader may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, Integer, Select, String, Subquery, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from app.models.records import Record
from app.queries.paging import Page, page
from app.rules.kpis import By, How, Measure, Scope
from app.visibility import Actor, visible

Facts = Select[*tuple[Any, ...]]
NOT: Final = "not-"  # the rows in which a share is not so


@dataclass(frozen=True)
class Question:
    """What is asked: facts of a stretch of time, the measures over them, and what they are split by (None: not)."""

    facts: Facts
    measures: tuple[Measure, ...]
    scope: Scope
    by: By | None = None


@dataclass(frozen=True)
class Line:
    """The numbers of one part: how many rows it is made of, and each measure by its key (None: nothing to make it of)."""

    key: str
    volume: int
    values: dict[str, float | None]


def ask(session: Session, actor: Actor, questions: Sequence[Question]) -> list[list[Line]]:
    """Return the lines of each question, in any order; one statement."""
    parts = [_lines(place, actor, each) for place, each in enumerate(questions)]
    found: list[list[Line]] = [[] for _ in questions]
    for place, key, volume, values in session.execute(union_all(*parts)):
        found[place].append(Line(key, volume, values))
    return found


def records(
    session: Session, actor: Actor, asked: Question, key: str | None = None, only: str = "", bookmark: str | None = None
) -> tuple[Page[Any], int, int]:
    """Return a page of the records behind a number, how many rows it is made of, and how many records these are.

    `key` is the part (None: all), `only` the key of a share whose rows are wanted, or with NOT those in which it is not so.
    """
    facts = _seen(asked.facts, actor)
    rows = select(facts.c.record_id)
    if key is not None and asked.by is not None:
        rows = rows.where(_key(facts, asked) == key)
    share = next((each for each in asked.measures if each.how is How.SHARE and each.key == only.removeprefix(NOT)), None)
    if share is not None:
        rows = rows.where(facts.c[share.column].is_(not only.startswith(NOT)))
    counted = rows.subquery()
    volume, distinct = session.execute(select(func.count(), func.count(counted.c.record_id.distinct())).select_from(counted)).one()
    columns = Record.id, Record.number, Record.kind, Record.title, Record.title_pt, Record.state, Record.priority, Record.opened_at
    query = select(*columns).where(Record.id.in_(rows), visible(actor)).order_by(Record.id.desc())
    return page(session, query, bookmark), volume, distinct


def _lines(place: int, actor: Actor, asked: Question) -> Select[*tuple[Any, ...]]:
    facts = _seen(asked.facts, actor)
    values = [part for each in asked.measures for part in (each.key, _value(facts, each))]
    key = _key(facts, asked) if asked.by is not None else literal("")
    query = select(literal(place), key, func.count(), func.json_build_object(*values)).select_from(facts)
    return query.group_by(key) if asked.by is not None else query


def _seen(facts: Facts, actor: Actor) -> Subquery:
    return facts.where(visible(actor)).subquery()


def _key(facts: Subquery, asked: Question) -> ColumnElement[str]:
    if asked.by is By.TIME:
        local = func.timezone(asked.scope.zone, facts.c["at"])
        return func.to_char(func.date_trunc(asked.scope.step, local), "YYYY-MM-DD")
    return func.coalesce(cast(facts.c[str(asked.by)], String), "")


def _value(facts: Subquery, measure: Measure) -> ColumnElement[Any]:
    if measure.how is How.ROWS:
        return func.count()
    column = facts.c[measure.column]
    match measure.how:
        case How.SUM:
            return func.coalesce(func.sum(column), 0)
        case How.MEAN:
            return cast(func.avg(column), Float)
        case How.SHARE:
            return cast(100 * func.avg(cast(column, Integer)), Float)
        case _:
            return func.percentile_cont(0.5 if measure.how is How.MEDIAN else 0.9).within_group(cast(column, Float))
