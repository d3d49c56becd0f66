"""The desk's clock: where days pass in a demonstration or a test, this is what moves `desk_now()` (domain.md 12)."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from app.models.events import DeskClock
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.words import t
from app.settings import settings
from app.unit_of_work import UnitOfWork


def forward(uow: UnitOfWork, by: timedelta) -> datetime:
    """Let the desk's time run ahead by this much more, and return what it is then; it never goes back.

    Only a demonstration may: a desk at work keeps the time of its database.
    """
    if not settings().demo:
        raise ActionNotAllowed(t("Only a demonstration may move its clock."))
    if by <= timedelta():
        raise Invalid({"by": t("The desk's clock goes forward only.")})
    ahead = update(DeskClock).where(DeskClock.id == 1).values(offset=DeskClock.offset + by)
    offset = uow.session.execute(ahead.returning(DeskClock.offset)).scalar_one()
    uow.record_event("config", "clock.forward", after={"seconds": by.total_seconds(), "ahead": offset.total_seconds()})
    now: datetime = uow.session.scalars(select(func.desk_now())).one()
    return now
