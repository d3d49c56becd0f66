"""Which steps of an incident can be taken back for some seconds, and what goes back with each (ux 11). Pure.

Not here is what made or changed another record, which somebody may be working on by then (a merge, a split, a request in its
place, a task, a part), and what is one press away from being undone for good (links, category, impact).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.rules.lifecycle import MOVES, RecordKind


@dataclass(frozen=True, slots=True)
class Step:
    """What one step changed; its state, where it changed it, goes back as well."""

    back: Mapping[str, str] = field(default_factory=dict)  # by its event's word for what was: the column that becomes so again
    clears: tuple[str, ...] = ()  # columns that were empty before
    row: bool = False  # it put a row beside the incident, or took one off
    alone: bool = False  # nobody else hears of it, even of a major incident


ASSIGNEE: Final = {"assignee": "assignee_id"}
CLOSED: Final = Step(clears=("closed_at",))
ROW: Final = Step(row=True, alone=True)
STEPS: Final[Mapping[str, Step]] = {
    "start": Step(back=ASSIGNEE),
    "hold": Step(),
    "resume": Step(),
    "resolve": Step(clears=("resolution_code", "resolved_at", "resolved_by_id")),
    "reopen": Step(back={"count": "reopen_count", "code": "resolution_code", "resolved_at": "resolved_at", "resolved_by": "resolved_by_id"}),
    "close": CLOSED,
    "cancel": CLOSED,
    "assign": Step(back=ASSIGNEE, alone=True),
    "hand_over": Step(back={**ASSIGNEE, "team": "team_id"}, alone=True),
    "tag": ROW,
    "untag": ROW,
    "watch": ROW,
    "unwatch": ROW,
}  # fmt: skip
# what may happen since without standing in the way: it changes nothing that goes back
PASSING: Final = ("reply", "note", "call", "attach", "threshold", "log_time", "correct_time", "remove_time", *(name for name, step in STEPS.items() if step.row))


def undoes(kind: RecordKind, state: str, to: str | None) -> bool:
    """Say whether a step that can be taken back leads from `to` to where the record is now."""
    rows = (move for move in MOVES if move.kind is kind is RecordKind.INCIDENT and move.action in STEPS)
    return any(move.target == state and to in move.sources for move in rows)
