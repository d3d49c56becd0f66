"""What a report counts and how: measures over rows of facts, the same words for SQL and for a recount by hand (domain.md 9). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from statistics import fmean
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.rules.words import Text, t


class Unit(StrEnum):
    """What a number is of."""

    COUNT = "count"
    PERCENT = "percent"
    MINUTES = "minutes"  # on the wall
    WORK = "work"  # minutes of working time
    POINTS = "points"  # -100 to 100


class How(StrEnum):
    """How a number is made of a column of the facts; rows without a value there are left out."""

    ROWS = "rows"
    SUM = "sum"
    MEAN = "mean"
    SHARE = "share"  # of rows in which it is true, in percent
    MEDIAN = "median"
    P90 = "p90"


class By(StrEnum):
    """What a report may be split by."""

    TIME = "time"
    CLOCK = "clock"
    PRIORITY = "priority"
    TEAM = "team"
    SERVICE = "service"
    CATEGORY = "category"
    CHANNEL = "channel"


@dataclass(frozen=True)
class Measure:
    """One number of a report; `wants` is 1 where more of it is better, -1 where less is, 0 where neither."""

    key: str
    label: Text
    unit: Unit
    how: How
    column: str = ""
    wants: int = 0


@dataclass(frozen=True)
class Scope:
    """A stretch of time, its end not in it, and the zone in which its days are days."""

    start: datetime
    end: datetime
    zone: str = "UTC"

    @property
    def before(self) -> "Scope":
        """Return the stretch of the same length before it."""
        return Scope(self.start - (self.end - self.start), self.start, self.zone)

    @property
    def step(self) -> str:
        """Return how long the parts are in which it is drawn: a day, a week or a month."""
        days = (self.end - self.start) / timedelta(days=1)
        return "day" if days <= 45 else "week" if days <= 200 else "month"


VOLUME: Final = "volume"
QUARTILE_90: Final = 0.9


def value(measure: Measure, rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Return a number from rows of facts; None: there is nothing to make it of."""
    if measure.how is How.ROWS:
        return len(rows)
    found = [float(row[measure.column]) for row in rows if row[measure.column] is not None]
    if measure.how is How.SUM:
        return sum(found)
    if not found:
        return None
    match measure.how:
        case How.MEAN:
            return fmean(found)
        case How.SHARE:
            return 100 * fmean(found)
        case _:
            return percentile(sorted(found), 0.5 if measure.how is How.MEDIAN else QUARTILE_90)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which that share lies, between two in proportion: PostgreSQL's percentile_cont, R's type 7."""
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def part(scope: Scope, at: datetime) -> str:
    """Return the first day of the day, week or month in which an instant lies, as YYYY-MM-DD."""
    day = at.astimezone(ZoneInfo(scope.zone)).date()
    if scope.step == "week":
        day -= timedelta(days=day.weekday())
    return (day.replace(day=1) if scope.step == "month" else day).isoformat()


def parts(scope: Scope) -> list[str]:
    """Return the first days of all its parts, in order."""
    found, at = [], scope.start
    while at < scope.end:
        found.append(part(scope, at))
        at += timedelta(days=1)
    return list(dict.fromkeys(found))


def days(first: date, last: date, zone: str) -> Scope:
    """Return the stretch from the beginning of one day to the end of another."""
    start, end = (datetime.combine(day, time(), ZoneInfo(zone)) for day in (first, last + timedelta(days=1)))
    return Scope(start, end, zone)


# What most reports split by.
USUAL: Final = (By.TIME, By.PRIORITY, By.TEAM, By.SERVICE, By.CATEGORY, By.CHANNEL)
LABELS: Final[Mapping[By, Text]] = {
    By.TIME: t("Time"), By.CLOCK: t("Clock"), By.PRIORITY: t("Priority"), By.TEAM: t("Team"), By.SERVICE: t("Service"), By.CATEGORY: t("Category"),
    By.CHANNEL: t("Channel"),
}  # fmt: skip
