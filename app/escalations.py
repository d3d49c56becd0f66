"""Read config/escalations.toml: what happens as the time of a clock is used up (app/rules/ladders.py)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import time
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from app import calendars, sla
from app.rules import tables
from app.rules.catalog.source import Source
from app.rules.hours import parse_target
from app.rules.ladders import FILE, LEAD, PRIORITY, ROLE, TEAM, TIER, Ladder, Ladders, Step, Who
from app.rules.lifecycle import RecordKind
from app.rules.news import Quiet
from app.rules.sla import Agreement, Definition
from app.rules.tables import At, Reading
from app.settings import matrix, settings

FITS: Final = {"kind": "kinds", "priority": "priorities", "service": "services", "item": "items"}
STEP_KEYS: Final = frozenset({"at", "after", "tell", "wakes", "raise", "reassign", "propose_major"})
ALLOWED: Final[Mapping[str, Sequence[Any]]] = {"raise": [PRIORITY, TIER], "reassign": [LEAD, f"{TEAM}<key>"], "propose_major": [True]}


class EscalationFault(ValueError):
    """Ladders that cannot be used: the message names the file, the line, the entry and what is allowed."""


def ladders() -> Ladders:
    """Return the organisation's ladders, read once; EscalationFault when the file is wrong, none when there is no file or no clock."""
    return _ladders(settings().config_dir / FILE)


@cache
def _ladders(path: Path) -> Ladders:
    agreed = sla.agreement()
    return load(path, agreed, matrix().roles) if path.exists() and agreed.definitions else Ladders()


def load(path: Path, agreement: Agreement, roles: Collection[str]) -> Ladders:
    """Return what a file says; `agreement` has the clocks it may name."""
    origin, read = tables.opened(path, EscalationFault)
    return _Reading(origin, {each.key: each for each in agreement.definitions}, roles).ladders(read)


