"""Ladders: what happens when so much of a clock's target is used up, each step once and in order (domain.md 7). Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from app.rules.clock_rounds import State
from app.rules.clocks import Clock
from app.rules.hours import parse_target
from app.rules.news import Quiet
from app.rules.sla import Facts

FILE: Final = "escalations.toml"
ROLE, TEAM, TIER, PRIORITY, LEAD = "role:", "team:", "tier", "priority", "lead"
Mark = tuple[int, str]
"""Which step of a ladder it is: the percent, and how long after."""


class Who(StrEnum):
    """Who is told, beside role:<key> and team:<key>."""

    ASSIGNEE = "assignee"
    TEAM = "team"  # that has the record
    LEAD = "lead"  # of that team
    MANAGER = "manager"  # of the assignee; of the lead where nobody has it


@dataclass(frozen=True)
class Step:
    """What is done once `at` percent of the target are used up, or so much working time `after` that."""

    at: int
    after: str = ""
    tell: tuple[str, ...] = ()
    wakes: frozenset[int] = frozenset()  # priorities whose mail keeps no quiet hours
    raises: str = ""  # "priority" or "tier"
    reassign: str = ""  # "lead" or "team:<key>"
    proposes_major: bool = False

    @property
    def mark(self) -> Mark:
        """Return what tells it from the other steps."""
        return self.at, self.after


@dataclass(frozen=True)
class Ladder:
    """The steps of one clock, for records that fit; what is left empty fits all."""

    clock: str
    steps: tuple[Step, ...]
    kinds: frozenset[str] = frozenset()
    priorities: frozenset[int] = frozenset()
    services: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()

    def fits(self, facts: Facts) -> bool:
        """Say whether it is this record's."""
        return (
            (not self.kinds or facts.kind in self.kinds)
            and (not self.priorities or facts.priority in self.priorities)
            and (not self.services or not self.services.isdisjoint(facts.services))
            and (not self.items or facts.item in self.items)
        )


@dataclass(frozen=True)
class Ladders:
    """Everything config/escalations.toml says; `tiers` are chains of teams, each stronger than the one before."""

    ladders: tuple[Ladder, ...] = ()
    tiers: tuple[tuple[str, ...], ...] = ()
    quiet: Quiet | None = None

    def of(self, clock: str, facts: Facts) -> Ladder | None:
        """Return the first ladder of a clock that fits the record."""
        return next((each for each in self.ladders if each.clock == clock and each.fits(facts)), None)

    def above(self, team: str) -> str | None:
        """Return the next team in the first chain that has this one."""
        pairs = (pair for chain in self.tiers for pair in pairwise(chain))
        return next((higher for lower, higher in pairs if lower == team), None)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of one clock beside itself: which steps were taken, and until when nothing is announced."""

    taken: Collection[Mark] = ()
    told_until: datetime | None = None


NOTHING: Final = Watch()


def coming(ladders: Ladders, clock: Clock, facts: Facts, watch: Watch) -> Iterator[tuple[datetime, Step]]:
    """Yield when each step that was not taken is to be taken, if the clock goes on as it does; in order.

    Also what was reached before the clock stopped, and nobody was told of yet; nothing of a clock that is canceled.
    """
    ladder = ladders.of(clock.key, facts) if clock.state is not State.CANCELED else None
    for step in ladder.steps if ladder else ():
        if step.mark in watch.taken:
            continue
        after = timedelta(minutes=parse_target(step.after, clock.calendar)) if step.after else timedelta()
        at = clock.reached(step.at, after)
        if at is not None and clock.is_announced(at) and (watch.told_until is None or at > watch.told_until):
            yield at, step
