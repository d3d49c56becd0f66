"""Read config/sla.toml: which clocks run on which records, and what each promises (app/rules/sla.py)."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from app import calendars
from app.practice import practice
from app.rules import fulfilment, sla
from app.rules.catalog import source
from app.rules.catalog.items import Translated
from app.rules.catalog.source import Source
from app.rules.hours import Calendar, parse_target
from app.rules.lifecycle import RecordKind
from app.rules.sla import FILE, OF_ITEM, Agreement, Contract, Definition, Each, Measure, Target, Type
from app.settings import settings

CONDITIONS: Final = ("start", "pause", "stop", "cancel")
CLOCK_KEYS: Final = frozenset({
    "name", "name_pt", "measures", "type", "kinds", "each", "goes_on", "retroactive", "thresholds", "calendar", "targets", *CONDITIONS,
})  # fmt: skip
TARGET_KEYS: Final = {"kind": "kinds", "priority": "priorities", "service": "services", "contract": "contracts", "item": "items"}
CONTRACT_KEYS: Final = frozenset({"name", "name_pt", "services", "pause"})
At = tuple[str | int, ...]


class SlaFault(ValueError):
    """Definitions that cannot be used: the message names the file, the line, the entry, the key and what is allowed."""


def agreement() -> Agreement:
    """Return the organisation's clocks, read once; SlaFault when the file is wrong, none when there is no file."""
    return _agreement(settings().config_dir / FILE)


@cache
def _agreement(path: Path) -> Agreement:
    return load(path, calendars.all_of_them(), {*practice().holds, *fulfilment.HOLD_REASONS}) if path.exists() else Agreement()


def load(path: Path, known: Mapping[str, Calendar], reasons: Collection[str]) -> Agreement:
    """Return what a file says; `known` are the calendars it may name, `reasons` what records wait for."""
    origin = Source(path.name, path.read_text("utf-8"))
    read = source.read(origin)
    if not isinstance(read, dict):
        line, words = read
        raise SlaFault(f"{path.name}:{line}: {words}; look for a missing quote, bracket or = sign")
    return _Reading(origin, known, frozenset(reasons)).agreement(read)


