"""Read config/calendars.toml into the calendars of rules/hours; holidays come from the library of that name."""

import re
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays

from app.rules.hours import Calendar, Window, target_parts
from app.settings import settings

FILE = "calendars.toml"
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KEYS: Final = frozenset({"zone", "holidays", "own_days", "closing", "day", *DAYS})
HOLIDAY_YEARS: Final = range(2000, 2051)  # logs are replayed from the past, clocks run a few years ahead
_WINDOW = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class CalendarFault(ValueError):
    """A calendar that cannot be used: the message names the file, the calendar, the key and what is allowed."""


def calendar(name: str | None = None) -> Calendar:
    """Return a calendar by name, by default the one the settings choose; CalendarFault when there is none."""
    name = name or settings().calendar
    known = _calendars(settings().config_dir / FILE)
    if name not in known:
        raise CalendarFault(f"{FILE}: there is no calendar {name!r}; there are: {', '.join(known)}")
    return known[name]


def load(path: Path) -> dict[str, Calendar]:
    """Return every calendar of a file by its name; CalendarFault says what is wrong with it."""
    try:
        read = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as fault:
        raise CalendarFault(f"{path.name}: {fault}") from fault
    return {name: _calendar(f"{path.name} [{name}]", name, table) for name, table in read.items()}


@cache
def _calendars(path: Path) -> dict[str, Calendar]:
    return load(path)


def _calendar(where: str, name: str, table: Any) -> Calendar:
    if not isinstance(table, dict) or not table.keys() <= KEYS:
        unknown = sorted(table.keys() - KEYS) if isinstance(table, dict) else [name]
        raise CalendarFault(f"{where}: unknown {', '.join(unknown)}; allowed: {', '.join(sorted(KEYS))}")
    closing = table.get("closing", "stays")
    if closing not in ("stays", "rolls"):
        raise CalendarFault(f"{where}: closing is {closing!r}; allowed: stays, rolls")
    zone = table.get("zone", settings().timezone)
    try:
        ZoneInfo(zone)
        days, hours, minutes = target_parts(table["day"]) if "day" in table else (0, 0, 0)
        return Calendar(
            name=name,
            zone=zone,
            windows={day: _windows(where, label, table.get(label, [])) for day, label in enumerate(DAYS)},
            holidays=_holidays(where, table.get("holidays", "")) | _own_days(where, table.get("own_days", [])),
            rolls=closing == "rolls",
            day_minutes=days * 1440 + hours * 60 + minutes,
        )
    except CalendarFault:
        raise
    except (KeyError, ValueError, TypeError, OSError) as fault:
        raise CalendarFault(f"{where}: {fault}") from fault


def _windows(where: str, day: str, texts: list[str]) -> tuple[Window, ...]:
    windows = []
    for text in texts:
        found = _WINDOW.fullmatch(text)
        if not found:
            raise CalendarFault(f'{where}: {day} has {text!r}; write windows as "09:00-12:00"')
        start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
        windows.append((start_hour * 60 + start_minute, end_hour * 60 + end_minute))
    return tuple(windows)


def _holidays(where: str, code: str) -> frozenset[date]:
    if not code:
        return frozenset()
    country, _, state = code.partition("-")
    try:
        return frozenset(holidays.country_holidays(country, subdiv=state or None, years=HOLIDAY_YEARS))
    except NotImplementedError as unknown:
        raise CalendarFault(f"{where}: holidays {code!r} are not known; use a code such as BR or BR-SP") from unknown


def _own_days(where: str, days: list[Any]) -> frozenset[date]:
    if any(type(day) is not date for day in days):
        raise CalendarFault(f"{where}: own_days takes dates without quotes, such as 2026-12-24")
    return frozenset(days)
