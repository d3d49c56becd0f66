"""The rows of an item's ledger, locked once in a transaction: first the request, then the item, then its steps."""

from sqlalchemy import select

from app.models.requests import Item, Step
from app.unit_of_work import UnitOfWork


def of(uow: UnitOfWork, item: Item) -> list[Step]:
    """Return the steps of the item's current revision, in their order, locked until the end."""
    held: dict[tuple[int, int], list[Step]] = uow.session.info.setdefault("steps", {})
    key = (item.id, item.revision)
    if key not in held or not held[key]:
        query = select(Step).where(Step.item_id == item.id, Step.revision == item.revision).order_by(Step.position)
        held[key] = list(uow.session.scalars(query.execution_options(populate_existing=True).with_for_update()))
    return held[key]