class _Reading:
    """The file on its way to clocks."""

    def __init__(self, origin: Source, known: Mapping[str, Calendar], reasons: frozenset[str]) -> None:
        self.origin, self.known, self.reasons = origin, known, reasons
        self.contracts: tuple[Contract, ...] = ()

    def fault(self, at: At, words: object) -> SlaFault:
        entry = ".".join(str(part) for part in at[:2])
        which = f"target {int(at[3]) + 1}: " if len(at) > 3 and at[2] == "targets" else ""
        return SlaFault(f"{self.origin.file}:{self._line(at)}: [{entry}] {which}{words}")

    def _line(self, at: At) -> int:
        """Return where it stands; targets may be written as a list of { } with a line each."""
        line, lines = self.origin.line(at), self.origin.text.split("\n")
        if len(at) > 3 and at[2] == "targets" and lines[line - 1].lstrip().startswith("targets"):
            entries = [number for number, text in enumerate(lines[line:], line + 1) if text.lstrip().startswith("{")]
            return entries[int(at[3])] if int(at[3]) < len(entries) else line
        return line

    def agreement(self, read: Mapping[str, Any]) -> Agreement:
        if unknown := sorted(read.keys() - {"clocks", "contracts"}):
            raise self.fault((unknown[0],), f"unknown {unknown[0]}; allowed: [clocks.<key>], [contracts.<key>]")
        clocks = self._tables(("clocks",), read.get("clocks", {}))
        agreed = self._tables(("contracts",), read.get("contracts", {}))
        self.contracts = tuple(self._contract(("contracts", key), table, clocks) for key, table in agreed.items())
        return Agreement(tuple(self._definition(("clocks", key), table) for key, table in clocks.items()), self.contracts)

    def _definition(self, at: At, table: Mapping[str, Any]) -> Definition:
        self._check_keys(at, table, CLOCK_KEYS)
        kinds = self._words(at, table, "kinds", {*RecordKind})
        said = {place: self._conditions((*at, place), place, table.get(place, []), kinds) for place in CONDITIONS}
        for place in ("start", "stop"):
            if not said[place]:
                raise self.fault((*at, place), f"{place} is missing; allowed: {', '.join(sla.words(place, kinds, self.reasons))}")
        each = Each(self._one(at, table, "each", Each, Each.RECORD))
        if (sla.Sign.GIVEN in said["start"]) != (each is Each.TEAM):
            raise self.fault((*at, "each"), 'start = ["given"] and each = "team" go together')
        targets = table.get("targets", [])
        if not isinstance(targets, list) or not targets:
            raise self.fault((*at, "targets"), f'without a target it never runs: add [[{".".join(map(str, at))}.targets]] with target = "8h"')
        return Definition(
            key=str(at[1]), name=self._name(at, table), measure=Measure(self._one(at, table, "measures", Measure)),
            type=Type(self._one(at, table, "type", Type)), kinds=kinds, each=each, thresholds=self._thresholds(at, table),
            goes_on=self._switch(at, table, "goes_on", usual=False), retroactive=self._switch(at, table, "retroactive", usual=True),
            targets=tuple(self._target((*at, "targets", n), one, kinds, table) for n, one in enumerate(targets)), **said,
        )  # fmt: skip

    def _target(self, at: At, table: Any, kinds: frozenset[str], clock: Mapping[str, Any]) -> Target:
        if not isinstance(table, dict):
            raise self.fault(at, f"a target is a table: [[{at[0]}.{at[1]}.targets]]")
        self._check_keys(at, table, frozenset({*TARGET_KEYS, "target", "calendar", "start"}))
        named = {"calendar": table["calendar"]} if "calendar" in table else clock
        calendar = self.known.get(name := named.get("calendar", settings().calendar))
        if calendar is None:
            raise self.fault((*at, "calendar"), f"there is no calendar {name!r}; there are: {', '.join(self.known)}")
        fits: dict[str, Any] = {theirs: self._values(at, table, ours, kinds) for ours, theirs in TARGET_KEYS.items()}
        start = self._conditions((*at, "start"), "start", table.get("start", []), kinds)
        return Target(calendar, self._minutes(at, table.get("target"), calendar, kinds), start=start, **fits)

    def _minutes(self, at: At, text: Any, calendar: Calendar, kinds: frozenset[str]) -> int | None:
        if text == OF_ITEM and kinds == {RecordKind.ITEM}:
            return None
        try:
            return parse_target(text, calendar)
        except (ValueError, TypeError) as fault:
            hint = ', or "item" for what the catalogue promises' if RecordKind.ITEM in kinds else ""
            raise self.fault((*at, "target"), f'target is {text!r}; write working time such as "30m", "8h" or "2d 4h"{hint}') from fault

    def _values(self, at: At, table: Mapping[str, Any], key: str, kinds: frozenset[str]) -> frozenset[Any]:
        if key not in table:
            return frozenset()
        found = table[key] if isinstance(table[key], list) else [table[key]]
        allowed: dict[str, Collection[Any]] = {"priority": range(1, 6), "kind": kinds, "contract": [each.key for each in self.contracts]}
        for value in found:
            if type(value) is not (int if key == "priority" else str) or (key in allowed and value not in allowed[key]):
                among = f"; allowed: {', '.join(map(str, sorted(allowed[key])))}" if key in allowed else "; a key is needed"
                raise self.fault((*at, key), f"{key} is {value!r}{among}")
        if not found:
            raise self.fault((*at, key), f"{key} is empty; leave it out where it does not matter")
        return frozenset(found)

    def _contract(self, at: At, table: Mapping[str, Any], clocks: Mapping[str, Any]) -> Contract:
        self._check_keys(at, table, CONTRACT_KEYS)
        services, pause = table.get("services"), table.get("pause", {})
        if not isinstance(services, list) or not services or not all(isinstance(each, str) for each in services):
            raise self.fault((*at, "services"), 'services must be a list of keys of services, such as ["mail"]')
        if unknown := sorted(pause.keys() - clocks.keys()) if isinstance(pause, dict) else [repr(pause)]:
            raise self.fault((*at, "pause"), f"pause names the clocks that pause at more: {', '.join(clocks)}; not {unknown[0]}")
        more = {}
        for key, words in pause.items():
            kinds = self._words(("clocks", key), clocks[key], "kinds", {*RecordKind})
            more[key] = self._conditions((*at, "pause", key), "pause", words, kinds)
        return Contract(str(at[1]), self._name(at, table), frozenset(services), more)

    def _conditions(self, at: At, place: str, given: Any, kinds: frozenset[str]) -> frozenset[str]:
        for word in given if isinstance(given, list) else [given]:
            if not isinstance(given, list) or not isinstance(word, str) or not sla.known(place, word, kinds, self.reasons):
                raise self.fault(at, f"{place} has {word!r}; write a list of: {', '.join(sla.words(place, kinds, self.reasons))}")
        return frozenset(given)

    def _words(self, at: At, table: Mapping[str, Any], key: str, allowed: Collection[str]) -> frozenset[str]:
        found = table.get(key)
        if not isinstance(found, list) or not found or any(not isinstance(each, str) or each not in allowed for each in found):
            raise self.fault((*at, key), f"{key} is {found!r}; write a list of: {', '.join(sorted(allowed))}")
        return frozenset(found)

    def _one(self, at: At, table: Mapping[str, Any], key: str, allowed: type[StrEnum], usual: str | None = None) -> str:
        value, words = table.get(key, usual), [each.value for each in allowed]
        if not isinstance(value, str) or value not in words:
            raise self.fault((*at, key), f"{key} is {'missing' if value is None else repr(value)}; allowed: {', '.join(words)}")
        return value

    def _switch(self, at: At, table: Mapping[str, Any], key: str, *, usual: bool) -> bool:
        value = table.get(key, usual)
        if not isinstance(value, bool):
            raise self.fault((*at, key), f"{key} is {value!r}; allowed: true, false")
        return value

    def _thresholds(self, at: At, table: Mapping[str, Any]) -> tuple[int, ...]:
        found = table.get("thresholds", list(sla.THRESHOLDS))
        if not isinstance(found, list) or any(type(each) is not int or not 1 <= each <= 1000 for each in found) or found != sorted(set(found)):
            raise self.fault((*at, "thresholds"), f"thresholds is {found!r}; write percents of the target in rising order, such as [50, 75, 100]")
        return tuple(found)

    def _name(self, at: At, table: Mapping[str, Any]) -> Translated:
        found = Translated({"en": table.get("name", ""), "pt": table.get("name_pt", "")})
        if not all(isinstance(each, str) and each.strip() for each in found.values()):
            raise self.fault(at, "needs name and name_pt")
        return found

    def _tables(self, at: At, found: Any) -> Mapping[str, Mapping[str, Any]]:
        if not isinstance(found, dict) or not all(isinstance(table, dict) for table in found.values()):
            raise self.fault(at, f"each entry is a table of its own: [{at[0]}.<key>]")
        return found

    def _check_keys(self, at: At, table: Mapping[str, Any], allowed: frozenset[str]) -> None:
        if unknown := sorted(table.keys() - allowed):
            raise self.fault((*at, unknown[0]), f"unknown {unknown[0]}; allowed: {', '.join(sorted(allowed))}")
