"""Requests, items and tasks move as domain.md 3 says, and in no other way."""

import pytest

from app.rules import lifecycle
from app.rules.lifecycle import Action, RecordKind

ROWS = {  # from → to, as the domain writes it
    RecordKind.INCIDENT: {
        ("new", "in_progress"), ("in_progress", "on_hold"), ("on_hold", "on_hold"), ("on_hold", "in_progress"), ("resolved", "in_progress"),
        ("in_progress", "resolved"), ("on_hold", "resolved"), ("resolved", "closed"),
        *((state, "canceled") for state in ("new", "in_progress", "on_hold")),
    },
    RecordKind.REQUEST: {
        ("draft", "submitted"), ("submitted", "in_fulfilment"), ("draft", "canceled"),
        *((state, end) for state in ("submitted", "in_fulfilment")
          for end in ("closed_complete", "closed_incomplete", "closed_skipped", "canceled")),
    },
    RecordKind.ITEM: {
        ("requested", "awaiting_approval"), ("awaiting_approval", "approved"), ("awaiting_approval", "rejected"), ("requested", "approved"),
        ("approved", "fulfilling"), ("fulfilling", "fulfilled"), ("fulfilled", "closed"), ("fulfilling", "on_hold"), ("on_hold", "fulfilling"),
        ("fulfilling", "failed"), ("failed", "fulfilling"), ("failed", "compensating"), ("compensating", "closed_incomplete"),
        ("approved", "awaiting_approval"), ("fulfilling", "awaiting_approval"), ("fulfilled", "fulfilling"), ("rejected", "requested"),
        ("awaiting_approval", "requested"), ("requested", "requested"),  # the answers were changed
        ("fulfilling", "closed_incomplete"), ("fulfilling", "closed_skipped"),
        *((state, "canceled") for state in ("requested", "awaiting_approval", "approved", "rejected", "fulfilling", "on_hold", "failed")),
    },
    RecordKind.TASK: {
        ("pending", "open"), ("open", "in_progress"), ("pending", "closed_skipped"), ("pending", "canceled"),
        *((state, end) for state in ("open", "in_progress") for end in ("closed_complete", "closed_incomplete", "closed_skipped", "canceled")),
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", ROWS)
def test_every_transition_of_the_domain_is_there_and_no_other(kind: RecordKind) -> None:
    assert {(source, move.target) for move in lifecycle.MOVES if move.kind is kind for source in move.sources} == ROWS[kind]


@pytest.mark.parametrize(
    ("states", "action"),
    [
        (["closed", "fulfilling"], None),
        (["closed", "fulfilled"], None),
        (["closed", "closed"], Action.COMPLETE),
        (["closed", "closed_incomplete"], Action.INCOMPLETE),
        (["closed", "rejected"], Action.INCOMPLETE),
        (["rejected", "rejected"], Action.INCOMPLETE),
        (["rejected", "awaiting_approval"], None),
        (["closed_skipped", "closed_skipped"], Action.SKIP),
        (["closed_skipped", "closed"], Action.COMPLETE),
        (["canceled", "closed"], Action.COMPLETE),
        (["canceled", "canceled"], Action.SKIP),
        ([], None),
    ],
)
def test_parts_close_the_whole_once_none_is_open(states: list[str], action: Action | None) -> None:
    assert lifecycle.roll_up(states) is action
