"""Incidents: priority, and what must be so before one may go on (domain.md 2). Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.rules import lifecycle
from app.rules.lifecycle import RecordKind
from app.rules.words import Text, t

Matrix = Mapping[str, int]
"""The priority of each pair, by impact and urgency: {"11": 1, ..., "33": 5}."""
MATRIX_KEYS: Final = tuple(f"{impact}{urgency}" for impact in (1, 2, 3) for urgency in (1, 2, 3))


class Major(StrEnum):
    """Whether an incident is a major one."""

    NONE = "none"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DEMOTED = "demoted"


class Hold(StrEnum):
    """What an incident can wait for, as far as rules know it; config/incidents.toml may say more."""

    CALLER = "caller"
    CHANGE = "change"
    PROBLEM = "problem"
    VENDOR = "vendor"
    EVIDENCE = "evidence"


class Guard(StrEnum):
    """What must be so before an incident may go on."""

    TRANSITION = "transition"
    BEGINNING = "beginning"
    ASSIGNEE = "assignee"
    REASON = "reason"
    COMMENT = "comment"
    LINK = "link"
    CODE = "code"
    NOTES = "notes"
    TASKS = "tasks"
    WINDOW = "window"
    MAJOR = "major"
    REPORT = "report"
    PRIORITY = "priority"


WORDS: Final[Mapping[Guard, Text]] = {
    Guard.ASSIGNEE: t("Somebody must have it first: take it, or assign it."),
    Guard.REASON: t("Choose what it waits for."),
    Guard.COMMENT: t("Tell the person what you need: they see it, and their answer takes it up again."),
    Guard.LINK: t("Link the problem or change it waits for first."),
    Guard.CODE: t("Choose how it was resolved."),
    Guard.NOTES: t("Say what was done: the person reads it, and so does whoever meets this again."),
    Guard.TASKS: t("A task that must be done is still open."),
    Guard.WINDOW: t("It is too long ago to take this up again. Open a new one that follows it."),
    Guard.MAJOR: t("This is a major incident: only the major incident manager closes it."),
    Guard.REPORT: t("This is a major incident: file its post-incident report first."),
}


@dataclass(frozen=True)
class Facts:
    """What an incident is like at the moment it is to go on; what is not known is as it should be."""

    state: str | None
    to: str
    reason: str | None = None  # what it shall wait for
    reasons: frozenset[str] = frozenset(Hold)
    is_assigned: bool = True
    has_comment: bool = True
    links: frozenset[str] = frozenset({"problem", "change"})
    has_code: bool = True
    has_notes: bool = True
    open_tasks: int = 0  # mandatory ones
    is_past: bool = False  # resolved so long ago that it cannot be taken up again
    is_major: bool = False  # and somebody else than its manager closes it
    has_report: bool = True


def priority(matrix: Matrix, impact: int, urgency: int) -> int:
    """Return the priority of this impact and urgency: 1 is the highest."""
    return matrix[f"{impact}{urgency}"]


def unmet(facts: Facts) -> Iterator[Guard]:
    """Yield what stands in the way of this step, most telling first; nothing: it may be taken."""
    if facts.state is None:
        if facts.to != "new":
            yield Guard.BEGINNING
    elif facts.state != facts.to and not lifecycle.leads(RecordKind.INCIDENT, facts.state, facts.to):
        yield Guard.TRANSITION
    match facts.to:
        case "in_progress":
            if not facts.is_assigned:
                yield Guard.ASSIGNEE
            if facts.state == "resolved" and facts.is_past:
                yield Guard.WINDOW
        case "on_hold":
            yield from _held(facts)
        case "resolved":
            yield from _resolved(facts)
        case "closed" if facts.is_major:
            yield Guard.MAJOR
        case "closed" if not facts.has_report:
            yield Guard.REPORT


def _held(facts: Facts) -> Iterator[Guard]:
    if facts.reason not in facts.reasons:
        yield Guard.REASON
    if facts.reason == Hold.CALLER and not facts.has_comment:
        yield Guard.COMMENT
    if facts.reason in {Hold.CHANGE, Hold.PROBLEM} and facts.reason not in facts.links:
        yield Guard.LINK


def _resolved(facts: Facts) -> Iterator[Guard]:
    if not facts.has_code:
        yield Guard.CODE
    if not facts.has_notes:
        yield Guard.NOTES
    if facts.open_tasks:
        yield Guard.TASKS


def vip_urgency(urgency: int, *, is_vip: bool) -> int:
    """Return the urgency a VIP's incident gets: one step up, never down."""
    return max(1, urgency - 1) if is_vip else urgency
