"""Cases of working time from the command line or a file: what they mean, and their answers."""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from app import calendars
from app.rules import hours
from app.rules.hours import Calendar
from app.settings import settings

FEWEST: Final = 50_000  # due times a second
KEYS: Final = {"add": {"from", "seconds", "minutes", "length"}, "between": {"from", "to"}}
ALWAYS: Final = {"op", "calendar", "id"}
_ZONED = re.compile(r"(.+?)\s*\[?([A-Z][A-Za-z_]+/[A-Za-z_/+-]+)\]?")
Book = Mapping[str, Calendar]


class Odd(ValueError):
    """A case without an answer; the text says why."""


def book(file: Path | None) -> Book:
    """Return the calendars of a file, or the organisation's; Odd where the file is at fault."""
    try:
        return calendars.load(file or settings().config_dir / calendars.FILE)
    except (calendars.CalendarFault, OSError, UnicodeDecodeError) as fault:
        raise Odd(str(fault)) from fault


def answers(known: Book, lines: Iterable[str], op: str = "") -> Iterator[dict[str, Any]]:
    """Answer each line in its order; a line without an answer gives its error and its number; empty ones are passed over."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            if not isinstance(case, dict):
                raise Odd('a case is written {"op": "add", "calendar": ..., "from": ..., "seconds": ...}')
            yield {"line": number, **answer(known, {"op": op, **case} if op else case)}
        except json.JSONDecodeError:
            yield {"line": number, "error": "this line is not JSON"}
        except Odd as odd:
            yield {"line": number, "error": str(odd)}


def answer(known: Book, case: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one case: op, calendar, from, and to or seconds (or minutes, or a length such as "2d 4h"); Odd where it has no answer."""
    op = case.get("op")
    if op not in KEYS:
        raise Odd(f"op is {op!r}; allowed: add, between")
    if unknown := sorted(case.keys() - KEYS[op] - ALWAYS):
        raise Odd(f"unknown {', '.join(unknown)}; {op} takes: {', '.join(sorted(KEYS[op] | ALWAYS))}")
    name = case.get("calendar", settings().calendar)
    if not isinstance(name, str) or name not in known:
        raise Odd(f"there is no calendar {name!r}; there are: {', '.join(known)}")
    calendar, said = known[name], {"id": case["id"]} if "id" in case else {}
    start = moment(case, "from", calendar)
    try:
        if op == "between":
            end = moment(case, "to", calendar)
            worked = hours.between(calendar, start, end)
            seconds = _seconds(worked)
            return {**said, "op": op, "calendar": name, "from": _utc(start), "to": _utc(end), "seconds": seconds, "minutes": int(seconds / 60)}
        length = _length(case, calendar)
        due = hours.add(calendar, start, length)
    except (ValueError, OverflowError) as fault:
        raise Odd(str(fault)) from fault
    local = due.astimezone(ZoneInfo(calendar.zone)).isoformat()
    return {**said, "op": op, "calendar": name, "from": _utc(start), "seconds": _seconds(length), "due": _utc(due), "due_local": local}


def moment(case: Mapping[str, Any], key: str, calendar: Calendar) -> datetime:
    """Return a time: on the calendar's own clock, or in the zone it says (an offset, Z, or a zone's name behind it)."""
    text = case.get(key)
    if not isinstance(text, str) or not text.strip():
        raise Odd(f"{key} is missing: a time such as 2026-03-02T09:00 or 2026-03-02T12:00Z")
    found = _ZONED.fullmatch(text.strip())
    try:
        at = datetime.fromisoformat(found[1] if found else text.strip())
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(found[2] if found else calendar.zone))
        return at.astimezone(UTC)
    except (ValueError, OverflowError, OSError, KeyError) as fault:
        raise Odd(f"{key} is {text!r}: no time such as 2026-03-02T09:00 or 2026-03-02T12:00Z") from fault


def pace(times: int, name: str | None) -> dict[str, Any]:
    """Measure due times and lengths of this calendar a second."""
    calendar = calendars.calendar(name)
    starts = [datetime(2026, 1, 2, 13, 7, tzinfo=UTC) + timedelta(minutes=37 * n % 500_000) for n in range(times)]
    began = time.perf_counter()
    due = [hours.add(calendar, at, 2400) for at in starts]
    added = time.perf_counter()
    for at, end in zip(starts, due, strict=True):
        hours.between(calendar, at, end)
    measured = time.perf_counter()
    rate = round(times / (added - began))
    return {"ok": rate >= FEWEST, "calendar": calendar.name, "times": times, "due_times_per_second": rate,
            "measured_per_second": round(times / (measured - added)), "least": FEWEST}  # fmt: skip


def _length(case: Mapping[str, Any], calendar: Calendar) -> timedelta:
    given = [key for key in ("seconds", "minutes", "length") if key in case]
    if len(given) != 1:
        raise Odd("say how long: seconds, minutes, or a length such as 2d 4h")
    value = case[given[0]]
    if given[0] == "length":
        return timedelta(minutes=hours.parse_target(str(value), calendar))
    if type(value) not in {int, float}:
        raise Odd(f"{given[0]} is {value!r}; a number is needed")
    return timedelta(**{given[0]: value})


def _seconds(length: timedelta) -> int | float:
    whole, rest = divmod(length, timedelta(seconds=1))
    return length.total_seconds() if rest else whole


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
