"""Kinds, states, actions and every allowed transition of every record (domain.md 2, 3, 5, 6).

What is not in MOVES is forbidden. `services.records.move` is the only caller that assigns a state.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.rules.words import Text, t


class RecordKind(StrEnum):
    """The kinds of record; the value is the prefix of event and permission names."""

    INCIDENT = "incident"
    REQUEST = "request"
    ITEM = "item"
    TASK = "task"
    PROBLEM = "problem"
    KNOWN_ERROR = "known_error"
    CHANGE = "change"


NUMBER_PREFIX: Final = {
    RecordKind.INCIDENT: "INC",
    RecordKind.REQUEST: "REQ",
    RecordKind.ITEM: "RIT",
    RecordKind.TASK: "TSK",
    RecordKind.PROBLEM: "PRB",
    RecordKind.KNOWN_ERROR: "KNE",
    RecordKind.CHANGE: "CHG",
}

STATES: Final[dict[RecordKind, tuple[str, ...]]] = {
    RecordKind.INCIDENT: ("new", "in_progress", "on_hold", "resolved", "closed", "canceled"),
    RecordKind.REQUEST: (
        "draft", "submitted", "in_fulfilment", "closed_complete", "closed_incomplete", "closed_skipped", "canceled",
    ),
    RecordKind.ITEM: (
        "requested", "awaiting_approval", "approved", "rejected", "fulfilling", "on_hold", "failed", "compensating",
        "fulfilled", "closed", "closed_incomplete", "closed_skipped", "canceled",
    ),
    RecordKind.TASK: (
        "pending", "open", "in_progress", "closed_complete", "closed_incomplete", "closed_skipped", "canceled",
    ),
    RecordKind.PROBLEM: ("new", "assess", "root_cause_analysis", "fix_in_progress", "resolved", "closed"),
    RecordKind.KNOWN_ERROR: ("draft", "in_review", "published", "retired"),
    RecordKind.CHANGE: ("new", "assess", "authorize", "scheduled", "implement", "review", "closed", "canceled"),
}  # fmt: skip

FINAL: Final = frozenset(
    {"closed", "canceled", "closed_complete", "closed_incomplete", "closed_skipped", "retired"}
)
TASK_CLOSED: Final = frozenset({"closed_complete", "closed_incomplete", "closed_skipped", "canceled"})

# How a state reads inside a sentence: “REQ0000001 is on hold”.
STATE_WORDS: Final[dict[str, Text]] = {
    "new": t("new"),
    "in_progress": t("in progress"),
    "on_hold": t("on hold"),
    "resolved": t("resolved"),
    "closed": t("closed"),
    "canceled": t("cancelled"),
    "draft": t("a draft"),
    "submitted": t("sent"),
    "in_fulfilment": t("being carried out"),
    "closed_complete": t("closed, complete"),
    "closed_incomplete": t("closed, incomplete"),
    "closed_skipped": t("skipped"),
    "requested": t("being planned"),
    "awaiting_approval": t("waiting for approval"),
    "approved": t("approved"),
    "rejected": t("rejected"),
    "fulfilling": t("being carried out"),
    "failed": t("failed"),
    "compensating": t("being undone"),
    "fulfilled": t("done, being checked"),
    "pending": t("waiting its turn"),
    "open": t("to do"),
    "assess": t("being assessed"),
    "root_cause_analysis": t("in root-cause analysis"),
    "fix_in_progress": t("being fixed"),
    "in_review": t("in review"),
    "published": t("published"),
    "retired": t("retired"),
    "authorize": t("waiting for authorisation"),
    "scheduled": t("scheduled"),
    "implement": t("being implemented"),
    "review": t("being reviewed"),
}


class Action(StrEnum):
    """What can be done to a record; `<kind>.<action>` names the event and the permission."""

    SUBMIT = "submit"
    BEGIN = "begin"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    SKIP = "skip"
    CANCEL = "cancel"
    ASK = "ask"
    PASS = "pass"  # noqa: S105
    APPROVE = "approve"
    REJECT = "reject"
    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    FAIL = "fail"
    RETRY = "retry"
    COMPENSATE = "compensate"
    GIVE_UP = "give_up"
    DRIFT = "drift"
    FULFIL = "fulfil"
    REOPEN = "reopen"
    RESUBMIT = "resubmit"
    CHANGE = "change"
    CLOSE = "close"
    OPEN = "open"
    TAKE = "take"
    RESOLVE = "resolve"
    UNDO = "undo"  # one's own last step, within seconds: back along a row of MOVES (undo.py)
    REPLAY = "replay"  # an importer's history: from any state to any state, so no row of MOVES (domain.md 11)


@dataclass(frozen=True)
class Move:
    """One allowed transition."""

    kind: RecordKind
    action: Action
    sources: frozenset[str]
    target: str


def _moves(kind: RecordKind, *rows: tuple[Action, str, str]) -> Iterable[Move]:
    for action, sources, target in rows:
        yield Move(kind, action, frozenset(sources.split()), target)


MOVES: Final[tuple[Move, ...]] = (
    *_moves(
        RecordKind.INCIDENT,
        (Action.START, "new", "in_progress"),
        (Action.HOLD, "in_progress on_hold", "on_hold"),
        (Action.RESUME, "on_hold", "in_progress"),
        (Action.RESOLVE, "in_progress on_hold", "resolved"),
        (Action.REOPEN, "resolved", "in_progress"),
        (Action.CLOSE, "resolved", "closed"),
        (Action.CANCEL, "new in_progress on_hold", "canceled"),
    ),
    *_moves(
        RecordKind.REQUEST,
        (Action.SUBMIT, "draft", "submitted"),
        (Action.BEGIN, "submitted", "in_fulfilment"),
        (Action.COMPLETE, "submitted in_fulfilment", "closed_complete"),
        (Action.INCOMPLETE, "submitted in_fulfilment", "closed_incomplete"),
        (Action.SKIP, "submitted in_fulfilment", "closed_skipped"),
        (Action.CANCEL, "draft submitted in_fulfilment", "canceled"),
    ),
    *_moves(
        RecordKind.ITEM,
        (Action.ASK, "requested", "awaiting_approval"),
        (Action.PASS, "requested", "approved"),
        (Action.APPROVE, "awaiting_approval", "approved"),
        (Action.REJECT, "awaiting_approval", "rejected"),
        (Action.START, "approved", "fulfilling"),
        (Action.HOLD, "fulfilling", "on_hold"),
        (Action.RESUME, "on_hold", "fulfilling"),
        (Action.FAIL, "fulfilling", "failed"),
        (Action.RETRY, "failed", "fulfilling"),
        (Action.COMPENSATE, "failed", "compensating"),
        (Action.GIVE_UP, "compensating", "closed_incomplete"),
        (Action.DRIFT, "approved fulfilling", "awaiting_approval"),
        (Action.FULFIL, "fulfilling", "fulfilled"),
        (Action.REOPEN, "fulfilled", "fulfilling"),
        (Action.CLOSE, "fulfilled", "closed"),
        (Action.INCOMPLETE, "fulfilling", "closed_incomplete"),
        (Action.SKIP, "fulfilling", "closed_skipped"),
        (Action.RESUBMIT, "rejected", "requested"),
        (Action.CHANGE, "requested awaiting_approval", "requested"),
        (Action.CANCEL, "requested awaiting_approval approved rejected fulfilling on_hold failed", "canceled"),
    ),
    *_moves(
        RecordKind.TASK,
        (Action.OPEN, "pending", "open"),
        (Action.TAKE, "open", "in_progress"),
        (Action.COMPLETE, "open in_progress", "closed_complete"),
        (Action.INCOMPLETE, "open in_progress", "closed_incomplete"),
        (Action.SKIP, "pending open in_progress", "closed_skipped"),
        (Action.CANCEL, "pending open in_progress", "canceled"),
    ),
)

_BY_KIND_AND_ACTION: Final = {(move.kind, move.action): move for move in MOVES}


def target(kind: RecordKind, action: Action, state: str) -> str | None:
    """Return the state this action leads to from `state`, or None where it is forbidden."""
    move = _BY_KIND_AND_ACTION.get((kind, action))
    return move.target if move and state in move.sources else None


def actions(kind: RecordKind, state: str) -> tuple[Action, ...]:
    """Return what can be done from this state, in the order of MOVES."""
    return tuple(move.action for move in MOVES if move.kind is kind and state in move.sources)


def leads(kind: RecordKind, state: str, to: str) -> bool:
    """Say whether any action leads from one state to the other."""
    return any(move.target == to for move in MOVES if move.kind is kind and state in move.sources)


def is_reopening(state: str | None, to: str) -> bool:
    """Say whether an incident that goes from one state to the other was taken up again."""
    return (state == "resolved" and to not in {"resolved", "closed"}) or (state == "closed" and to != "closed")


def roll_up(states: Iterable[str]) -> Action | None:
    """Return how finished parts close the whole, or None while one is open (domain.md 3).

    All complete closes complete, all skipped or canceled closes skipped, anything else incomplete.
    """
    found = list(states)
    if not found or any(state not in FINAL and state != "rejected" for state in found):
        return None
    if all(state in {"closed", "closed_complete"} for state in found):
        return Action.COMPLETE
    if all(state in {"closed_skipped", "canceled"} for state in found):
        return Action.SKIP
    # A canceled part says nothing about the others: what remains decides.
    rest = {state for state in found if state not in {"closed_skipped", "canceled"}}
    return Action.COMPLETE if rest <= {"closed", "closed_complete"} else Action.INCOMPLETE
