"""Where requests stand and what they are, for lists: what their slowest item waits for, in two queries for a whole page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.approvals import ApprovalRound, Seat
from app.models.people import Person
from app.models.requests import Item
from app.queries import catalog
from app.rules.words import LANGUAGES

# The slowest item speaks for its request: what comes first here is furthest from done.
ORDER: Final = (
    "failed", "requested", "awaiting_approval", "rejected", "approved", "on_hold", "compensating", "fulfilling", "fulfilled",
)  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """The state of the slowest item (empty: all have ended), the names of those it waits for, and what was ordered."""

    state: str
    people: Sequence[str] = ()
    title: Mapping[str, str] = field(default_factory=dict)  # by language
    promised_at: datetime | None = None  # until when all of it is to be there; None: not promised yet, or it waits


def of(session: Session, request_ids: Sequence[int]) -> dict[int, Standing]:
    """Return where each of these requests stands."""
    if not request_ids:
        return {}
    query = select(Item.request_id, Item.id, Item.state, Item.catalog_hash, Item.promised_at).where(Item.request_id.in_(request_ids))
    rows = session.execute(query.order_by(Item.id)).all()
    offers = catalog.versions(session, [row.catalog_hash for row in rows])
    asked = _asked(session, [row.id for row in rows if row.state == "awaiting_approval"])
    found: dict[int, Standing] = {}
    for request in dict.fromkeys(row.request_id for row in rows):
        items = [row for row in rows if row.request_id == request]
        names = list(dict.fromkeys(row.catalog_hash for row in items))
        title = {each: " · ".join(offers[digest].name.to(each) for digest in names) for each in LANGUAGES}
        slowest = min((row for row in items if row.state in ORDER), key=lambda row: ORDER.index(row.state), default=None)
        found[request] = Standing(slowest.state, asked.get(slowest.id, ()), title, _promised(items)) if slowest else Standing("", (), title)
    return found


def _promised(items: Sequence[Any]) -> datetime | None:
    """Return the last of what was promised of items that are not over, where something was of each and none stands still."""
    coming = [row for row in items if row.state in ORDER and row.state != "fulfilled"]
    is_known = all(row.promised_at is not None and row.state != "on_hold" for row in coming)
    return max((row.promised_at for row in coming), default=None) if is_known else None


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
