"""Worked time as people write it: `90`, `1h30`, `1:30`, `1,5 h`; kept in whole minutes. Pure."""

import re
from datetime import date, datetime, timedelta
from typing import Final

HOUR: Final = 60  # minutes
DAY: Final = 24 * HOUR  # minutes: nobody works longer on one day
FORGOTTEN: Final = timedelta(hours=12)  # a timer that ran longer was left on: its person says how long it was
OLDEST: Final = timedelta(days=366)  # further back is a slip of the pen

_HOURS, _MINUTES = r"h(?:rs?|ours?|oras?)?", r"m(?:in(?:s|utes?|utos?)?)?"
_WRITTEN: Final = (
    re.compile(rf"(?P<minutes>\d{{1,5}})\s*(?:{_MINUTES})?", re.ASCII | re.IGNORECASE),
    re.compile(rf"(?P<hours>\d{{1,3}})\s*{_HOURS}(?:\s*(?P<minutes>[0-5]?\d)\s*(?:{_MINUTES})?)?", re.ASCII | re.IGNORECASE),
    re.compile(r"(?P<hours>\d{1,3}):(?P<minutes>[0-5]\d)", re.ASCII),
    re.compile(rf"(?P<part>\d{{1,3}}[.,]\d{{1,2}})\s*{_HOURS}", re.ASCII | re.IGNORECASE),
)


def minutes(written: str) -> int | None:
    """Return how many minutes these words say; None where they say no length. A number alone is minutes."""
    found = next((match.groupdict() for form in _WRITTEN if (match := form.fullmatch(written.strip()))), None)
    if found is None:
        return None
    if part := found.get("part"):
        return round(float(part.replace(",", ".")) * HOUR)
    return int(found.get("hours") or 0) * HOUR + int(found.get("minutes") or 0)


def written(length: int) -> str:
    """Return minutes as one may type them again: `1:30`."""
    return f"{length // HOUR}:{length % HOUR:02d}"


def elapsed(start: datetime, end: datetime) -> int:
    """Return the minutes of a timer, of which the last one begun counts: one at least."""
    return max(1, -(-int((end - start).total_seconds()) // 60))


def is_likely(on: date, today: date) -> bool:
    """Say whether somebody may have worked on that day: not in the future, and no slip of the pen."""
    return today - OLDEST <= on <= today
