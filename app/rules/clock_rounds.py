"""What a definition makes of a record's situations: when a clock starts, and what it does from then on (domain.md 7). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.rules import sla
from app.rules.situations import Situation
from app.rules.sla import MOMENTS, Agreement, Definition, Each, Sign, Target

NO_TARGET: Final = "no_target"  # why a clock is canceled whose record no target fits any more


class State(StrEnum):
    """What a clock does; that it is breached is said beside it."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELED = "canceled"


@dataclass(slots=True)
class Step:
    """What it does from an instant on, why, by which event, and which team then has the record."""

    at: datetime
    state: State
    why: str
    event: int | None
    team: int | None


@dataclass(slots=True)
class Fit:
    """The target a record had from when on; None: none fitted."""

    at: datetime
    target: Target | None
    minutes: int


def rounds(agreement: Agreement, definition: Definition, seen: Sequence[Situation], team: int | None) -> list["Round"]:
    """Play the situations, for one team or for the record: each time it starts, and what each situation makes of it."""
    found: list[Round] = []
    facts, target, pause, before = None, None, definition.pause, frozenset[str]()
    for each in seen:
        if each.facts is not facts:
            facts, contract = each.facts, agreement.contract(each.facts)
            target, pause = sla.target(definition, facts, contract), sla.pauses(definition, contract)
        holds = each.holds | {Sign.GIVEN} if team is not None and each.team == team else each.holds
        start = target.start if target is not None and target.start else definition.start
        is_over = bool(found) and found[-1].is_final
        if not found or (is_over and definition.each is Each.TIME):
            began = (each.moments | (holds - before if found else holds)) & start
            if began and (holds | each.moments).isdisjoint(definition.stop | definition.cancel):
                found.append(Round(definition, min(began), each.at))
                is_over = False
        if found and not is_over:
            found[-1].see(each, holds, start, pause)
            if not found[-1].is_stopped:
                found[-1].fit(each, target)
        before = holds
    return found


def can_start(agreement: Agreement, seen: Sequence[Situation]) -> bool:
    """Say whether any clock can have started in these situations: asked first where computing them would cost a question."""
    of_kind = (each for each in agreement.definitions if seen[0].facts.kind in each.kinds)
    starts = {word for each in of_kind for word in each.start.union(*(target.start for target in each.targets))}
    return any(not starts.isdisjoint(each.holds | each.moments) or (each.team is not None and Sign.GIVEN in starts) for each in seen)


class Round:
    """One clock while its events are played."""

    def __init__(self, definition: Definition, word: str, at: datetime) -> None:
        self.definition, self.word, self.started_at = definition, word, at
        self.steps: list[Step] = []
        self.fits: list[Fit] = []
        self.is_final = self.is_stopped = False

    @property
    def has_target(self) -> bool:
        """Whether a target ever fitted."""
        return any(fit.target is not None for fit in self.fits)

    def see(self, each: Situation, holds: frozenset[str], start: frozenset[str], pause: frozenset[str]) -> None:
        """Say what it does from here on: cancel and stop come before pause, pause before start."""
        wanted, was_stopped = self.definition, self.is_stopped
        self.is_stopped = False
        if (canceled := holds & wanted.cancel) and not was_stopped:
            self.is_final = self.is_stopped = True
            self._step(each, State.CANCELED, min(canceled))
        elif why := self._stopped_by(each, holds, start):
            self.is_stopped = True
            self.is_final = why in MOMENTS or not wanted.goes_on
            self._step(each, State.COMPLETED, why)
        elif paused := holds & pause:
            self._step(each, State.PAUSED, min(paused))
        else:
            self._step(each, State.RUNNING, each.state if self.steps else self.word)

    def _stopped_by(self, each: Situation, holds: frozenset[str], start: frozenset[str]) -> str:
        if found := (each.moments | holds) & self.definition.stop:
            return min(found)
        has_left = Sign.LEFT in self.definition.stop and self.word not in MOMENTS and holds.isdisjoint(start)
        return Sign.LEFT if has_left else ""

    def _step(self, each: Situation, state: State, why: str) -> None:
        self.steps.append(Step(each.at, state, why, each.event, each.team))

    def fit(self, each: Situation, target: Target | None) -> None:
        """Remember the target, where it is another than before."""
        minutes = target.length(each.facts) if target is not None else 0
        last = self.fits[-1] if self.fits else None
        if last is None or last.minutes != minutes or (last.target and last.target.calendar) is not (target and target.calendar):
            self.fits.append(Fit(each.at, target, minutes))

    def steps_with_target(self) -> list[Step]:
        """Return what it did; where no target fits any more, it is canceled since then."""
        if (fit := self.fits[-1]).target is not None:
            return self.steps
        before = [step for step in self.steps if step.at <= fit.at]
        return [*before, replace(before[-1], at=fit.at, state=State.CANCELED, why=NO_TARGET)]
