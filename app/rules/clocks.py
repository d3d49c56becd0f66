"""Clocks: a pure function of a record's events, the calendars and the definitions (domain.md 7).

What is stored of a clock is a copy that can be computed again, and every clock explains itself: its stretches say what it
did when, why, and which event it was. Nothing restarts a clock; a new target counts from the first start.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from app.rules import hours
from app.rules.clock_rounds import Round, State, Step, rounds
from app.rules.hours import Calendar
from app.rules.situations import History, Situation, situations
from app.rules.sla import Agreement, Definition, Each, Measure, Type

WHAT_IF: Final = "what_if"
NO_TIME: Final = timedelta()


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a clock did from when until when (None: until now): `why` is the condition, `event` what brought it, `worked` its working time."""

    start: datetime
    end: datetime | None
    state: State
    why: str
    event: int | None
    worked: timedelta
    wall: timedelta


@dataclass(frozen=True, slots=True)
class Segment:
    """How long it ran while a team had the record, in working time and on the wall."""

    team: int | None
    worked: timedelta
    wall: timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock at one instant. While it is paused no due time is known: `left` is what remains once it goes on."""

    key: str
    measure: Measure
    type: Type
    team: int | None  # whose clock it is, where each team has one
    round: int  # from 1, where it starts several times
    calendar: Calendar
    target: timedelta
    state: State
    why: str
    started_at: datetime
    attached_at: datetime  # since when this target holds
    stopped_at: datetime | None
    due: datetime | None
    first_due: datetime  # as promised at first
    breached_at: datetime | None
    worked: timedelta
    wall: timedelta
    stretches: tuple[Stretch, ...]
    segments: tuple[Segment, ...]

    @property
    def left(self) -> timedelta:
        """Working time that is left of the target; negative when it is over."""
        return self.target - self.worked

    def reached(self, percent: int, after: timedelta = NO_TIME) -> datetime | None:
        """Return when so many percent of the target are used up, or so much working time after that; None: not as things stand.

        Where the target came when that was past already, the time after it counts from when the target came.
        """
        running = [each for each in self.stretches if each.state is State.RUNNING]
        wanted = self.target * percent / 100
        if after and self.attached_at > self.started_at:
            past = (each for each in running if each.start < self.attached_at)
            wanted = max(wanted, sum((hours.between(self.calendar, each.start, min(each.end or self.attached_at, self.attached_at)) for each in past), NO_TIME))
        return _reached(self.calendar, running, wanted + after)

    def is_announced(self, at: datetime) -> bool:
        """Say whether anybody is to hear of what is reached then: what was past when the target came is nobody's news."""
        return self.attached_at == self.started_at or at > self.attached_at

    def due_if_resumed(self, at: datetime) -> datetime:
        """Return when a paused clock is due if it goes on then."""
        return hours.add(self.calendar, at, max(self.left, NO_TIME))


def clocks(agreement: Agreement, history: History, now: datetime) -> list[Clock]:
    """Return every clock of a record, as it is at this instant, in the order of the definitions."""
    return of_situations(agreement, situations(history), now)


def of_situations(agreement: Agreement, seen: Sequence[Situation], now: datetime) -> list[Clock]:
    """Return the same from situations."""
    return [clock for definition in agreement.definitions if seen[0].facts.kind in definition.kinds for clock in _clocks(agreement, definition, seen, now)]


def if_paused(agreement: Agreement, seen: Sequence[Situation], at: datetime, now: datetime | None = None) -> list[Clock]:
    """Return what clocks would be if each that runs were paused from an instant on: what remains, and when it would be due again."""
    seen = [each for each in seen if each.at <= at]
    last = replace(seen[-1], at=at, event=None, holds=seen[-1].holds | {WHAT_IF}, moments=frozenset())
    paused = tuple(replace(each, pause=each.pause | {WHAT_IF}) for each in agreement.definitions)
    return of_situations(replace(agreement, definitions=paused), (*seen, last), now or at)


def _clocks(agreement: Agreement, definition: Definition, seen: Sequence[Situation], now: datetime) -> Iterator[Clock]:
    teams: Sequence[int | None] = (None,)
    if definition.each is Each.TEAM:
        teams = tuple(dict.fromkeys(each.team for each in seen if each.team is not None))
    for team in teams:
        number = 0
        for round_ in rounds(agreement, definition, seen, team):
            if round_.has_target:
                number += 1
                yield _clock(round_, team, number, now)