class _Reading(Reading):
    """The file on its way to ladders."""

    fault_type = EscalationFault

    def __init__(self, origin: Source, clocks: Mapping[str, Definition], roles: Collection[str]) -> None:
        super().__init__(origin)
        self.clocks, self.roles = clocks, roles

    def entry(self, at: At) -> str:
        which = " ".join(f"{name} {int(at[place + 1]) + 1}" for place, name in ((0, "ladder"), (2, "step")) if len(at) > place + 1 and at[0] == "ladders")
        return which + ":" if which else ""

    def ladders(self, read: Mapping[str, Any]) -> Ladders:
        self.check_keys((), read, frozenset({"ladders", "tiers", "quiet"}))
        tiers = read.get("tiers", [])
        if not isinstance(tiers, list) or not all(self._are_words(chain) and len(chain) > 1 for chain in tiers):
            raise self.fault(("tiers",), 'tiers is a list of chains of teams, such as [["service-desk", "network"]]')
        tables = read.get("ladders", [])
        if not isinstance(tables, list):
            raise self.fault(("ladders",), "each ladder is a table of its own: [[ladders]]")
        found = tuple(self._ladder(("ladders", n), table) for n, table in enumerate(tables))
        return Ladders(found, tuple(map(tuple, tiers)), self._quiet(("quiet",), read["quiet"]) if "quiet" in read else None)

    def _ladder(self, at: At, table: Mapping[str, Any]) -> Ladder:
        self.check_keys(at, table, frozenset({"clock", "steps", *FITS}))
        clock = self.clocks.get(str(table.get("clock")))
        if clock is None:
            raise self.fault((*at, "clock"), f"clock is {table.get('clock')!r}; config/sla.toml has: {', '.join(self.clocks)}")
        steps = table.get("steps", [])
        if not isinstance(steps, list) or not steps:
            raise self.fault((*at, "steps"), "without a step nothing happens: add [[ladders.steps]]")
        found = tuple(self._step((*at, "steps", n), step, clock) for n, step in enumerate(steps))
        order = [(step.at, parse_target(step.after, calendars.calendar()) if step.after else 0) for step in found]
        for n, (before, this) in enumerate(pairwise(order), 1):
            if this <= before:
                raise self.fault((*at, "steps", n, "at"), "each step comes later than the one before; what happens at the same time is one step")
        allowed: Mapping[str, Collection[Any]] = {"priority": range(1, 6), "kind": clock.kinds}
        fits: dict[str, Any] = {theirs: self.fits((*at, ours), table[ours], ours, allowed) for ours, theirs in FITS.items() if ours in table}
        return Ladder(clock.key, found, **fits)

    def _step(self, at: At, table: Mapping[str, Any], clock: Definition) -> Step:
        self.check_keys(at, table, STEP_KEYS)
        if table.get("at") not in clock.thresholds or type(table["at"]) is not int:
            allowed = ", ".join(map(str, clock.thresholds))
            raise self.fault((*at, "at"), f"at is {table.get('at')!r}; the thresholds of {clock.key} in config/sla.toml are: {allowed}")
        step = Step(
            at=table["at"], after=self._after((*at, "after"), table.get("after", "")), tell=self._tell((*at, "tell"), table.get("tell", [])),
            wakes=self._wakes((*at, "wakes"), table),
            raises=self._act(at, table, "raise", clock), reassign=self._act(at, table, "reassign", clock),
            proposes_major=bool(self._act(at, table, "propose_major", clock)),
        )  # fmt: skip
        if not (step.tell or step.raises or step.reassign or step.proposes_major):
            raise self.fault(at, "does nothing; write tell, raise, reassign or propose_major")
        if step.raises == TIER and step.reassign:
            raise self.fault((*at, "reassign"), 'raise = "tier" gives it to another team already; leave one of the two out')
        return step

    def _act(self, at: At, table: Mapping[str, Any], key: str, clock: Definition) -> str:
        """Return what is done to the record; only incidents have priorities that follow, teams in tiers, and major ones."""
        if key not in table:
            return ""
        value, allowed = table[key], ALLOWED[key]
        is_team = key == "reassign" and isinstance(value, str) and value.startswith(TEAM) and value != TEAM
        if value not in allowed and not is_team:
            raise self.fault((*at, key), f"{key} is {value!r}; allowed: {', '.join('true' if each is True else str(each) for each in allowed)}")
        if clock.kinds != {RecordKind.INCIDENT}:
            raise self.fault((*at, key), f"{key} is for clocks of incidents only; {clock.key} runs on: {', '.join(sorted(clock.kinds))}")
        return str(value)

    def _after(self, at: At, text: Any) -> str:
        if text != "":
            self.length(at, "after", text, calendars.calendar())
        return str(text)

    def _tell(self, at: At, words: Any) -> tuple[str, ...]:
        for word in words if isinstance(words, list) else [words]:
            is_role = isinstance(word, str) and word.startswith(ROLE) and word.removeprefix(ROLE) in self.roles
            is_team = isinstance(word, str) and word.startswith(TEAM) and word != TEAM
            if not isinstance(words, list) or not (word in [*Who] or is_role or is_team):
                roles = ", ".join(f"{ROLE}{role}" for role in self.roles)
                raise self.fault(at, f"tell has {word!r}; write a list of: {', '.join(Who)}, {TEAM}<key>, {roles}")
        return tuple(words)

    def _wakes(self, at: At, table: Mapping[str, Any]) -> frozenset[int]:
        urgent = table.get("wakes", [])
        if not isinstance(urgent, list) or any(type(each) is not int or each not in range(1, 6) for each in urgent):
            raise self.fault(at, f"wakes is {urgent!r}; write a list of priorities, such as [1]")
        if urgent and not table.get("tell"):
            raise self.fault(at, "wakes nobody: this step tells nobody; write tell, or leave it out")
        return frozenset(urgent)

    def _quiet(self, at: At, table: Any) -> Quiet:
        if not isinstance(table, dict):
            raise self.fault(at, "quiet is a table: [quiet]")
        self.check_keys(at, table, frozenset({"from", "until", "weekends"}))
        start, end = (self._time((*at, key), table.get(key), key) for key in ("from", "until"))
        if start == end:
            raise self.fault((*at, "until"), "until is the same as from; leave [quiet] out where mail may always be sent")
        if not isinstance(weekends := table.get("weekends", False), bool):
            raise self.fault((*at, "weekends"), f"weekends is {weekends!r}; write true or false")
        return Quiet(start, end, weekends)

    def _time(self, at: At, text: Any, key: str) -> time:
        try:
            return time.fromisoformat(text)
        except (ValueError, TypeError) as fault:
            raise self.fault(at, f'{key} is {text!r}; write a time of day such as "20:00"') from fault

    @staticmethod
    def _are_words(given: Any) -> bool:
        return isinstance(given, list) and all(isinstance(each, str) and each for each in given)
