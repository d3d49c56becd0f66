"""Who watches a record: by oneself, or let in by somebody of it; never more than the organisation's limit."""

from sqlalchemy import func, select

from app.models.people import Person
from app.models.records import Participant, Record
from app.practice import practice
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.permissions import Relation
from app.rules.words import t
from app.services import records
from app.unit_of_work import UnitOfWork


def watch(uow: UnitOfWork, number: str) -> None:
    """Be told how the record goes on; twice is once."""
    record = uow.get(Record, number)
    uow.check(f"{record.kind}.watch", record)
    _add(uow, record, uow.actor.id or 0)


def invite(uow: UnitOfWork, number: str, person_id: int) -> None:
    """Let somebody else see the record and be told how it goes on."""
    record = uow.get(Record, number)
    uow.check(f"{record.kind}.invite", record)
    if not uow.session.scalar(select(Person.active).where(Person.id == person_id)):
        raise Invalid({"person": t("Choose somebody from the list.")})
    _add(uow, record, person_id)


def leave(uow: UnitOfWork, number: str) -> None:
    """Be told no more; twice is once."""
    record = uow.get(Record, number)
    _remove(uow, record, uow.actor.id or 0)


def remove(uow: UnitOfWork, number: str, person_id: int) -> None:
    """Take somebody off the list."""
    record = uow.get(Record, number)
    uow.check(f"{record.kind}.invite", record)
    _remove(uow, record, person_id)


def _add(uow: UnitOfWork, record: Record, person_id: int) -> None:
    mine = Participant.record_id == record.id, Participant.relation == Relation.WATCHER.value
    if uow.session.scalar(select(Participant.person_id).where(*mine, Participant.person_id == person_id)) is not None:
        return
    limit = practice().watchers
    if (uow.session.scalar(select(func.count()).select_from(Participant).where(*mine)) or 0) >= limit:
        raise ActionNotAllowed(t("%(number)s is watched by %(count)s people already; more are not possible.", number=record.number, count=limit))
    records.involve(uow, record, person_id, Relation.WATCHER)
    uow.record_event(record, f"{record.kind}.watch", after={"person": person_id})


def _remove(uow: UnitOfWork, record: Record, person_id: int) -> None:
    key = {"record_id": record.id, "person_id": person_id, "relation": Relation.WATCHER.value}
    if (found := uow.session.get(Participant, key)) is not None:
        uow.session.delete(found)
        uow.record_event(record, f"{record.kind}.unwatch", before={"person": person_id})
