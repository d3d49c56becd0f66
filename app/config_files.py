"""The organisation's files in config/, looked at together: at the start, by `desk doctor` and by `desk config check`."""

from collections.abc import Callable
from typing import Any, Final

from app import calendars, closure, empowerment, escalations, practice, priorities, sla, surveys

READERS: Final[tuple[Callable[[], Any], ...]] = (
    calendars.all_of_them, priorities.matrix, practice.practice, closure.closing, empowerment.limits, calendars.calendar, sla.agreement,
    escalations.ladders, surveys.policy,
)  # fmt: skip


def faults(*more: Callable[[], Any]) -> list[str]:
    """Return what is wrong with each file that cannot be used: its name, where, and what is allowed; `more` are readers that stand above."""
    found = []
    for read in (*READERS, *more):
        try:
            read()
        except (ValueError, OSError) as fault:
            found.append(str(fault))
    return list(dict.fromkeys(found))
