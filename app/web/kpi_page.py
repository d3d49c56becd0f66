"""What a page of a report shows: the stretch of time its address names, its numbers in words, and what is drawn."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from babel.numbers import format_decimal
from flask import Flask

from app.queries.kpis import Line
from app.reports import Report
from app.rules.kpis import By, Measure, Scope, Unit, days, parts
from app.rules.words import Text, t
from app.web.clock_words import clock_name, length
from app.web.incident_words import CHANNELS, category_path
from app.web.preferences import LOCALES, current_language
from app.web.shown import PRIORITIES, day, say, span

PERIODS: Final = {"7d": (7, t("7 days")), "30d": (30, t("30 days")), "90d": (90, t("90 days")), "365d": (365, t("A year"))}
OWN: Final = "own"
USUAL: Final = "30d"
COMPARED: Final = {"before": t("The time before"), "year": t("A year earlier"), "": t("Nothing")}
LONGEST: Final = 3660
DRAWN: Final = 24  # parts in a chart; all of them stand in the table


@dataclass(frozen=True)
class Chosen:
    """What the address asks for; `faults` are sentences about what it could not mean, by field."""

    period: str
    first: date
    last: date
    by: By | None
    compare: str
    zone: str
    faults: Mapping[str, Text]

    @property
    def scope(self) -> Scope:
        """Return the stretch of time."""
        return days(self.first, self.last, self.zone)

    @property
    def other(self) -> Scope | None:
        """Return the stretch it is compared with."""
        if self.compare == "before":
            return self.scope.before
        return days(self.first - timedelta(days=365), self.last - timedelta(days=365), self.zone) if self.compare == "year" else None

    def arguments(self, **more: Any) -> dict[str, Any]:
        """Return what an address says of it; usual choices are left out."""
        own = {"from": self.first.isoformat(), "to": self.last.isoformat()} if self.period == OWN else {}
        said = {"period": self.period if self.period != USUAL else None, **own, "by": self.by.value if self.by else None, "compare": self.compare if self.compare != "before" else None}
        return {key: value for key, value in {**said, **more}.items() if value is not None}


def chosen(arguments: Mapping[str, str], now: datetime, zone: str, by: Sequence[By] = ()) -> Chosen:
    """Return what an address asks for."""
    today, faults = now.date(), {}
    period = arguments.get("period", USUAL)
    first, last = today - timedelta(days=PERIODS.get(period, PERIODS[USUAL])[0] - 1), today
    if period == OWN:
        try:
            first, last = (date.fromisoformat(arguments.get(name, "")) for name in ("from", "to"))
            if not timedelta() <= last - first <= timedelta(days=LONGEST) or first.year < 1990 or last.year > 2100:
                raise ValueError
        except ValueError:
            faults = {"from": t("Give two days, the earlier one first, at most ten years apart.")}
            first, last = today - timedelta(days=29), today
    elif period not in PERIODS:
        period = USUAL
    split = next((each for each in by if each.value == arguments.get("by")), by[0] if by else None)
    compare = arguments.get("compare", "before")
    return Chosen(period, first, last, split, compare if compare in COMPARED else "before", zone, faults)


def init_app(app: Flask) -> None:
    """Let templates write numbers of reports."""
    app.jinja_env.globals.update(kpi_number=number, kpi_change=change)
    app.jinja_env.filters.update(grouped=lambda count: _decimal(count, "#,##0"))


def number(measure: Measure, value: float | None) -> str:
    """Return a number in the reader's own way of writing; a dash where there is nothing to make it of."""
    if value is None:
        return "–"
    match measure.unit:
        case Unit.MINUTES:
            return span(timedelta(minutes=value))
        case Unit.WORK:
            return say(length(timedelta(minutes=value)))
        case Unit.PERCENT:
            return f"{_decimal(value)} %"
        case _:
            return _decimal(value)


