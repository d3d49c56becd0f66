"""What the reader may do to a record: which buttons a page draws. The service decides again when one is pressed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from app import visibility
from app.models.records import Record
from app.rules.permissions import OWN
from app.settings import matrix
from app.unit_of_work import UnitOfWork


def allowed(uow: UnitOfWork, record: Record, *permissions: str) -> frozenset[str]:
    """Return those of the permissions that the actor has on this record: one query for all of them."""
    return allowed_each(uow, [record], *permissions)[record.id]


def allowed_each(uow: UnitOfWork, records: Sequence[Record | Row[Any]], *permissions: str) -> dict[int, frozenset[str]]:
    """Return the same for several records, by id: one query for all of them."""
    rules = matrix()
    wanted = OWN.union(*(rules.relations_for(permission) for permission in permissions))
    held = visibility.relations_to(uow.session, uow.actor, [record.id for record in records], wanted)
    return {
        record.id: frozenset(
            each for each in permissions
            if rules.allows(each, uow.actor.roles, held[record.id], restricted=record.restricted)
        )
        for record in records
    }  # fmt: skip
