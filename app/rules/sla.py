"""What a clock is said to be in config/sla.toml: when it starts, pauses and stops, and which target is whose (domain.md 7). Pure.

A condition is a word. Some are moments (`opened`, `replied`): once they came, they came. The others hold for a while: each
state of a record, `on_hold:<reason>`, and `given` (this team has it).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.rules import hours
from app.rules.catalog.items import Translated
from app.rules.hours import Calendar
from app.rules.lifecycle import STATES, RecordKind

FILE: Final = "sla.toml"
OF_ITEM: Final = "item"  # a target that is whatever the catalogue's item promises
THRESHOLDS: Final = (50, 75, 100)  # percent of the target


class Type(StrEnum):
    """To whom it is promised: a customer, another team, or by a supplier."""

    SLA = "sla"
    OLA = "ola"
    UNDERPINNING = "underpinning"


class Measure(StrEnum):
    """What a clock measures; reports count by it, several definitions may share one."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    FULFILMENT = "fulfilment"
    APPROVAL = "approval"
    TEAM = "team"
    ROOT_CAUSE = "root_cause"
    SUPPLIER = "supplier"


class Each(StrEnum):
    """How many clocks a definition gives one record: one, one each time it starts, or one for each team that has it."""

    RECORD = "record"
    TIME = "time"
    TEAM = "team"


class Sign(StrEnum):
    """The conditions that are no states."""

    OPENED = "opened"
    REPLIED = "replied"  # somebody of the desk wrote to everybody on it; no note, no automatic mail
    CALLED = "called"  # a call was logged
    CALLER_WROTE = "caller_wrote"  # after the desk had answered
    CAUSE_DOCUMENTED = "cause_documented"
    GIVEN = "given"  # this team has it; holds for a while
    LEFT = "left"  # what started the clock holds no longer


ON_HOLD: Final = "on_hold"
MOMENTS: Final = frozenset({Sign.OPENED, Sign.REPLIED, Sign.CALLED, Sign.CALLER_WROTE, Sign.CAUSE_DOCUMENTED})
PLACES: Final[Mapping[str, frozenset[str]]] = {  # which signs may stand where, beside the states
    "start": frozenset({Sign.OPENED, Sign.CALLER_WROTE, Sign.GIVEN}),
    "pause": frozenset(),
    "stop": frozenset({Sign.REPLIED, Sign.CALLED, Sign.CAUSE_DOCUMENTED, Sign.LEFT}),
    "cancel": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What targets look at; `services` are the keys of everything the record is about."""

    kind: str
    priority: int | None = None
    services: frozenset[str] = frozenset()
    item: str | None = None  # the catalogue's slug
    item_target: str = ""  # what the catalogue promises for it, such as "8h"


@dataclass(frozen=True)
class Contract:
    """What was agreed for some services: its targets stand beside the others, and some clocks pause at more."""

    key: str
    name: Translated
    services: frozenset[str]
    pause: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)  # by definition


@dataclass(frozen=True)
class Target:
    """So many minutes of working time, for records that fit; what is left empty fits all."""

    calendar: Calendar
    minutes: int | None  # None: what the item promises
    kinds: frozenset[str] = frozenset()
    priorities: frozenset[int] = frozenset()
    services: frozenset[str] = frozenset()
    contracts: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    start: frozenset[str] = frozenset()  # instead of the definition's

    def fits(self, facts: Facts, contract: str | None) -> bool:
        """Say whether it is this record's."""
        return (
            (not self.kinds or facts.kind in self.kinds)
            and (not self.priorities or facts.priority in self.priorities)
            and (not self.services or not self.services.isdisjoint(facts.services))
            and (not self.contracts or contract in self.contracts)
            and (not self.items or facts.item in self.items)
            and (self.minutes is not None or bool(facts.item_target))
        )

    def length(self, facts: Facts) -> int:
        """Return the minutes of working time."""
        return hours.parse_target(facts.item_target, self.calendar) if self.minutes is None else self.minutes


@dataclass(frozen=True)
class Definition:
    """One kind of clock."""

    key: str
    name: Translated
    measure: Measure
    type: Type
    kinds: frozenset[str]
    start: frozenset[str]
    stop: frozenset[str]
    targets: tuple[Target, ...]
    pause: frozenset[str] = frozenset()
    cancel: frozenset[str] = frozenset()
    each: Each = Each.RECORD
    goes_on: bool = False  # once what stopped it holds no longer, the same clock goes on
    retroactive: bool = True  # a new target counts from the first start, not from when it came
    thresholds: tuple[int, ...] = THRESHOLDS


@dataclass(frozen=True)
class Agreement:
    """Everything config/sla.toml says."""

    definitions: tuple[Definition, ...] = ()
    contracts: tuple[Contract, ...] = ()

    def contract(self, facts: Facts) -> Contract | None:
        """Return the first contract that covers something the record is about."""
        return next((each for each in self.contracts if not each.services.isdisjoint(facts.services)), None)


def target(definition: Definition, facts: Facts, contract: Contract | None = None) -> Target | None:
    """Return the first target that fits; None: this clock does not run for such a record."""
    key = contract.key if contract else None
    return next((each for each in definition.targets if each.fits(facts, key)), None)


def pauses(definition: Definition, contract: Contract | None) -> frozenset[str]:
    """Return what it pauses at, with what the contract adds."""
    return definition.pause | contract.pause.get(definition.key, frozenset()) if contract else definition.pause


def known(place: str, word: str, kinds: Collection[str], reasons: Collection[str]) -> bool:
    """Say whether a condition may stand there: a sign, a state of one of these kinds, or a reason to be on hold."""
    if word in PLACES[place]:
        return True
    state, colon, reason = word.partition(":")
    holds = any(state in STATES[RecordKind(kind)] for kind in kinds)
    return holds and (not colon or (state == ON_HOLD and reason in reasons))


def words(place: str, kinds: Collection[str], reasons: Collection[str]) -> list[str]:
    """Return every condition that may stand there, for whoever wrote another."""
    states = dict.fromkeys(state for kind in sorted(kinds) for state in STATES[RecordKind(kind)])
    held = [f"{ON_HOLD}:{reason}" for reason in sorted(reasons)] if ON_HOLD in states else []
    return [*sorted(PLACES[place]), *states, *held]
