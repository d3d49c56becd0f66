"""One's own inbox: what was read, put off and done. Private working state that leaves no event, as looks at records do."""

from datetime import datetime

from sqlalchemy import CTE, bindparam, exists, func, or_, select, update

from app.models.records import Record
from app.models.requests import Item
from app.models.sla import Notice
from app.rules.errors import NotFound
from app.unit_of_work import UnitOfWork


def look(person_id: int) -> CTE:
    """Return what is to be done, in the statement that counts what is unread, when somebody looks at the record `:number`.

    What the inbox says of it, or of a part of a request, is read: a question of its own would be one more on every such page.
    """
    looked_at = select(Record.id).where(Record.number == bindparam("number")).scalar_subquery()
    part = exists().where(Item.__table__.c.id == Notice.record_id, Item.__table__.c.request_id == looked_at)
    mine = Notice.person_id == person_id, Notice.read_at.is_(None), or_(Notice.record_id == looked_at, part)
    return update(Notice).where(*mine).values(read_at=func.desk_now()).returning(Notice.id).cte("looked")


def read_all(uow: UnitOfWork) -> None:
    """Everything that is there was read."""
    uow.check("inbox.own")
    _change(uow, Notice.read_at.is_(None), or_(Notice.snoozed_until.is_(None), Notice.snoozed_until <= uow.now), read_at=uow.now)


def mark(uow: UnitOfWork, notice_id: int, *, read: bool) -> None:
    """It was read, or is to be read once more."""
    _one(uow, notice_id, read_at=uow.now if read else None)


def finish(uow: UnitOfWork, notice_id: int) -> None:
    """Nothing has to be done about it any more."""
    _one(uow, notice_id, done_at=uow.now, read_at=func.coalesce(Notice.read_at, uow.now), snoozed_until=None)


def put_off(uow: UnitOfWork, notice_id: int, until: datetime) -> None:
    """Leave it for later: it comes back then, unread."""
    _one(uow, notice_id, snoozed_until=until, read_at=None, done_at=None)


def take_back(uow: UnitOfWork, notice_id: int) -> None:
    """It is there again."""
    _one(uow, notice_id, done_at=None, snoozed_until=None)


def _one(uow: UnitOfWork, notice_id: int, **values: object) -> None:
    uow.check("inbox.own")
    if not _change(uow, Notice.id == notice_id, **values):
        raise NotFound("notice")


def _change(uow: UnitOfWork, *which: object, **values: object) -> int:
    mine = update(Notice).where(Notice.person_id == uow.actor.id, *which).values(**values)  # type: ignore[arg-type]  # clauses
    return uow.session.execute(mine, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined,no-any-return]
