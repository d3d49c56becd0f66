"""Working time: the one piece of code behind every promised date and every clock.

A calendar says on which local minutes work is done. All sums are made on the time line of UTC, in whole
microseconds, so a day of 23 or 25 hours, a window inside the skipped hour and a repeated hour come out right:
an instant counts when the wall clock in the calendar's zone then shows a working minute.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from zoneinfo import ZoneInfo

Window = tuple[int, int]
"""Minutes after local midnight: from (included) and until (left out), 0..1440."""

MINUTE = 60_000_000  # microseconds
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IDLE_YEARS = 10  # so long without one working minute is a mistake in the calendar
_TARGET = re.compile(r"(\d{1,5})\s*([dhm])")
_UNIT_SIGNS = "dhm"


@dataclass(frozen=True)
class Calendar:
    """When work is done: `windows` by weekday (0 = Monday), less `holidays`, by the wall clock of `zone`.

    `rolls` is the boundary setting: a deadline that falls exactly on closing time stays there, or, when true,
    moves to the next opening. `day_minutes` is the length of "1d"; 0 means the usual day of this calendar.
    """

    name: str
    zone: str
    windows: Mapping[int, tuple[Window, ...]] = field(hash=False)
    holidays: frozenset[date] = frozenset()
    rolls: bool = False
    day_minutes: int = 0
    public: str = ""  # whose public holidays are among `holidays`: a country or state, such as BR-SP
    title: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)  # what people call it, by language
    _years: dict[int, "_Year"] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not any(self.windows.values()):
            raise ValueError(f"calendar {self.name}: no working window on any weekday")
        for weekday, day in self.windows.items():
            if weekday not in range(7):
                raise ValueError(f"calendar {self.name}: weekday {weekday} is not 0..6")
            edges = [edge for window in day for edge in window]
            if edges != sorted(edges) or (edges and not 0 <= edges[0] < edges[-1] <= 1440) or any(a == b for a, b in day):
                raise ValueError(f"calendar {self.name}: windows must follow each other inside one day: {day}")

    @cached_property
    def usual_day_minutes(self) -> int:
        """Working minutes of one "working day": as set, else the length most weekdays have (the longer on a tie)."""
        if self.day_minutes:
            return self.day_minutes
        lengths = Counter(sum(end - start for start, end in day) for day in self.windows.values() if day)
        return max(lengths, key=lambda length: (lengths[length], length))

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def _year(self, number: int) -> "_Year":
        year = self._years.get(number)
        if year is None:  # two threads may both build it: the same value, so no lock is needed
            year = self._years[number] = _build_year(self, number)
        return year


@dataclass(frozen=True)
class _Year:
    """The open intervals of one UTC year: sorted starts and ends, and the working time before each."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int

    def worked_until(self, instant: int) -> int:
        """Working time from the start of the year until the instant."""
        index = bisect_right(self.starts, instant) - 1
        if index < 0:
            return 0
        return self.before[index] + min(instant, self.ends[index]) - self.starts[index]

    def instant_after(self, worked: int, *, rolls: bool) -> int | None:
        """The instant at which so much was worked since the start of the year; None: not within this year."""
        if rolls:  # the last such instant: at closing time that is the next opening
            index = bisect_right(self.before, worked) - 1
            if index < 0 or worked >= self.total:
                return None
        else:  # the first such instant
            index = bisect_left(self.before, worked) - 1
            if index < 0 or worked > self.total:
                return None
        return self.starts[index] + worked - self.before[index]


def add(calendar: Calendar, start: datetime, length: int | timedelta) -> datetime:
    """The due time: the first instant by which `length` (minutes, or exact) of working time has passed since start.

    A calendar that `rolls` gives the last such instant instead. The answer is in UTC. Raises ValueError for a naive
    start, a negative length, or a calendar in which no work is ever done again.
    """
    instant, left = _instant(start), _length(length)
    if left < 0:
        raise ValueError("working time cannot be negative")
    if left == 0 and not calendar.rolls:
        return start.astimezone(UTC)
    number, idle = start.astimezone(UTC).year, 0
    year = calendar._year(number)
    left += year.worked_until(instant)
    while True:
        due = year.instant_after(left, rolls=calendar.rolls)
        if due is not None:
            return EPOCH + timedelta(microseconds=due)
        idle = 0 if year.total else idle + 1
        if idle > IDLE_YEARS:
            raise ValueError(f"calendar {calendar.name}: no working time in the {IDLE_YEARS} years before {number}")
        left -= year.total
        number += 1
        year = calendar._year(number)


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Working time from start to end, exact; negative when end comes first, so that intervals always add up."""
    began, ended = _instant(start), _instant(end)
    if ended < began:  # by the instants: two times of one zone compare by their wall clocks, also in an hour that is repeated
        return -between(calendar, end, start)
    first, last = start.astimezone(UTC).year, end.astimezone(UTC).year
    worked = calendar._year(last).worked_until(ended) - calendar._year(first).worked_until(began)
    worked += sum(calendar._year(number).total for number in range(first, last))
    return timedelta(microseconds=worked)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether work is done at that instant; closing time itself is closed."""
    instant, year = _instant(at), calendar._year(at.astimezone(UTC).year)
    index = bisect_right(year.starts, instant) - 1
    return index >= 0 and instant < year.ends[index]


