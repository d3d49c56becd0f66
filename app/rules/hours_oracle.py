"""A second opinion on working time: looks at the wall clock minute by minute and counts. Slow, and shares no step with `hours`.

`desk hours check` and the tests compare both on cases drawn at random; nothing else uses it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.rules import hours
from app.rules.hours import Calendar, Window

DAYS: Final = 24  # of a stretch that is looked at minute by minute
CASES: Final = 250  # compared on each stretch
MINUTE: Final = timedelta(minutes=1)
# Zones, and instants around which their clocks change, where they do. Lord Howe moves by half an hour, Samoa skipped a day,
# Troll moves by two hours, Morocco moves twice around Ramadan, Kathmandu is a quarter of an hour off.
TURNS: Final[tuple[tuple[str, datetime], ...]] = tuple(
    (zone, datetime(*parts, tzinfo=UTC)) for zone, parts in (
        ("America/Sao_Paulo", (2018, 11, 4, 3)), ("America/Sao_Paulo", (2018, 2, 18, 2)), ("America/Sao_Paulo", (2026, 7, 1, 0)),
        ("Europe/Lisbon", (2026, 3, 29, 1)), ("Europe/Lisbon", (2026, 10, 25, 1)), ("America/New_York", (2026, 3, 8, 7)),
        ("America/New_York", (2026, 11, 1, 6)), ("Australia/Lord_Howe", (2026, 4, 4, 15)), ("Australia/Lord_Howe", (2026, 10, 3, 15)),
        ("Pacific/Apia", (2011, 12, 30, 10)), ("Antarctica/Troll", (2026, 3, 29, 1)), ("Antarctica/Troll", (2026, 10, 25, 1)),
        ("Africa/Casablanca", (2026, 2, 15, 2)), ("Africa/Casablanca", (2026, 3, 22, 2)), ("Asia/Kathmandu", (2026, 1, 1, 0)),
        ("America/Havana", (2026, 3, 8, 5)), ("America/Havana", (2026, 11, 1, 5)), ("Asia/Beirut", (2026, 3, 28, 22)),
        ("Pacific/Chatham", (2026, 4, 4, 14)), ("UTC", (2024, 2, 29, 0)), ("Asia/Tokyo", (2026, 12, 31, 15)),
    )
)  # fmt: skip


class Difference(NamedTuple):
    """A case in which both do not agree, as `desk hours` takes it."""

    calendar: Calendar
    case: str
    expected: str
    found: str


@dataclass(frozen=True)
class Stretch:
    """Some weeks of one calendar, each minute looked at: `worked[n]` are the working minutes before the n-th."""

    calendar: Calendar
    begin: datetime
    open: tuple[bool, ...]
    worked: tuple[int, ...]

    def until(self, at: datetime) -> timedelta:
        """Return the working time from the begin until this instant, which must lie within."""
        minute, rest = divmod(at - self.begin, MINUTE)
        return self.worked[minute] * MINUTE + (rest if rest and self.open[minute] else timedelta())

    def due(self, start: datetime, length: timedelta) -> datetime | None:
        """Return where a walk from the start ends once so much was worked; None where the stretch ends first."""
        if not length and not self.calendar.rolls:
            return start
        wanted = self.until(start) + length
        minute = (start - self.begin) // MINUTE
        while minute < len(self.open):
            if self.open[minute]:
                here, at = self.worked[minute] * MINUTE, self.begin + minute * MINUTE
                inside = wanted - here
                ends = inside < MINUTE if self.calendar.rolls else inside <= MINUTE
                if ends:
                    return max(at + inside, start)
            minute += 1
        return None


def works(calendar: Calendar, minute: datetime) -> bool:
    """Say what the wall clock says of this minute, by nothing but the definition."""
    local = minute.astimezone(ZoneInfo(calendar.zone))
    clock = local.hour * 60 + local.minute
    return local.date() not in calendar.holidays and any(a <= clock < b for a, b in calendar.windows.get(local.weekday(), ()))


def stretch(calendar: Calendar, begin: datetime, days: int = DAYS) -> Stretch:
    """Look at each minute of some days."""
    open_ = tuple(works(calendar, begin + n * MINUTE) for n in range(days * 1440))
    return Stretch(calendar, begin, open_, (0, *accumulate(open_)))


def drawn(chance: random.Random) -> Stretch:
    """Draw a calendar and some weeks of it, half of the time around a change of the clocks."""
    zone, turn = chance.choice(TURNS)
    begin = turn - timedelta(days=chance.randint(1, DAYS - 2), minutes=chance.randrange(1440))
    if chance.random() < 0.3:
        begin += timedelta(days=chance.randint(-1500, 1500))
    return stretch(_calendar(chance, zone, begin.date()), begin)


def differences(cases: int, seed: int) -> Iterator[Difference]:
    """Compare so many random cases, and yield those on which both do not agree."""
    chance = random.Random(seed)  # noqa: S311  chance, not secrecy
    done = 0
    while done < cases:
        found = drawn(chance)
        for _ in range(min(CASES, cases - done)):
            both = _both(chance, found)
            if both is None:
                continue
            done += 1
            if both.expected != both.found:
                yield both


def _both(chance: random.Random, found: Stretch) -> Difference | None:
    """Answer one case twice: a working time between two instants in any order, or a due time; stamps are in zones of their own.

    None where the walk would leave the stretch: then there is nothing to compare.
    """
    start, end = (_instant(chance, found) for _ in range(2))
    at = start.astimezone(ZoneInfo(chance.choice(TURNS)[0]))
    if chance.random() < 0.5:
        expected = found.until(end) - found.until(start)
        return Difference(found.calendar, f"between {at} and {end}", str(expected), str(hours.between(found.calendar, at, end)))
    length = timedelta(seconds=chance.choice((0, 60, 3600, 28_800, chance.randrange(0, 400_000), chance.randrange(0, 6000) * 60)))
    due = found.due(start, length)
    return None if due is None else Difference(found.calendar, f"add {length} to {at}", str(due), str(hours.add(found.calendar, at, length)))


def _instant(chance: random.Random, found: Stretch) -> datetime:
    """Draw an instant, often on a full hour, where windows begin and end."""
    minutes = chance.randrange(len(found.open) - 1)
    at = found.begin + minutes * MINUTE
    if chance.random() < 0.4:
        at = at.replace(minute=chance.choice((0, 30)), second=0)
    elif chance.random() < 0.4:
        at += timedelta(seconds=chance.randrange(60), microseconds=chance.randrange(1_000_000))
    return min(max(at, found.begin), found.begin + (len(found.open) - 1) * MINUTE)


def _calendar(chance: random.Random, zone: str, near: date) -> Calendar:
    shapes = [_day(chance) for _ in range(chance.randint(1, 3))]
    week = {day: chance.choice(shapes) for day in range(7) if day < 5 or chance.random() < 0.4}
    if not any(week.values()):
        week[chance.randrange(5)] = ((0, 1440),)
    holidays = frozenset(near + timedelta(days=chance.randrange(DAYS)) for _ in range(chance.randint(0, 4)))
    return Calendar("drawn", zone, week, holidays, rolls=chance.random() < 0.4)


def _day(chance: random.Random) -> tuple[Window, ...]:
    """Draw a day: an office with lunch, the whole day, windows anywhere, some that touch, or none."""
    kind = chance.random()
    if kind < 0.3:
        return ((540, 720), (780, 1080))
    if kind < 0.45:
        return ((0, 1440),)
    if kind < 0.5:
        return ((480, 720), (720, 1080))
    edges = sorted(chance.sample(range(0, 1441, 15), 2 * chance.randint(0, 4)))
    return tuple(zip(edges[::2], edges[1::2], strict=True))
