"""What clocks would have been under another policy: each beside what it is (domain.md 7). Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.rules.clock_rounds import State
from app.rules.clocks import Clock


class Outcome(StrEnum):
    """What became of a clock; `none`: there is no such clock."""

    MET = "met"
    BREACHED = "breached"
    OPEN = "open"
    CANCELED = "canceled"
    NONE = "none"


SHOWN: Final = 20
COUNTED: Final = (Outcome.MET, Outcome.BREACHED)


@dataclass(frozen=True)
class Compared:
    """One clock of a record as it is, and as it would be; one of both may be missing."""

    number: str
    priority: int | None
    is_: Clock | None
    would_be: Clock | None

    @property
    def key(self) -> str:
        """Return the definition's key."""
        return (self.is_ or self.would_be or _nothing()).key

    @property
    def outcomes(self) -> tuple[Outcome, Outcome]:
        """Return what became of it, and what would have."""
        return outcome(self.is_), outcome(self.would_be)

    @property
    def differs(self) -> bool:
        """Say whether anything a reader of the clock sees would be another."""
        return _seen(self.is_) != _seen(self.would_be)

    @property
    def moved(self) -> int:
        """Return 1 where it would be due later, -1 where earlier, 0 where both are the same or one is unknown."""
        was, will = (each.due if each else None for each in (self.is_, self.would_be))
        return (will > was) - (will < was) if was and will else 0


@dataclass
class Total:
    """Clocks of one definition and priority, counted."""

    clocks: int = 0
    is_: Counter[Outcome] = field(default_factory=Counter)
    would_be: Counter[Outcome] = field(default_factory=Counter)
    turned: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)
    moved: Counter[int] = field(default_factory=Counter)

    def add(self, each: Compared) -> None:
        """Count one."""
        was, will = each.outcomes
        self.clocks, self.is_[was], self.would_be[will] = self.clocks + 1, self.is_[was] + 1, self.would_be[will] + 1
        self.moved[each.moved] += 1
        if was is not will:
            self.turned[was, will] += 1


@dataclass
class Sum:
    """What was compared so far, by definition and priority, and the first of those whose outcome would be another."""

    records: int = 0
    clocks: int = 0
    different: int = 0
    turned: int = 0
    totals: dict[tuple[str, int | None], Total] = field(default_factory=dict)
    first: list[Compared] = field(default_factory=list)

    def add(self, each: Compared) -> None:
        """Count one."""
        self.clocks, self.different = self.clocks + 1, self.different + each.differs
        self.totals.setdefault((each.key, each.priority), Total()).add(each)
        if each.outcomes[0] is not each.outcomes[1]:
            self.turned += 1
            self.first += [each] if len(self.first) < SHOWN else []

    def in_order(self) -> list[tuple[str, int | None, Total]]:
        """Return the counts by definition and priority."""
        return [(key, priority, total) for (key, priority), total in sorted(self.totals.items(), key=lambda pair: (pair[0][0], pair[0][1] or 0))]


def compare(number: str, priority: int | None, are: Iterable[Clock], would_be: Iterable[Clock]) -> Iterator[Compared]:
    """Yield each clock of a record with its twin of the other policy."""
    other = {_place(each): each for each in would_be}
    for each in are:
        yield Compared(number, priority, each, other.pop(_place(each), None))
    for each in other.values():
        yield Compared(number, priority, None, each)


def outcome(clock: Clock | None) -> Outcome:
    """Return what became of a clock; one that is over its target is breached, whatever it does now."""
    if clock is None:
        return Outcome.NONE
    if clock.state is State.CANCELED:
        return Outcome.CANCELED
    if clock.breached_at is not None:
        return Outcome.BREACHED
    return Outcome.MET if clock.state is State.COMPLETED else Outcome.OPEN


def met_percent(counts: Counter[Outcome]) -> float | None:
    """Return met / (met + breached) in percent, canceled and open ones left out (domain.md 9); None: none is over."""
    over = sum(counts[each] for each in COUNTED)
    return 100 * counts[Outcome.MET] / over if over else None


def _place(clock: Clock) -> tuple[str, int | None, int]:
    return clock.key, clock.team, clock.round


def _seen(clock: Clock | None) -> object:
    return (clock.state, clock.target, clock.due, clock.breached_at, clock.left) if clock else None


def _nothing() -> Clock:
    raise ValueError("a comparison has at least one clock")
