"""Read config/sla.toml: which clocks run on which records, and what each promises (app/rules/sla.py)."""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from app import calendars
from app.practice import practice
from app.rules import fulfilment, sla, tables
from app.rules.catalog.source import Source
from app.rules.hours import Calendar
from app.rules.lifecycle import RecordKind
from app.rules.sla import FILE, OF_ITEM, Agreement, Contract, Definition, Each, Measure, Target, Type
from app.rules.tables import At, Reading
from app.settings import settings

CONDITIONS: Final = ("start", "pause", "stop", "cancel")
CLOCK_KEYS: Final = frozenset({
    "name", "name_pt", "measures", "type", "kinds", "each", "goes_on", "retroactive", "thresholds", "calendar", "targets", *CONDITIONS,
})  # fmt: skip
TARGET_KEYS: Final = {"kind": "kinds", "priority": "priorities", "service": "services", "contract": "contracts", "item": "items"}
CONTRACT_KEYS: Final = frozenset({"name", "name_pt", "services", "pause"})


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
    origin, read = tables.opened(path, SlaFault)
    return _Reading(origin, known, frozenset(reasons)).agreement(read)


class _Reading(Reading):
    """The file on its way to clocks."""

    fault_type = SlaFault

    def __init__(self, origin: Source, known: Mapping[str, Calendar], reasons: frozenset[str]) -> None:
        super().__init__(origin)
        self.known, self.reasons = known, reasons
        self.contracts: tuple[Contract, ...] = ()

    def entry(self, at: At) -> str:
        return super().entry(at) + (f" target {int(at[3]) + 1}:" if len(at) > 3 and at[2] == "targets" else "")

    def line(self, at: At) -> int:
        """Return where it stands; targets may be written as a list of { } with a line each."""
        line, lines = super().line(at), self.origin.text.split("\n")
        if len(at) > 3 and at[2] == "targets" and lines[line - 1].lstrip().startswith("targets"):
            entries = [number for number, text in enumerate(lines[line:], line + 1) if text.lstrip().startswith("{")]
            return entries[int(at[3])] if int(at[3]) < len(entries) else line
        return line

    def agreement(self, read: Mapping[str, Any]) -> Agreement:
        if unknown := sorted(read.keys() - {"clocks", "contracts"}):
            raise self.fault((unknown[0],), f"unknown {unknown[0]}; allowed: [clocks.<key>], [contracts.<key>]")
        clocks = self.tables(("clocks",), read.get("clocks", {}))
        agreed = self.tables(("contracts",), read.get("contracts", {}))
        self.contracts = tuple(self._contract(("contracts", key), table, clocks) for key, table in agreed.items())
        return Agreement(tuple(self._definition(("clocks", key), table) for key, table in clocks.items()), self.contracts)

    def _definition(self, at: At, table: Mapping[str, Any]) -> Definition:
        self.check_keys(at, table, CLOCK_KEYS)
        kinds = self.words(at, table, "kinds", {*RecordKind})
        said = {place: self._conditions((*at, place), place, table.get(place, []), kinds) for place in CONDITIONS}
        for place in ("start", "stop"):
            if not said[place]:
                raise self.fault((*at, place), f"{place} is missing; allowed: {', '.join(sla.words(place, kinds, self.reasons))}")
        each = Each(self.one(at, table, "each", Each, Each.RECORD))
        if (sla.Sign.GIVEN in said["start"]) != (each is Each.TEAM):
            raise self.fault((*at, "each"), 'start = ["given"] and each = "team" go together')
        targets = table.get("targets", [])
        if not isinstance(targets, list) or not targets:
            raise self.fault((*at, "targets"), f'without a target it never runs: add [[{".".join(map(str, at))}.targets]] with target = "8h"')
        return Definition(
            key=str(at[1]), name=self.name(at, table), measure=Measure(self.one(at, table, "measures", Measure)),
            type=Type(self.one(at, table, "type", Type)), kinds=kinds, each=each, thresholds=self._thresholds(at, table),
            goes_on=self.switch(at, table, "goes_on", usual=False), retroactive=self.switch(at, table, "retroactive", usual=True),
            targets=tuple(self._target((*at, "targets", n), one, kinds, table) for n, one in enumerate(targets)), **said,
        )  # fmt: skip

    def _target(self, at: At, table: Any, kinds: frozenset[str], clock: Mapping[str, Any]) -> Target:
        if not isinstance(table, dict):
            raise self.fault(at, f"a target is a table: [[{at[0]}.{at[1]}.targets]]")
        self.check_keys(at, table, frozenset({*TARGET_KEYS, "target", "calendar", "start"}))
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
        hint = ', or "item" for what the catalogue promises' if RecordKind.ITEM in kinds else ""
        return self.length((*at, "target"), "target", text, calendar, hint)

    def _values(self, at: At, table: Mapping[str, Any], key: str, kinds: frozenset[str]) -> frozenset[Any]:
        if key not in table:
            return frozenset()
        contracts = [each.key for each in self.contracts]
        return self.fits((*at, key), table[key], key, {"priority": range(1, 6), "kind": kinds, "contract": contracts})

    def _contract(self, at: At, table: Mapping[str, Any], clocks: Mapping[str, Any]) -> Contract:
        self.check_keys(at, table, CONTRACT_KEYS)
        services, pause = table.get("services"), table.get("pause", {})
        if not isinstance(services, list) or not services or not all(isinstance(each, str) for each in services):
            raise self.fault((*at, "services"), 'services must be a list of keys of services, such as ["mail"]')
        if unknown := sorted(pause.keys() - clocks.keys()) if isinstance(pause, dict) else [repr(pause)]:
            raise self.fault((*at, "pause"), f"pause names the clocks that pause at more: {', '.join(clocks)}; not {unknown[0]}")
        more = {}
        for key, words in pause.items():
            kinds = self.words(("clocks", key), clocks[key], "kinds", {*RecordKind})
            more[key] = self._conditions((*at, "pause", key), "pause", words, kinds)
        return Contract(str(at[1]), self.name(at, table), frozenset(services), more)

    def _conditions(self, at: At, place: str, given: Any, kinds: frozenset[str]) -> frozenset[str]:
        for word in given if isinstance(given, list) else [given]:
            if not isinstance(given, list) or not isinstance(word, str) or not sla.known(place, word, kinds, self.reasons):
                raise self.fault(at, f"{place} has {word!r}; write a list of: {', '.join(sla.words(place, kinds, self.reasons))}")
        return frozenset(given)

    def _thresholds(self, at: At, table: Mapping[str, Any]) -> tuple[int, ...]:
        found = table.get("thresholds", list(sla.THRESHOLDS))
        if not isinstance(found, list) or any(type(each) is not int or not 1 <= each <= 1000 for each in found) or found != sorted(set(found)):
            raise self.fault((*at, "thresholds"), f"thresholds is {found!r}; write percents of the target in rising order, such as [50, 75, 100]")
        return tuple(found)
