"""Looks at records: private working state that leaves no event."""

from datetime import timedelta
from typing import Final

from sqlalchemy import case, func
from sqlalchemy.dialects.postgresql import insert

from app.models.records import Record
from app.models.visits import Visit
from app.unit_of_work import UnitOfWork

SAME_VISIT: Final = timedelta(minutes=10)  # a reload does not take the mark away


def note(uow: UnitOfWork, record: Record, last_id: int) -> int | None:
    """Note that the actor looks at a record whose newest event is this; return the newest event of the visit before, if any."""
    made = insert(Visit).values(person_id=uow.actor.id, record_id=record.id, since_id=None, last_id=last_id, at=uow.now)
    is_new = Visit.at < uow.now - SAME_VISIT
    kept = made.on_conflict_do_update(
        index_elements=[Visit.person_id, Visit.record_id],
        set_={"since_id": case((is_new, Visit.last_id), else_=Visit.since_id), "last_id": made.excluded.last_id, "at": made.excluded.at},
    ).returning(Visit.since_id, func.set_config("synchronous_commit", "off", True))  # fmt: skip  # a page does not wait for the disk
    since: int | None = uow.session.execute(kept).one()[0]
    return since
