"""Verified closure: what was done is looked at again later; what no longer holds is done anew (domain.md 3)."""

from collections.abc import Sequence

from sqlalchemy import func, select, update

from app.models.requests import Check, Item
from app.services import fulfilment, messages, requests
from app.unit_of_work import UnitOfWork


def due(uow: UnitOfWork, limit: int = 200) -> Sequence[tuple[int, str]]:
    """Return the looks that are due, oldest first: (check id, number of the item)."""
    query = select(Check.id, Item.number).join(Item, Item.id == Check.item_id)
    waiting = query.where(Check.done_at.is_(None), Check.due_at <= func.desk_now())
    return [(row[0], row[1]) for row in uow.session.execute(waiting.order_by(Check.due_at, Check.id).limit(limit))]


def settle(uow: UnitOfWork, check_id: int, number: str, missing: Sequence[str]) -> Item:
    """Note what a look found: the last good one closes the item, a bad one does the missing steps again."""
    item = requests.locked(uow, number)
    check = uow.session.scalars(select(Check).where(Check.id == check_id).with_for_update()).one()
    if check.done_at is not None:
        return item
    check.done_at, check.outcome = uow.now, "drifted" if missing else "holds"
    uow.record_event(item, "item.check", after={"check": check.id, "outcome": check.outcome, "missing": list(missing)})
    if item.state != "fulfilled":
        check.outcome = "canceled"
        return item
    if missing:
        others = update(Check).where(Check.item_id == item.id, Check.done_at.is_(None))
        uow.session.execute(others.values(done_at=uow.now, outcome="canceled"))
        fulfilment.undo_fulfilled(uow, number, missing)
        messages.tell_team(uow, item.team_id, "item_drifted", item)
        return item
    rest = select(func.count()).select_from(Check).where(Check.item_id == item.id, Check.done_at.is_(None))
    uow.session.flush()
    return item if uow.session.scalars(rest).one() else fulfilment.close(uow, number)
