"""What the reader may do to a record: which buttons a page draws. The service decides again when one is pressed."""

from app.models.records import Record
from app.rules.errors import Forbidden
from app.unit_of_work import UnitOfWork


def allowed(uow: UnitOfWork, record: Record, *permissions: str) -> frozenset[str]:
    """Return those of the permissions that the actor has on this record."""
    return frozenset(permission for permission in permissions if _has(uow, record, permission))


def _has(uow: UnitOfWork, record: Record, permission: str) -> bool:
    try:
        uow.check(permission, record)
    except Forbidden:
        return False
    return True