def change(measure: Measure, value: float | None, before: float | None) -> tuple[str, str, Text] | None:
    """Return how a number differs from another, whether that is good ("good", "bad" or nothing), and which word says so; None: both are not there."""
    if value is None or before is None:
        return None
    if measure.unit in {Unit.PERCENT, Unit.POINTS}:
        told = _decimal(abs(value - before)) + (" pp" if measure.unit is Unit.PERCENT else "")
    elif before:
        told = f"{_decimal(100 * abs(value - before) / before, '#,##0')} %"
    else:
        told = number(measure, abs(value - before))
    if abs(value - before) < 0.05:
        return "0", "", t("the same")
    is_more = value > before
    tone = "" if not measure.wants else "good" if is_more == (measure.wants > 0) else "bad"
    return f"{'+' if is_more else '−'}{told}", tone, {"good": t("better"), "bad": t("worse"), "": t("more") if is_more else t("less")}[tone]


def namer(by: By | None, teams: Mapping[str, str]) -> Callable[[str], str]:
    """Return what names the parts of a split."""
    def name(key: str) -> str:
        if key == "":
            return say(t("None"))
        match by:
            case By.TIME:
                return day(date.fromisoformat(key))
            case By.PRIORITY:
                return f"P{key} {say(PRIORITIES[int(key)])}" if key.isdecimal() and int(key) in PRIORITIES else key
            case By.TEAM:
                return teams.get(key, key)
            case By.CATEGORY:
                return category_path(key)
            case By.CHANNEL:
                return say(CHANNELS[key]) if key in CHANNELS else key
            case By.CLOCK:
                return clock_name(key)
            case _:
                return key

    return name


def ordered(by: By | None, lines: Sequence[Line], scope: Scope) -> list[Line]:
    """Return the parts as people read them: time and priority in their order, others by how much they hold; days on which nothing was have a line."""
    if by is By.TIME:
        found = {line.key: line for line in lines}
        return [found.get(key) or Line(key, 0, {}) for key in parts(scope)]
    if by is By.PRIORITY:
        return sorted(lines, key=lambda line: line.key or "9")
    return sorted(lines, key=lambda line: (-line.volume, line.key))


def chart(report: Report, chosen: Chosen, lines: Sequence[Line], others: Mapping[str, Line], name: Callable[[str], str]) -> str:
    """Return what is drawn, as JSON: the headline of each part and, beside it, of the other stretch of time."""
    measure = report.headline
    drawn = lines if chosen.by is By.TIME else lines[:DRAWN]
    series: list[tuple[str, list[float | None]]] = [(say(measure.label), [line.values.get(measure.key) for line in drawn])]
    if chosen.other is not None and chosen.by is not By.TIME:
        beside = [others[line.key].values.get(measure.key) if line.key in others else None for line in drawn]
        series.append((say(COMPARED[chosen.compare]), beside))
    said = [[number(measure, value) for value in values] for _, values in series]
    return json.dumps({"kind": "line" if chosen.by is By.TIME else "bar", "labels": [name(line.key) for line in drawn], "series": [{"name": title, "values": values} for title, values in series], "said": said,
                       "percent": measure.unit is Unit.PERCENT, "hours": measure.unit in {Unit.MINUTES, Unit.WORK}, "label": say(report.title)})  # fmt: skip


def points(lines: Sequence[Line], measure: Measure) -> str:
    """Return the points of a small line, in a box of 100 by 24; empty where there are too few."""
    values = [line.values.get(measure.key) for line in lines]
    known = [value for value in values if value is not None]
    if len(known) < 3 or max(known) == min(known):
        return ""
    low, wide = min(known), max(known) - min(known)
    return " ".join(f"{100 * place / (len(values) - 1):.1f},{22 - 20 * (value - low) / wide:.1f}" for place, value in enumerate(values) if value is not None)


def _decimal(value: float, pattern: str = "#,##0.#") -> str:
    return str(format_decimal(value, pattern, locale=LOCALES[current_language()]))
