"""The rows of an item's ledger, locked once in a transaction: first the request, then the item, then its steps."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select

from app.models.requests import Item, Step
from app.unit_of_work import UnitOfWork

_ROWS: Final = (  # made once: to make a question costs as much as half of asking it
    select(Step)
    .where(Step.item_id == bindparam("item"), Step.revision == bindparam("revision"))
    .order_by(Step.position)
    .execution_options(populate_existing=True)
    .with_for_update()
)


def of(uow: UnitOfWork, item: Item) -> list[Step]:
    """Return the steps of the item's current revision, in their order, locked until the end."""
    held: dict[tuple[int, int], list[Step]] = uow.session.info.setdefault("steps", {})
    key = (item.id, item.revision)
    if key not in held or not held[key]:
        held[key] = list(uow.session.scalars(_ROWS, {"item": item.id, "revision": item.revision}))
    return held[key]


def foresee(uow: UnitOfWork, items: Sequence[Item]) -> None:
    """Lock and read the steps of several items at once, for `of`."""
    held: dict[tuple[int, int], list[Step]] = uow.session.info.setdefault("steps", {})
    query = select(Step).where(Step.item_id.in_([item.id for item in items])).order_by(Step.item_id, Step.position)
    for step in uow.session.scalars(query.execution_options(populate_existing=True).with_for_update()):
        held.setdefault((step.item_id, step.revision), []).append(step)
