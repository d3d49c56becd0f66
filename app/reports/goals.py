"""Read config/goals.toml: the organisation's goals over numbers of reports (app/rules/goals.py)."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from app import reports
from app.rules import tables
from app.rules.goals import FILE, Bound, Goal, Of
from app.rules.kpis import By
from app.rules.tables import At, Reading
from app.settings import settings

KEYS: Final = frozenset({"name", "name_pt", "report", "measure", "by", "part", "target", "from", "until", "counter"})
COUNTER: Final = frozenset({"report", "measure", "by", "part", "at_least", "at_most"})


class GoalFault(ValueError):
    """Goals that cannot be used: the message names the file, the line, the entry and what is allowed."""


def goals() -> tuple[Goal, ...]:
    """Return the organisation's goals, read once; GoalFault when the file is wrong, none when there is none."""
    return _goals(settings().config_dir / FILE)


@cache
def _goals(path: Path) -> tuple[Goal, ...]:
    return load(path) if path.exists() else ()


def load(path: Path) -> tuple[Goal, ...]:
    """Return what a file says."""
    origin, read = tables.opened(path, GoalFault)
    reading = _Reading(origin)
    reading.check_keys((), read, {"goals"})
    return tuple(reading.goal(("goals", key), table) for key, table in reading.tables(("goals",), read.get("goals", {})).items())


class _Reading(Reading):
    fault_type = GoalFault

    def goal(self, at: At, table: Mapping[str, Any]) -> Goal:
        """Return one goal."""
        self.check_keys(at, table, KEYS)
        since, until = (self._day(at, table, key) for key in ("from", "until"))
        if until <= since:
            raise self.fault((*at, "until"), f"until is {until}; it comes after from ({since})")
        counter, place = table.get("counter"), (*at, "counter")
        self.check_keys(place, counter if counter is not None else "", COUNTER)
        assert counter is not None  # noqa: S101  what is none is no table
        bounds = {key: self._number(place, counter, key) for key in ("at_least", "at_most") if key in counter}
        if not bounds:
            raise self.fault(place, "counter needs at_least or at_most")
        of = self._of(at, table)
        wants = next(each.wants for each in reports.all_of_them()[of.report].measures if each.key == of.measure)
        if not wants:
            raise self.fault((*at, "measure"), f"neither more nor less of {of.measure} is better: choose another measure")
        return Goal(str(at[1]), self.name(at, table), of, self._number(at, table, "target"), since, until, Bound(self._of(place, counter), **bounds))

    def _of(self, at: At, table: Mapping[str, Any]) -> Of:
        known = reports.all_of_them()
        report = known.get(str(table.get("report")))
        if report is None:
            raise self.fault((*at, "report"), f"report is {table.get('report')!r}; there are: {', '.join(known)}")
        measures = [each.key for each in report.measures]
        if table.get("measure") not in measures:
            raise self.fault((*at, "measure"), f"measure is {table.get('measure')!r}; {report.key} has: {', '.join(measures)}")
        splits = [each.value for each in report.by if each is not By.TIME]
        if ("by" in table) != ("part" in table) or table.get("by", splits[0] if splits else "") not in [*splits, ""]:
            raise self.fault((*at, "by"), f"by and part go together; {report.key} is split by: {', '.join(splits)}")
        return Of(report.key, str(table["measure"]), str(table.get("by", "")), str(table.get("part", "")))

    def _day(self, at: At, table: Mapping[str, Any], key: str) -> date:
        if type(table.get(key)) is not date:
            raise self.fault((*at, key), f"{key} is {table.get(key)!r}; write a day without quotes, such as 2026-12-31")
        day: date = table[key]
        return day

    def _number(self, at: At, table: Mapping[str, Any], key: str) -> float:
        if type(table.get(key)) not in {int, float}:
            raise self.fault((*at, key), f"{key} is {table.get(key)!r}; write a number")
        return float(table[key])
