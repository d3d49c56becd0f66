"""Every number of every report, once from tables and once from events alone, compared (desk verify --reports)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from app import reports
from app.queries import kpis, stories
from app.queries.kpis import Line, Question
from app.reports import Report, Row
from app.rules.kpis import VOLUME, By, Scope, part, value
from app.settings import settings
from app.visibility import SYSTEM

MONTH: Final = timedelta(days=30)
BEGINNING: Final = datetime(1990, 1, 1, tzinfo=UTC)
NEAR: Final = 0.01  # both ways add the same numbers in another order


@dataclass
class Proof:
    """How many numbers were compared, of how many records, and where both ways differ."""

    records: int = 0
    numbers: int = 0
    differences: list[str] = field(default_factory=list)


def prove(session: Session, now: datetime, tell: Callable[[int], None] = lambda count: None) -> Proof:
    """Compare all reports, over all time and over the last 30 days; `tell` hears how many records were read."""
    zone = settings().timezone
    scopes = (Scope(BEGINNING, now + timedelta(seconds=1), zone), Scope(now - MONTH, now + timedelta(seconds=1), zone))
    found, known = Proof(), list(reports.all_of_them().values())
    rows: dict[tuple[str, int], list[Row]] = {(each.key, place): [] for each in known for place in range(len(scopes))}
    for story in stories.stories(session, now):
        found.records += 1
        tell(found.records)
        for report in known:
            for place, scope in enumerate(scopes):
                rows[report.key, place].extend(report.recount(story, scope, now))
    for report in known:
        for place, scope in enumerate(scopes):
            _compare(session, report, scope, now, report.merge(rows[report.key, place]), found)
    return found


def _compare(session: Session, report: Report, scope: Scope, now: datetime, rows: Sequence[Row], found: Proof) -> None:
    splits: tuple[By | None, ...] = (None, *(by for by in report.by if by is not By.TIME or scope.start > BEGINNING))
    facts = report.facts(scope, now)
    asked = kpis.ask(session, SYSTEM, [Question(facts, report.measures, scope, by) for by in splits])
    for by, lines in zip(splits, asked, strict=True):
        expected = _recounted(report, scope, rows, by)
        for key, numbers in _both({line.key: _numbers(line) for line in lines}, expected):
            found.numbers += 1
            if numbers[0] is None or numbers[1] is None or any(_differs(numbers[0][name], numbers[1][name]) for name in numbers[1]):
                where = f"{report.key}{f' by {by}: {key or None}' if by else ''} from {scope.start:%Y-%m-%d}"
                found.differences.append(f"{where}: tables say {numbers[0]}, events say {numbers[1]}")


def _recounted(report: Report, scope: Scope, rows: Sequence[Row], by: By | None) -> dict[str, Mapping[str, float | None]]:
    groups: dict[str, list[Row]] = {} if by else {"": []}
    for row in rows:
        groups.setdefault(_key(scope, row, by), []).append(row)
    return {key: {VOLUME: len(group), **{each.key: value(each, group) for each in report.measures}} for key, group in groups.items()}


def _key(scope: Scope, row: Row, by: By | None) -> str:
    if by is None:
        return ""
    found = part(scope, row["at"]) if by is By.TIME else row[by.value]
    return "" if found is None else str(found)


def _numbers(line: Line) -> Mapping[str, float | None]:
    return {VOLUME: line.volume, **line.values}


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    return ((key, (one.get(key), other.get(key))) for key in sorted({*one, *other}))


def _differs(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(float(one) - float(other)) > max(NEAR, 1e-6 * abs(other))
