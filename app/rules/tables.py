"""What readers of the organisation's TOML files share: the tables of a file, and faults that name file, line, entry and what is allowed."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.rules.catalog import source
from app.rules.catalog.items import Translated
from app.rules.catalog.source import Source
from app.rules.hours import Calendar, parse_target

At = tuple[str | int, ...]
"""Where in a file something stands: ("clocks", "resolution", "targets", 2, "priority")."""


def opened(path: Path, fault: type[ValueError]) -> tuple[Source, Mapping[str, Any]]:
    """Return a file's text and what it says; this fault where it is no TOML."""
    origin = Source(path.name, path.read_text("utf-8"))
    read = source.read(origin)
    if not isinstance(read, dict):
        line, words = read
        raise fault(f"{path.name}:{line}: {words}; look for a missing quote, bracket or = sign")
    return origin, read


class Reading:
    """A file on its way to values of ours. Each function returns a value that may be used, or raises `fault_type`."""

    fault_type: type[ValueError] = ValueError

    def __init__(self, origin: Source) -> None:
        """Begin with the text of the file."""
        self.origin = origin

    def line(self, at: At) -> int:
        """Return the line where it stands."""
        return self.origin.line(at)

    def entry(self, at: At) -> str:
        """Return which entry of the file it is, in words; empty: the file itself."""
        return f"[{'.'.join(str(part) for part in at[:2])}]"

    def fault(self, at: At, words: object) -> ValueError:
        """Return the fault to raise."""
        entry = self.entry(at)
        return self.fault_type(f"{self.origin.file}:{self.line(at)}: {entry}{' ' if entry else ''}{words}")

    def check_keys(self, at: At, table: Any, allowed: Collection[str]) -> None:
        """Let through a table that has only keys of these."""
        if not isinstance(table, dict):
            raise self.fault(at, "a table is needed here")
        if unknown := sorted(table.keys() - set(allowed)):
            raise self.fault((*at, unknown[0]), f"unknown {unknown[0]}; allowed: {', '.join(sorted(allowed))}")

    def tables(self, at: At, found: Any) -> Mapping[str, Mapping[str, Any]]:
        """Return tables by their keys."""
        if not isinstance(found, dict) or not all(isinstance(table, dict) for table in found.values()):
            raise self.fault(at, f"each entry is a table of its own: [{at[0]}.<key>]")
        return found

    def name(self, at: At, table: Mapping[str, Any]) -> Translated:
        """Return what people read, in both languages."""
        found = Translated({"en": table.get("name", ""), "pt": table.get("name_pt", "")})
        if not all(isinstance(each, str) and each.strip() for each in found.values()):
            raise self.fault(at, "needs name and name_pt")
        return found

    def one(self, at: At, table: Mapping[str, Any], key: str, allowed: type[StrEnum], usual: str | None = None) -> str:
        """Return one of these words."""
        value, words = table.get(key, usual), [each.value for each in allowed]
        if not isinstance(value, str) or value not in words:
            raise self.fault((*at, key), f"{key} is {'missing' if value is None else repr(value)}; allowed: {', '.join(words)}")
        return value

    def words(self, at: At, table: Mapping[str, Any], key: str, allowed: Collection[str]) -> frozenset[str]:
        """Return some of these words."""
        found = table.get(key)
        if not isinstance(found, list) or not found or any(not isinstance(each, str) or each not in allowed for each in found):
            raise self.fault((*at, key), f"{key} is {found!r}; write a list of: {', '.join(sorted(allowed))}")
        return frozenset(found)

    def switch(self, at: At, table: Mapping[str, Any], key: str, *, usual: bool) -> bool:
        """Return true or false."""
        value = table.get(key, usual)
        if not isinstance(value, bool):
            raise self.fault((*at, key), f"{key} is {value!r}; allowed: true, false")
        return value

    def fits(self, at: At, value: Any, key: str, allowed: Mapping[str, Collection[Any]]) -> frozenset[Any]:
        """Return which priorities, kinds, services, … something is for: one or several; by `key`, those that are `allowed`."""
        found = value if isinstance(value, list) else [value]
        for each in found:
            if type(each) is not (int if key == "priority" else str) or (key in allowed and each not in allowed[key]):
                among = f"; allowed: {', '.join(map(str, sorted(allowed[key])))}" if key in allowed else "; a key is needed"
                raise self.fault(at, f"{key} is {each!r}{among}")
        if not found:
            raise self.fault(at, f"{key} is empty; leave it out where it does not matter")
        return frozenset(found)

    def length(self, at: At, key: str, text: Any, calendar: Calendar, more: str = "") -> int:
        """Return minutes of working time; `more` is what else is allowed, in words."""
        try:
            return parse_target(text, calendar)
        except (ValueError, TypeError) as wrong:
            raise self.fault(at, f'{key} is {text!r}; write working time such as "30m", "8h" or "2d 4h"{more}') from wrong
