"""What is due after an incident was resolved: the review of its record, a reminder, and its closing by itself (domain.md 2, 8). Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from app.rules import hours
from app.rules.catalog.items import Translated
from app.rules.hours import Calendar
from app.rules.words import Text, t

LOOK_AGAIN: Final = timedelta(hours=1)  # at what waits for the decision whether it is a major incident


@dataclass(frozen=True)
class Window:
    """For how long something can be taken up again: days of 24 hours, or working days of a calendar."""

    days: int
    calendar: Calendar | None = None

    def after(self, start: datetime, days: int) -> datetime:
        """Return the instant so many days later, counted in this way."""
        if self.calendar is None:
            return start + timedelta(days=days)
        return hours.add(self.calendar, start, days * self.calendar.usual_day_minutes)


def closes_at(resolved_at: datetime, window: Window) -> datetime:
    """Return when a resolved incident closes by itself: counted from its resolution, whatever was written since."""
    return window.after(resolved_at, window.days)


class Check(StrEnum):
    """What the review looks at."""

    CODE = "code"
    NOTES = "notes"
    CATEGORY = "category"
    CAUSE = "cause"
    TASKS = "tasks"
    AFFECTED = "affected"


class Outcome(StrEnum):
    """How far the review is."""

    WAITING = "waiting"
    COMPLETE = "complete"
    RETURNED = "returned"
    WAIVED = "waived"


NAMES: Final[Mapping[Check, Text]] = {
    Check.CODE: t("How it was resolved"), Check.NOTES: t("What was done"), Check.CATEGORY: t("Category"), Check.CAUSE: t("Cause"),
    Check.TASKS: t("Tasks that must be done"), Check.AFFECTED: t("What was affected"),
}  # fmt: skip
MENDS: Final[Mapping[Check, Text]] = {
    Check.CODE: t("Choose how it was resolved."),
    Check.NOTES: t("Say what was done, so that whoever meets this again can do the same."),
    Check.CATEGORY: t("Choose what it is about."),
    Check.CAUSE: t("Say what caused it, or link the problem or change behind it."),
    Check.TASKS: t("A task that must be done is still open: end it."),
    Check.AFFECTED: t("Name the service or device that was affected."),
}


@dataclass(frozen=True)
class Closing:
    """What the organisation decided on what comes after a resolution."""

    window: Window
    remind_days: int = 0  # 0: nobody is reminded
    review_minutes: int = 15
    checks: tuple[Check, ...] = ()
    least_notes: int = 0
    empty_notes: frozenset[str] = frozenset()
    cause_codes: frozenset[str] = frozenset()
    affected_categories: frozenset[str] = frozenset()
    earlier_days: int = 90

    @cached_property
    def policy(self) -> str:
        """Return what times hang on as a short text: times that were stored under another one are counted anew."""
        calendar = self.window.calendar
        said = (self.window.days, self.remind_days, self.review_minutes, calendar and (
            calendar.zone, sorted(calendar.windows.items()), sorted(calendar.holidays), calendar.rolls, calendar.day_minutes))  # fmt: skip
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Facts:
    """What the review looks at, as it is now; notes of None were erased, and cannot be judged any more."""

    code: str | None
    notes: str | None
    category: str | None
    has_cause: bool
    open_tasks: int
    affected: int


def missing(closing: Closing, facts: Facts) -> list[Check]:
    """Return what is missing, in the order in which the organisation asks."""
    return [check for check in closing.checks if not _holds(closing, check, facts)]


def _holds(closing: Closing, check: Check, facts: Facts) -> bool:
    match check:
        case Check.CODE:
            return bool(facts.code)
        case Check.NOTES:
            return facts.notes is None or _says_something(closing, facts.notes)
        case Check.CATEGORY:
            return bool(facts.category)
        case Check.CAUSE:
            return facts.has_cause or facts.code not in closing.cause_codes
        case Check.TASKS:
            return not facts.open_tasks
        case Check.AFFECTED:
            return facts.affected > 0 or not is_below(facts.category, closing.affected_categories)


def _says_something(closing: Closing, notes: str) -> bool:
    words = " ".join(notes.split()).strip(" .!,;:-")
    return len(words) >= closing.least_notes and words.casefold() not in closing.empty_notes


def is_below(category: str | None, some: frozenset[str]) -> bool:
    """Say whether a category is one of these, or a part of one."""
    steps = (category or "").split("/")
    return any("/".join(steps[: count + 1]) in some for count in range(len(steps)))


class Step(StrEnum):
    """What comes due after a resolution, in this order."""

    REVIEW = "review"
    REMIND = "remind"
    CLOSE = "close"


@dataclass(frozen=True)
class Standing:
    """How far it is with one resolution; what is or may be a major incident neither closes by itself nor is its caller told that it will."""

    resolved_at: datetime
    is_reviewed: bool = False
    is_reminded: bool = False
    is_returned: bool = False
    is_major: bool = False
    is_closed: bool = False


def times(closing: Closing, at: Standing) -> dict[Step, datetime]:
    """Return when each step comes that is still to be taken; what was returned to its owner waits."""
    found = {} if at.is_reviewed else {Step.REVIEW: at.resolved_at + timedelta(minutes=closing.review_minutes)}
    if at.is_closed or at.is_returned:
        return found
    if closing.remind_days and not at.is_reminded:
        found[Step.REMIND] = closing.window.after(at.resolved_at, closing.remind_days)
    return {**found, Step.CLOSE: closes_at(at.resolved_at, closing.window)}


def is_due(closing: Closing, at: Standing, step: Step, now: datetime) -> bool:
    """Say whether a step is to be taken now; nobody is reminded of what closes in the same moment."""
    coming = times(closing, at)
    if step not in coming or coming[step] > now:
        return False
    return step is Step.REVIEW or not (at.is_major or (step is Step.REMIND and coming[Step.CLOSE] <= now))


def next_at(closing: Closing, at: Standing, now: datetime) -> datetime | None:
    """Return when to look at it next; None: never, unless somebody does something with it."""
    coming = times(closing, at)
    if at.is_major:
        coming = {step: when if step is Step.REVIEW else max(when, now + LOOK_AGAIN) for step, when in coming.items()}
    return min(coming.values(), default=None)


class Answer(StrEnum):
    """How a question of a quality review is answered."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


ANSWERS: Final[Mapping[Answer, Text]] = {Answer.YES: t("Yes"), Answer.NO: t("No"), Answer.NOT_APPLICABLE: t("Does not apply")}


@dataclass(frozen=True)
class Quality:
    """Which closed incidents somebody reads again, and what is asked about them; nothing is asked: nobody reads them."""

    percent: float = 0
    majors: bool = False
    questions: Mapping[str, Translated] = field(default_factory=dict)

    def because(self, number: str, *, is_major: bool) -> str | None:
        """Return why this one is read again: "major" or "sample"; None: it is not. A number always gets the same answer."""
        if not self.questions:
            return None
        if is_major and self.majors:
            return "major"
        share = int.from_bytes(hashlib.sha256(number.encode()).digest()[:8]) / 2**64
        return "sample" if share * 100 < self.percent else None