def _clock(round_: Round, team: int | None, number: int, now: datetime) -> Clock:
    """Return the clock at this instant, by the target it has now; where none fits any more, by the last."""
    wanted = round_.definition
    fits = [fit for fit in round_.fits if fit.target is not None]
    last, first = fits[-1], fits[0]
    assert last.target is not None  # noqa: S101
    assert first.target is not None  # noqa: S101
    calendar, target = last.target.calendar, timedelta(minutes=last.minutes)
    is_first = last is round_.fits[0]
    attached = round_.started_at if is_first else last.at
    counts_from = round_.started_at if is_first or wanted.retroactive else last.at
    parts = list(_parts(round_.steps_with_target(), counts_from, now))
    stretches = tuple(_stretches(parts, calendar, now))
    state = stretches[-1].state
    running = [each for each in stretches if each.state is State.RUNNING]
    stopped_at = stretches[-1].start if state in {State.COMPLETED, State.CANCELED} else None
    worked, wall = sum((each.worked for each in running), NO_TIME), sum((each.wall for each in running), NO_TIME)
    due = _reached(calendar, running, target)
    breached_at = max(due, attached) if due is not None and due < (stopped_at or now) else None
    if due is None and stopped_at is not None:  # the deadline it was ahead of
        due = hours.add(calendar, stopped_at, target - worked)
    return Clock(
        key=wanted.key, measure=wanted.measure, type=wanted.type, team=team, round=number, calendar=calendar, target=target, state=state,
        why=stretches[-1].why, started_at=counts_from, attached_at=attached, stopped_at=stopped_at, due=due, breached_at=breached_at,
        first_due=hours.add(first.target.calendar, round_.started_at if wanted.retroactive else first.at, first.minutes),
        worked=worked, wall=wall, stretches=stretches, segments=_segments(parts, calendar, now, worked, wall),
    )  # fmt: skip


def _parts(steps: Sequence[Step], counts_from: datetime, now: datetime) -> Iterator[tuple[Step, datetime | None]]:
    """Yield each step with its end (None: it lasts), as far as it counts; those of no length are left out."""
    for step, following in pairwise([*steps, None]):
        assert step is not None  # noqa: S101
        end = following.at if following is not None else None
        if end is not None and end <= max(step.at, counts_from):
            continue
        yield (step if step.at >= counts_from else replace(step, at=counts_from)), end


def _stretches(parts: Sequence[tuple[Step, datetime | None]], calendar: Calendar, now: datetime) -> Iterator[Stretch]:
    """Yield what it did, joined where it went on doing the same."""
    begun: Step | None = None
    for position, (step, end) in enumerate(parts):
        begun = begun or step
        following = parts[position + 1][0] if position + 1 < len(parts) else None
        if following is not None and following.state is begun.state and (begun.state is not State.PAUSED or following.why == begun.why):
            continue
        until = end or max(now, begun.at)
        yield Stretch(begun.at, end, begun.state, begun.why, begun.event, hours.between(calendar, begun.at, until), until - begun.at)
        begun = None


def _segments(
    parts: Sequence[tuple[Step, datetime | None]], calendar: Calendar, now: datetime, worked: timedelta, wall: timedelta
) -> tuple[Segment, ...]:
    """Return how long it ran with each team, in the order in which they first had it."""
    found: dict[int | None, list[timedelta]] = {}
    if len({step.team for step, _ in parts}) == 1:
        return (Segment(parts[0][0].team, worked, wall),)
    for step, end in parts:
        if step.state is State.RUNNING:
            until = end or max(now, step.at)
            sums = found.setdefault(step.team, [NO_TIME, NO_TIME])
            sums[0] += hours.between(calendar, step.at, until)
            sums[1] += until - step.at
    return tuple(Segment(team, worked, wall) for team, (worked, wall) in found.items())


def _reached(calendar: Calendar, running: Sequence[Stretch], wanted: timedelta) -> datetime | None:
    """Return when so much working time has run; None: not in these stretches, of which the last may go on for ever.

    What ends exactly when it is used up is not over it: due is then when it goes on again.
    """
    for stretch in running:
        if stretch.end is None or stretch.worked >= wanted:
            at = hours.add(calendar, stretch.start, wanted)
            if stretch.end is None or at < stretch.end:
                return at
        wanted -= stretch.worked
    return None
