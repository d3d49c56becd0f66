"""What our own clocks say of records that were played from another desk's log, under agreements that others computed by hand.

Clocks without pauses on the source's own clock, so that both compare minute by minute. A is a plain week, B the same without
the national holidays of Brazil in 2016, C a longer day, D what the source's own rule for priority 3 seems to be.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol

from app.rules import clocks, hours
from app.rules.catalog.items import Translated
from app.rules.hours import Calendar
from app.rules.imports import Mapping as Columns
from app.rules.situations import Situation
from app.rules.sla import Agreement, Definition, Facts, Measure, Sign, Target, Type

MINUTE: Final = timedelta(minutes=1)
HOURS: Final = {1: 4, 2: 8, 3: 24, 4: 40}  # of working time, by priority
FEASTS: Final = tuple(date(2016, month, day) for month, day in ((3, 25), (4, 21), (5, 26), (9, 7), (10, 12), (11, 2), (11, 15)))
MEASURED: Final = "opened_at -> resolved_at (incidents with resolved_at)"
KIND: Final = "incident"
P3, P3_HOURS = 3, 62


def _week(name: str, start: int, end: int, holidays: Sequence[date] = ()) -> Calendar:
    """Monday to Friday from hour to hour; a deadline at closing time is met until the next opening: no minute more has been worked."""
    return Calendar(name, "Etc/UTC", dict.fromkeys(range(5), ((start * 60, end * 60),)), frozenset(holidays), rolls=True)


ORACLES: Final[Mapping[str, Calendar]] = {
    "A: Mon-Fri 08:00-18:00, no holidays": _week("A", 8, 18),
    "B: Mon-Fri 08:00-18:00, Brazilian national holidays 2016": _week("B", 8, 18, FEASTS),
    "C: Mon-Fri 07:00-19:00": _week("C", 7, 19),
}
COMPANY: Final = "D: reverse-engineered company rule for P3 (Mon-Fri 14:00-23:00 on the logged clock, 62 business hours opened->closed)"


class Measured(Protocol):
    """What is looked at of an incident."""

    @property
    def priority(self) -> int: ...
    @property
    def opened_at(self) -> datetime: ...
    @property
    def resolved_at(self) -> datetime | None: ...
    @property
    def closed_at(self) -> datetime | None: ...
    @property
    def kept(self) -> Mapping[str, str]: ...


def oracles(columns: Columns, ended: Sequence[Measured]) -> dict[str, Any]:
    """Return, by agreement, how many clocks were over their target, and the working minutes of all."""
    return {**{name: _told(columns, calendar, ended) for name, calendar in ORACLES.items()}, COMPANY: _company(columns, ended)}


def _told(columns: Columns, calendar: Calendar, ended: Sequence[Measured]) -> dict[str, Any]:
    agreement = _agreement(calendar, "resolved", {priority: length * 60 for priority, length in HOURS.items()})
    solved = [(each, _clock(columns, agreement, each, each.resolved_at)) for each in ended if each.resolved_at and each.priority in HOURS]
    late = Counter(columns.label("priority", each.priority) for each, clock in solved if clock.breached_at)
    to_close = (_between(columns, calendar, each.opened_at, each.closed_at) for each in ended if each.closed_at)
    return {
        "measured": MEASURED, "of": len(solved), "holidays": [str(each) for each in sorted(calendar.holidays)],
        "target_business_hours_by_priority": {columns.label("priority", priority): length for priority, length in HOURS.items()},
        "breached": late.total(), "breached_by_priority": dict(sorted(late.items())),
        "total_business_minutes": sum(clock.worked // MINUTE for _, clock in solved), "total_business_minutes_to_close": sum(to_close),
    }  # fmt: skip


def _company(columns: Columns, ended: Sequence[Measured]) -> dict[str, Any]:
    agreement = _agreement(_week("D", 14, 23), "closed", {P3: P3_HOURS * 60})
    both = [
        (_clock(columns, agreement, each, each.closed_at).breached_at is None, each.kept.get("made_sla") == "true")
        for each in ended if each.priority == P3 and each.closed_at
    ]  # fmt: skip
    return {
        "p3": len(both), "predicted_met": sum(met for met, _ in both), "recorded_met": sum(met for _, met in both),
        "agree": sum(ours == theirs for ours, theirs in both),
    }  # fmt: skip


def _agreement(calendar: Calendar, stop: str, minutes: Mapping[int, int]) -> Agreement:
    targets = tuple(Target(calendar, length, priorities=frozenset({priority})) for priority, length in minutes.items())
    return Agreement((Definition(
        key=calendar.name, name=Translated({"en": calendar.name, "pt": calendar.name}), measure=Measure.RESOLUTION, type=Type.SLA,
        kinds=frozenset({KIND}), start=frozenset({Sign.OPENED}), stop=frozenset({stop}), targets=targets, thresholds=(),
    ),))  # fmt: skip


def _clock(columns: Columns, agreement: Agreement, each: Measured, ended_at: datetime | None) -> clocks.Clock:
    """Return the clock of an incident from its opening to its end."""
    opened, ended = (columns.local(at).replace(tzinfo=UTC) for at in (each.opened_at, ended_at or each.opened_at))
    [found] = clocks.of_situations(agreement, tuple(_situations(agreement, each, opened, max(opened, ended))), max(opened, ended))
    return found


def _situations(agreement: Agreement, each: Measured, opened: datetime, ended: datetime) -> Iterator[Situation]:
    facts, (stop,) = Facts(KIND, each.priority), agreement.definitions[0].stop
    yield Situation(opened, None, "new", frozenset({"new"}), frozenset({Sign.OPENED}), facts, None)
    yield Situation(ended, None, stop, frozenset({stop}), frozenset(), facts, None)


def _between(columns: Columns, calendar: Calendar, start: datetime, end: datetime) -> int:
    """Return the working minutes from one time of the source to another."""
    opened, ended = (columns.local(at).replace(tzinfo=UTC) for at in (start, end))
    return hours.between(calendar, opened, ended) // MINUTE
