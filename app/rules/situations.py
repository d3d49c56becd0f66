"""What a record's events say of it, moment by moment: the situations clocks look at (domain.md 7). Pure.

Each event that changes something clocks look at begins a situation, which lasts until the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.rules.incidents import Hold
from app.rules.sla import ON_HOLD, Facts, Sign

NOTHING: Final = frozenset[str]()
REPLY, CALL, REOPEN = "reply", "call", "reopen"
THRESHOLD: Final = "threshold"  # a step of a ladder was taken: which is next, follows
CHANGES: Final = frozenset({"state", "priority", "team", "cis"})  # of an event's `after`: what else clocks look at
SEEN: Final = CHANGES | {"undone", "cause", "requester", "beneficiary"}


class By(StrEnum):
    """Who did it: only what somebody of the desk writes answers a caller."""

    DESK = "desk"
    CALLER = "caller"
    OTHER = "other"  # a watcher, an approver
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Told:
    """One event: its place in the record's stream, when, its name such as "incident.hold", whose act it was and what it changed."""

    event: int
    at: datetime
    name: str
    by: By = By.DESK
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """A record from its opening on; `told` in the order of its stream, the first is its birth."""

    opened_at: datetime
    facts: Facts  # kind and item are fixed, the others are what they were before the first event said anything
    told: Sequence[Told]
    born: str = "new"  # its state until the first event says one


@dataclass(frozen=True, slots=True)
class Situation:
    """What holds from `at` on, and which moments came at that instant; `event` began it (None: its opening)."""

    at: datetime
    event: int | None
    state: str
    holds: frozenset[str]
    moments: frozenset[str]
    facts: Facts
    team: int | None


def is_seen(name: str, after: Mapping[str, Any]) -> bool:
    """Say whether an event can change any clock: most notes and mails do not."""
    return not SEEN.isdisjoint(after) or name.partition(".")[2] in {REPLY, CALL, REOPEN, THRESHOLD}


def situations(history: History) -> tuple[Situation, ...]:
    """Return what there was, in order; times never go back."""
    return tuple(_situations(history))


def _situations(history: History) -> Iterator[Situation]:
    undone = {told.after["undone"] for told in history.told if "undone" in told.after}  # steps taken back at once: they never were
    at, state, reason, team, facts, answered = history.opened_at, history.born, None, None, history.facts, False
    fresh: frozenset[str] = frozenset({Sign.OPENED})
    if not history.told or history.told[0].at > at:
        yield Situation(at, None, state, _holds(state, reason), fresh, facts, team)
        fresh = NOTHING
    for told in history.told:
        after, at = told.after, max(at, told.at)
        moments = _moments(told, answered)
        if told.event in undone or (not fresh and not moments and CHANGES.isdisjoint(after)):
            continue
        if "state" in after:
            state, reason = after["state"], after.get("hold_reason")
        if "team" in after:
            team = after["team"]
        if "priority" in after:
            facts = replace(facts, priority=after["priority"])
        if "cis" in after:
            facts = replace(facts, services=frozenset(after["cis"]))
        answered = answered or not moments.isdisjoint({Sign.REPLIED, Sign.CALLED}) or state == "resolved"
        yield Situation(at, told.event, state, _holds(state, reason), fresh | moments, facts, team)
        fresh = NOTHING


def _holds(state: str, reason: str | None) -> frozenset[str]:
    return frozenset((state, f"{ON_HOLD}:{reason}")) if state == ON_HOLD else frozenset((state,))


def _moments(told: Told, answered: bool) -> frozenset[str]:
    """Say which moment this event is: a note, an automatic mail and what a watcher writes are none."""
    action = told.name.partition(".")[2]
    if told.by is By.DESK:
        asked = told.after.get("state") == ON_HOLD and told.after.get("hold_reason") == Hold.CALLER and action != "replay"
        if action == REPLY or asked:
            return frozenset({Sign.REPLIED})
        if action == CALL:
            return frozenset({Sign.CALLED})
    if told.by is By.CALLER and answered and action in {REPLY, REOPEN}:
        return frozenset({Sign.CALLER_WROTE})
    return frozenset({Sign.CAUSE_DOCUMENTED}) if "cause" in told.after else NOTHING
