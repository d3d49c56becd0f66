"""Read config/closure.toml: what comes after a resolution, and which closed incidents are read again (app/rules/closure.py)."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from app import calendars, practice
from app.practice import Practice
from app.rules import tables
from app.rules.catalog.items import Translated
from app.rules.closure import Check, Closing, Quality, Window
from app.rules.tables import At, Reading
from app.settings import settings

FILE: Final = "closure.toml"


class Count(StrEnum):
    """How days after a resolution are counted."""

    CALENDAR = "calendar"
    WORKING = "working"


class ClosureFault(ValueError):
    """A file that cannot be used: the message names the file, the line, the entry and what is allowed."""


def closing() -> Closing:
    """Return what comes after a resolution, read once; without the file it only closes. ClosureFault when the file is wrong."""
    return _loaded(settings().config_dir)[0]


def quality() -> Quality:
    """Return which closed incidents are read again, read once."""
    return _loaded(settings().config_dir)[1]


@cache
def _loaded(folder: Path) -> tuple[Closing, Quality]:
    return load(folder / FILE, practice.practice())


def load(path: Path, known: Practice) -> tuple[Closing, Quality]:
    """Return what a file says; `known` has the codes and categories it may name, and for how many days a resolution stands open."""
    if not path.exists():
        return Closing(Window(known.reopen_days)), Quality()
    origin, read = tables.opened(path, ClosureFault)
    reading = _Reading(origin)
    reading.check_keys((), read, {"closing", "review", "quality"})
    return reading.closing(known, read.get("closing", {}), read.get("review", {})), reading.quality(read.get("quality", {}))


class _Reading(Reading):
    fault_type = ClosureFault

    def entry(self, at: At) -> str:
        """Return the table of the file, and which question."""
        return f"[{at[0]}]" + (f" question {int(at[2]) + 1}:" if len(at) > 2 else "") if at else ""

    def closing(self, known: Practice, table: Mapping[str, Any], review: Mapping[str, Any]) -> Closing:
        """Return what the first two tables say."""
        at = ("review",)
        self.check_keys(("closing",), table, {"count", "calendar", "remind_days"})
        self.check_keys(at, review, {
            "after_minutes", "checks", "least_notes", "empty_notes", "cause_codes", "affected_categories", "earlier_days"})  # fmt: skip
        days = known.reopen_days
        return Closing(
            window=Window(days, self._calendar(table)), remind_days=int(self._number(("closing",), table, "remind_days", 0, max(0, days - 1))),
            review_minutes=int(self._number(at, review, "after_minutes", 1, 1440, 15)),
            checks=tuple(check for check in Check if check.value in self._some(at, review, "checks", [each.value for each in Check])),
            least_notes=int(self._number(at, review, "least_notes", 0, 1000)), empty_notes=frozenset(map(str.casefold, self._some(at, review, "empty_notes"))),
            cause_codes=self._some(at, review, "cause_codes", known.codes), affected_categories=self._some(at, review, "affected_categories", known.categories),
            earlier_days=int(self._number(at, review, "earlier_days", 1, 3650, 90)),
        )  # fmt: skip

    def quality(self, table: Mapping[str, Any]) -> Quality:
        """Return what the last table says."""
        at = ("quality",)
        self.check_keys(at, table, {"percent", "majors", "questions"})
        asked = table.get("questions", [])
        if not isinstance(asked, list):
            raise self.fault((*at, "questions"), "each question is a table of its own: [[quality.questions]]")
        questions = dict(self._question((*at, "questions", place), each) for place, each in enumerate(asked))
        if len(questions) < len(asked):
            raise self.fault((*at, "questions"), "two questions have the same key")
        return Quality(self._number(at, table, "percent", 0, 100), self.switch(at, table, "majors", usual=False), questions)

    def _question(self, at: At, table: Any) -> tuple[str, Translated]:
        self.check_keys(at, table, {"key", "text", "text_pt"})
        if wrong := next((name for name in ("key", "text", "text_pt") if not isinstance(table.get(name), str) or not table[name].strip()), None):
            raise self.fault(at, f"needs {wrong}")
        return table["key"], Translated({"en": table["text"], "pt": table["text_pt"]})

    def _calendar(self, table: Mapping[str, Any]) -> Any:
        at = ("closing",)
        if self.one(at, table, "count", Count, Count.CALENDAR) == Count.CALENDAR:
            if "calendar" in table:
                raise self.fault((*at, "calendar"), 'calendar goes with count = "working"')
            return None
        try:
            return calendars.calendar(table.get("calendar"))
        except calendars.CalendarFault as wrong:
            raise self.fault((*at, "calendar"), wrong) from wrong

    def _number(self, at: At, table: Mapping[str, Any], key: str, least: int, most: int, usual: int | None = None) -> float:
        value = table.get(key, least if usual is None else usual)
        if type(value) not in ((int, float) if key == "percent" else (int,)) or not least <= value <= most:
            raise self.fault((*at, key), f"{key} is {value!r}; allowed: a number from {least} to {most}")
        return float(value)

    def _some(self, at: At, table: Mapping[str, Any], key: str, allowed: Collection[str] | None = None) -> frozenset[str]:
        found = table.get(key, [])
        if not isinstance(found, list) or any(not isinstance(each, str) or (allowed is not None and each not in allowed) for each in found):
            among = f" of: {', '.join(sorted(allowed))}" if allowed is not None else ""
            raise self.fault((*at, key), f"{key} is {found!r}; write a list{among}")
        return frozenset(found)