def next_turn(calendar: Calendar, at: datetime) -> datetime | None:
    """Return when it next opens or closes after an instant; None: not within the next two years."""
    instant, was, first = _instant(at), is_open(calendar, at), at.astimezone(UTC).year
    for number in range(first, first + 3):
        year = calendar._year(number)
        turns = (edge for pair in zip(year.starts, year.ends, strict=True) for edge in pair if edge > instant)
        for edge in turns:  # the end of a stretch that goes on in the next year is none
            if is_open(calendar, found := EPOCH + timedelta(microseconds=edge)) is not was:
                return found
    return None


def parse_target(text: str, calendar: Calendar) -> int:
    """Working minutes of "8h", "30m", "1d" or "2d 4h" in a calendar; one d is one working day of that calendar."""
    days, hours, minutes = target_parts(text)
    return days * calendar.usual_day_minutes + hours * 60 + minutes


def target_parts(text: str) -> tuple[int, int, int]:
    """Days, hours and minutes of a length such as "2d 4h"; ValueError for anything else, and for nothing at all."""
    found = _TARGET.findall(text)
    units = "".join(unit for _, unit in found)
    if _TARGET.sub("", text).strip() or not units or units != "".join(u for u in _UNIT_SIGNS if u in units):
        raise ValueError(f"not a length of working time: {text!r}")
    amounts = {unit: int(number) for number, unit in found}
    if not any(amounts.values()):
        raise ValueError(f"a length of working time is more than nothing: {text!r}")
    return amounts.get("d", 0), amounts.get("h", 0), amounts.get("m", 0)


def _instant(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be placed in a calendar")
    return _length(at - EPOCH)


def _length(length: int | timedelta) -> int:
    if isinstance(length, int):
        return length * MINUTE
    return (length.days * 86_400 + length.seconds) * 1_000_000 + length.microseconds


def _build_year(calendar: Calendar, number: int) -> _Year:
    first, last = _midnight(date(number, 1, 1)), _midnight(date(number + 1, 1, 1))
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _open_between(calendar, first, last):
        if ends and start == ends[-1]:  # midnight to midnight, day after day, is one stretch
            ends[-1] = end
        else:
            starts.append(start)
            ends.append(end)
    before = [0, *accumulate(end - start for start, end in zip(starts, ends, strict=True))]
    return _Year(starts, ends, before[:-1], before[-1])


def _open_between(calendar: Calendar, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The open intervals in [first, last), in order: per stretch of constant offset, each local day's windows."""
    for begin, end, offset in _offsets(calendar._zone, first, last):
        day = EPOCH.date() + timedelta(days=(begin + offset) // DAY)
        while (midnight := _midnight(day) - offset) < end:
            if day not in calendar.holidays:
                for opening, closing in calendar.windows.get(day.weekday(), ()):
                    start, stop = max(begin, midnight + opening * MINUTE), min(end, midnight + closing * MINUTE)
                    if start < stop:
                        yield start, stop
            day += timedelta(days=1)


def _offsets(zone: ZoneInfo, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Stretches (begin, end, offset from UTC in microseconds) of [first, last), cut at each change of the clock.

    Looks at every sixth hour and closes in on a change by halving; changes nearer than that do not exist.
    """
    begin, offset = first, _offset(zone, first)
    for probe in range(first + 6 * HOUR, last + 6 * HOUR, 6 * HOUR):
        probe = min(probe, last)
        if (changed := _offset(zone, probe)) == offset:
            continue
        low, high = max(begin, probe - 6 * HOUR), probe
        while high - low > 1_000_000:
            middle = (low + high) // 2_000_000 * 1_000_000
            low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
        yield begin, high, offset
        begin, offset = high, changed
    if begin < last:
        yield begin, last, offset


def _offset(zone: ZoneInfo, instant: int) -> int:
    local = (EPOCH + timedelta(microseconds=instant)).astimezone(zone).utcoffset()
    return _length(local or timedelta())


def _midnight(day: date) -> int:
    return (day - EPOCH.date()).days * DAY
