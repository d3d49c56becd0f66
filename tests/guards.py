"""Promises of the architecture that are watched while every other test runs.

- A record's state is assigned in services/records.py only, or when the record is born.
- A unit of work that changed audited rows leaves an event.
"""

import inspect as frames

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.base import NO_VALUE

from app.models.approvals import Approval, ApprovalRound, Seat, Vote
from app.models.assets import Affected, CiRelation, ConfigurationItem
from app.models.catalog import CatalogItem
from app.models.people import Delegation, Membership, Person, RoleGrant, Team
from app.models.records import Link, Note, Participant, Record, Tag
from app.models.work_time import TimeEntry
from app.unit_of_work import UnitOfWork

AUDITED = (
    Record, Link, Note, Participant, Person, Team, Membership, RoleGrant, Delegation, ApprovalRound, Approval, Seat,
    Vote, CatalogItem, Tag, Affected, ConfigurationItem, CiRelation, TimeEntry,
)  # fmt: skip
AUDITED_TABLES = {model.__tablename__ for model in AUDITED}
MOVER = ("app/services/records.py", "move")


class Violation(AssertionError):
    """A promise was broken; not an Exception that code under test may expect."""


def _assigned(record: Record, value: object, old: object, _: object) -> None:
    if old is NO_VALUE or old is None or old == value:
        return
    for frame in frames.stack()[1:]:
        if frame.filename.endswith(MOVER[0]) and frame.function == MOVER[1]:
            return
        if "/app/" in frame.filename or "/flows/" in frame.filename:
            raise Violation(f"{frame.filename}:{frame.lineno} assigns a record's state: only records.move may")


def _flushing(session: Session, *_: object) -> None:
    changed = [row for row in (*session.new, *session.dirty, *session.deleted) if isinstance(row, AUDITED)]
    names = {type(row).__name__ for row in changed if session.is_modified(row) or row in session.deleted}
    session.info.setdefault("changed", set()).update(names)


def _executing(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        table = getattr(state.statement, "table", None)
        if table is not None and table.name in AUDITED_TABLES:
            state.session.info.setdefault("changed", set()).add(table.name)


def _watched(uow: UnitOfWork) -> None:
    spoke = bool(uow._heads)
    uow.session.flush()
    changed = uow.session.info.get("changed")
    if changed and not spoke:
        raise Violation(f"this unit of work changed {sorted(changed)} and left no event")
    _write_heads(uow)


_write_heads = UnitOfWork.write_heads


def pytest_configure() -> None:
    """Watch during the whole run; tests that set a scene do so with a plain session, not a unit of work."""
    event.listen(Record.state, "set", _assigned, propagate=True)
    event.listen(Session, "before_flush", _flushing)
    event.listen(Session, "do_orm_execute", _executing)
    UnitOfWork.write_heads = _watched  # type: ignore[method-assign]
