"""What clocks are computed from: the events of records, in the shape rules take them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.events import Event
from app.models.records import Record
from app.models.requests import Item
from app.models.sla import Clock
from app.queries import catalog
from app.rules.lifecycle import RecordKind
from app.rules.situations import By, History, Told
from app.rules.sla import Facts

BORN = {RecordKind.ITEM: "requested", RecordKind.REQUEST: "submitted", RecordKind.TASK: "pending"}


def batch(session: Session, kinds: Collection[str], after: int, size: int, *, lock: bool) -> Sequence[Any]:
    """Return the next records of these kinds by id; locked, so that none of them goes on meanwhile."""
    query = select(Record.id, Record.number, Record.kind, Record.opened_at, Record.requester_id, Record.beneficiary_id)
    query = query.where(Record.kind.in_([RecordKind(kind) for kind in kinds]), Record.id > after).order_by(Record.id).limit(size)
    return session.execute(query.with_for_update(of=Record) if lock else query).all()


def histories(session: Session, records: Sequence[Any]) -> dict[int, History]:
    """Return what happened to each of these rows of `batch`."""
    told: dict[int, list[Told]] = {row.id: [] for row in records}
    own = {row.id: {row.requester_id, row.beneficiary_id} - {None} for row in records}
    events = select(Event.record_id, Event.seq, Event.at, Event.name, Event.actor_id, Event.actor, Event.after)
    for row in session.execute(events.where(Event.record_id.in_(told)).order_by(Event.record_id, Event.seq)):
        told[row.record_id].append(Told(row.seq, row.at, row.name, _by(row, own[row.record_id]), row.after))
    items = _items(session, [row.id for row in records if row.kind is RecordKind.ITEM])
    return {
        row.id: History(row.opened_at, Facts(row.kind.value, item=items[row.id][0], item_target=items[row.id][1]) if row.id in items else Facts(row.kind.value),
                        told[row.id], BORN.get(row.kind, "new"))
        for row in records
    }  # fmt: skip


def stored(session: Session, ids: Collection[int]) -> dict[int, list[Clock]]:
    """Return the clocks that are stored of these records."""
    found: dict[int, list[Clock]] = {id_: [] for id_ in ids}
    for clock in session.scalars(select(Clock).where(Clock.record_id.in_(ids)).order_by(Clock.id)):
        found[clock.record_id].append(clock)
    return found


def _by(row: Any, own: set[int]) -> By:
    """Say whose act it was; whoever has a record is its caller, also where it is somebody of the desk."""
    if row.actor_id is None:
        return By.SYSTEM
    if row.actor_id in own:
        return By.CALLER
    return By.DESK if row.after.get("inside", True) else By.OTHER


def _items(session: Session, ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
    """Return the slug of each item and what the catalogue promised when it was ordered."""
    if not ids:
        return {}
    rows = session.execute(select(Item.__table__.c.id, Item.slug, Item.catalog_hash).where(Item.__table__.c.id.in_(ids))).all()
    offers = catalog.versions(session, list({row.catalog_hash for row in rows}))
    return {row.id: (row.slug, offers[row.catalog_hash].target) for row in rows}
