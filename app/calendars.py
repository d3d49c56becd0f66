"""Read config/calendars.toml into the calendars of rules/hours; holidays come from the library of that name."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays

from app.rules import tables
from app.rules.catalog.source import Source
from app.rules.hours import Calendar, Window, target_parts
from app.settings import settings

FILE = "calendars.toml"
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KEYS: Final = frozenset({"name", "name_pt", "zone", "holidays", "own_days", "closing", "day", *DAYS})
HOLIDAY_YEARS: Final = range(2000, 2051)  # logs are replayed from the past, clocks run a few years ahead
_WINDOW = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class CalendarFault(ValueError):
    """A calendar that cannot be used: the message names the file, the line, the calendar, the key and what is allowed."""


def calendar(name: str | None = None) -> Calendar:
    """Return a calendar by name, by default the one the settings choose; CalendarFault when there is none."""
    name = name or settings().calendar
    known = all_of_them()
    if name not in known:
        raise CalendarFault(f"{FILE}: there is no calendar {name!r}; there are: {', '.join(known)}")
    return known[name]


def all_of_them() -> Mapping[str, Calendar]:
    """Return the organisation's calendars by name, in the order of the file."""
    return _calendars(settings().config_dir / FILE)


def load(path: Path) -> dict[str, Calendar]:
    """Return every calendar of a file by its name; CalendarFault says what is wrong with it."""
    origin, read = tables.opened(path, CalendarFault)
    return {name: _Reading(origin, name).calendar(table) for name, table in read.items()}


@cache
def holidays_of(code: str, year: int, language: str = "") -> Mapping[date, str]:
    """Return the holidays of a country or state in a year, with their names in this language, else in the country's own."""
    if not code:
        return {}
    country, _, state = code.partition("-")
    known = holidays.country_holidays(country, subdiv=state or None)
    spoken = next((each for each in known.supported_languages if each.startswith(language)), known.default_language) if language else None
    return dict(holidays.country_holidays(country, subdiv=state or None, years=year, language=spoken))


@cache
def _calendars(path: Path) -> dict[str, Calendar]:
    return load(path)


class _Reading:
    """One table of the file on its way to a calendar."""

    def __init__(self, origin: Source, name: str) -> None:
        self.origin, self.name = origin, name

    def fault(self, words: object, key: str = "") -> CalendarFault:
        line = self.origin.line((self.name, key) if key else (self.name,))
        return CalendarFault(f"{self.origin.file}:{line}: [{self.name}] {words}")

    def calendar(self, table: Any) -> Calendar:
        if not isinstance(table, dict):
            raise self.fault(f"unknown {self.name}; a calendar is a table: [{self.name}]")
        if unknown := sorted(table.keys() - KEYS):
            raise self.fault(f"unknown {', '.join(unknown)}; allowed: {', '.join(sorted(KEYS))}", unknown[0])
        closing = table.get("closing", "stays")
        if closing not in ("stays", "rolls"):
            raise self.fault(f"closing is {closing!r}; allowed: stays, rolls", "closing")
        week = {day: self._windows(label, table.get(label, [])) for day, label in enumerate(DAYS)}
        public = table.get("holidays", "")
        try:
            return Calendar(
                name=self.name, zone=self._zone(table.get("zone", settings().timezone)), windows=week, public=str(public),
                holidays=self._holidays(public) | self._own_days(table.get("own_days", [])),
                rolls=closing == "rolls", day_minutes=self._day(table.get("day")), title=self._title(table),
            )  # fmt: skip
        except CalendarFault:
            raise
        except ValueError as fault:
            raise self.fault(fault) from fault

    def _title(self, table: Mapping[str, Any]) -> dict[str, str]:
        given = {"en": table.get("name"), "pt": table.get("name_pt")}
        said = {language: words for language, words in given.items() if isinstance(words, str) and words.strip()}
        if len(said) < len(given) and any(words is not None for words in given.values()):
            raise self.fault("name and name_pt go together", "name" if "name" in table else "name_pt")
        return said

    def _zone(self, zone: Any) -> str:
        try:
            return ZoneInfo(zone).key
        except (KeyError, ValueError, TypeError, OSError) as unknown:
            raise self.fault(f"zone {zone!r} is not known; use an IANA name such as America/Sao_Paulo", "zone") from unknown

    def _day(self, text: Any) -> int:
        if text is None:
            return 0
        try:
            days, hours, minutes = target_parts(text)
        except (ValueError, TypeError) as fault:
            raise self.fault(f'day is not a length such as "8h" or "7h 30m": {text!r}', "day") from fault
        if days:
            raise self.fault(f"day is {text!r}; say it in hours and minutes", "day")
        return hours * 60 + minutes

    def _windows(self, day: str, texts: Any) -> tuple[Window, ...]:
        windows = []
        for text in texts if isinstance(texts, list) else [texts]:
            found = _WINDOW.fullmatch(text) if isinstance(text, str) and isinstance(texts, list) else None
            if not found:
                raise self.fault(f'{day} has {text!r}; write windows as ["09:00-12:00", "13:00-18:00"]', day)
            start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
            windows.append((start_hour * 60 + start_minute, end_hour * 60 + end_minute))
        edges = [edge for window in windows for edge in window]
        if edges != sorted(edges) or any(start == end for start, end in windows) or (edges and edges[-1] > 1440):
            raise self.fault(f"{day}: windows must follow each other inside one day; a night is 22:00-24:00 and, the next day, 00:00-06:00", day)
        return tuple(windows)

    def _holidays(self, code: Any) -> frozenset[date]:
        if not code:
            return frozenset()
        try:
            country, _, state = code.partition("-")
            return frozenset(holidays.country_holidays(country, subdiv=state or None, years=HOLIDAY_YEARS))
        except (NotImplementedError, AttributeError) as unknown:
            raise self.fault(f"holidays {code!r} are not known; use a code such as BR or BR-SP", "holidays") from unknown

    def _own_days(self, days: Any) -> frozenset[date]:
        if not isinstance(days, list) or any(type(day) is not date for day in days):
            raise self.fault("own_days takes dates without quotes, such as [2026-12-24]", "own_days")
        return frozenset(days)
