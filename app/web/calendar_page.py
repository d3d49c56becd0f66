"""A working calendar as a page shows it: the week as a picture, its days off, and what is now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app import calendars, sla
from app.rules import hours
from app.rules.hours import Calendar
from app.rules.sla import Definition
from app.rules.words import Text, t
from app.settings import settings
from app.web.preferences import current_language

OWN = t("Own day off")


@dataclass(frozen=True)
class Day:
    """A day of the week: its windows as minutes for the picture and as written."""

    number: int
    windows: tuple[hours.Window, ...]
    written: str
    is_today: bool

    @property
    def length(self) -> timedelta:
        """How long is worked."""
        return timedelta(minutes=sum(end - start for start, end in self.windows))


@dataclass(frozen=True)
class Off:
    """A day on which no work is done; `counts` says whether it would have been worked."""

    on: date
    name: Text | str
    counts: bool
    is_past: bool


@dataclass(frozen=True)
class View:
    """One calendar at one instant."""

    calendar: Calendar
    title: str
    week: tuple[Day, ...]
    is_open: bool
    turns_at: datetime | None
    there: datetime  # the same instant on the wall clock there
    minute: int  # of that day
    holiday: Text | str | None
    is_default: bool

    @property
    def key(self) -> str:
        """Its key in the file, which is in its address."""
        return self.calendar.name

    @property
    def length(self) -> timedelta:
        """How long is worked in a week."""
        return sum((day.length for day in self.week), timedelta())

    @property
    def usual_day(self) -> timedelta:
        """What "1d" is."""
        return timedelta(minutes=self.calendar.usual_day_minutes)


def views(now: datetime) -> list[View]:
    """Return every calendar as it is now."""
    return [view(each, now) for each in calendars.all_of_them().values()]


def view(calendar: Calendar, now: datetime) -> View:
    """Return one as it is now."""
    there = now.astimezone(ZoneInfo(calendar.zone))
    week = tuple(_day(calendar, number, there.weekday()) for number in range(7))
    today = next((each.name for each in days_off(calendar, there.year, there.date()) if each.on == there.date()), None)
    return View(
        calendar, title(calendar), week, hours.is_open(calendar, now), hours.next_turn(calendar, now), there,
        there.hour * 60 + there.minute, today, calendar.name == settings().calendar,
    )  # fmt: skip


def title(calendar: Calendar) -> str:
    """Return what it is called in the reader's language."""
    return calendar.title.get(current_language(), calendar.name)


def days_off(calendar: Calendar, year: int, today: date) -> list[Off]:
    """Return the days of a year on which no work is done, in order, with their names in the reader's language."""
    names = calendars.holidays_of(calendar.public, year, current_language())
    return [
        Off(day, names.get(day, OWN), bool(calendar.windows.get(day.weekday())), day < today)
        for day in sorted(calendar.holidays) if day.year == year
    ]  # fmt: skip


def counting(calendar: Calendar) -> list[Definition]:
    """Return the clocks that count in it, for some record or all."""
    return [each for each in sla.agreement().definitions if any(target.calendar.name == calendar.name for target in each.targets)]


def _day(calendar: Calendar, number: int, today: int) -> Day:
    windows = calendar.windows.get(number, ())
    return Day(number, windows, ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in windows), number == today)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
