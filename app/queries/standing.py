"""Where requests stand, for lists: what their slowest item waits for, in two queries for a whole page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.approvals import ApprovalRound, Seat
from app.models.people import Person
from app.models.requests import Item

# The slowest item speaks for its request: what comes first here is furthest from done.
ORDER: Final = (
    "failed", "requested", "awaiting_approval", "rejected", "approved", "on_hold", "compensating", "fulfilling", "fulfilled",
)  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """The state of the slowest item, and the names of those it waits for."""

    state: str
    people: Sequence[str] = ()


def of(session: Session, request_ids: Sequence[int]) -> dict[int, Standing]:
    """Return where each of these requests stands; one whose items have all ended is left out."""
    if not request_ids:
        return {}
    rows = session.execute(
        select(Item.request_id, Item.id, Item.state).where(Item.request_id.in_(request_ids), Item.state.in_(ORDER))
    ).all()
    asked = _asked(session, [item for _, item, state in rows if state == "awaiting_approval"])
    found: dict[int, Standing] = {}
    for request, item, state in sorted(rows, key=lambda row: ORDER.index(row[2])):
        found.setdefault(request, Standing(state, asked.get(item, ())))
    return found


def _asked(session: Session, items: Sequence[int]) -> dict[int, list[str]]:
    if not items:
        return {}
    query = (
        select(ApprovalRound.record_id, func.array_agg(Person.name.distinct()))
        .join(Seat, Seat.round_id == ApprovalRound.id)
        .join(Person, Person.id == Seat.person_id)
        .where(ApprovalRound.record_id.in_(items), ApprovalRound.state == "open", Seat.state == "asked")
        .group_by(ApprovalRound.record_id)
    )
    return {item: list(names) for item, names in session.execute(query)}
