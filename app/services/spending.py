"""Empowerment: what somebody may spend in a period without asking, kept as an atomic ledger (attack 47)."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.models.requests import Item
from app.models.spending import Spending, SpendingEntry
from app.settings import settings
from app.unit_of_work import UnitOfWork


def period(uow: UnitOfWork) -> date:
    """Return the first day of the running month, on the organisation's calendar."""
    return uow.now.astimezone(ZoneInfo(settings().timezone)).date().replace(day=1)


def take(uow: UnitOfWork, item: Item, person_id: int, amount: Decimal, limit: Decimal) -> bool:
    """Take the item's cost from somebody's limit of this month; False, and nothing taken, when it does not fit.

    One statement decides: however many orders come at once, their sum stays within the limit.
    """
    if has_taken(uow, item):
        return True
    if amount > limit:
        return False
    on = period(uow)
    row = insert(Spending).values(person_id=person_id, period_on=on, spent=amount, limit=limit)
    fits = row.on_conflict_do_update(
        index_elements=[Spending.person_id, Spending.period_on],
        set_={"spent": Spending.spent + row.excluded.spent, "limit": row.excluded.limit},
        where=Spending.spent + row.excluded.spent <= row.excluded.limit,
    )
    if uow.session.execute(fits.returning(Spending.person_id)).one_or_none() is None:
        return False
    uow.session.add(SpendingEntry(item_id=item.id, person_id=person_id, period_on=on, amount=amount, at=uow.now))
    uow.record_event(
        item, "item.empower", after={"person": person_id, "amount": str(amount), "limit": str(limit), "period": on.isoformat()}
    )
    return True


def has_taken(uow: UnitOfWork, item: Item) -> bool:
    """Say whether an item was let through under somebody's limit."""
    taken = select(SpendingEntry.id).where(SpendingEntry.item_id == item.id, SpendingEntry.returned_at.is_(None))
    return uow.session.scalar(taken) is not None


def give_back(uow: UnitOfWork, item: Item) -> None:
    """Return what an item took, when it was canceled; once."""
    mine = select(SpendingEntry).where(SpendingEntry.item_id == item.id, SpendingEntry.returned_at.is_(None))
    entry = uow.session.scalars(mine.with_for_update()).one_or_none()
    if entry is None:
        return
    entry.returned_at = uow.now
    spent = update(Spending).where(Spending.person_id == entry.person_id, Spending.period_on == entry.period_on)
    uow.session.execute(spent.values(spent=Spending.spent - entry.amount))
    uow.record_event(item, "item.unspend", after={"person": entry.person_id, "amount": str(entry.amount)})
