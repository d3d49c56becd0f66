"""Typed links from one record to another: caused by, follows, duplicates, problem, change, request (domain.md 2)."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from app.models.incidents import Incident
from app.models.records import Link, Record
from app.rules.errors import Invalid
from app.rules.lifecycle import RecordKind
from app.rules.words import t
from app.services import closure_reviews, records
from app.unit_of_work import UnitOfWork

MOST: Final = 200
# what a link of a type may lead to
TYPES: Final[Mapping[str, frozenset[RecordKind]]] = {
    "caused_by": frozenset({RecordKind.CHANGE}), "follows": frozenset({RecordKind.INCIDENT}), "duplicates": frozenset({RecordKind.INCIDENT}),
    "problem": frozenset({RecordKind.PROBLEM}), "known_error": frozenset({RecordKind.KNOWN_ERROR}), "change": frozenset({RecordKind.CHANGE}),
    "request": frozenset({RecordKind.REQUEST, RecordKind.ITEM}), "replaced_by": frozenset({RecordKind.REQUEST, RecordKind.ITEM, RecordKind.INCIDENT}),
    "related": frozenset(RecordKind),
}  # fmt: skip


def add(uow: UnitOfWork, number: str, type_: str, other: str, *, version: int | None = None) -> Link:
    """Link a record to another that the actor sees as well."""
    source = uow.get(Record, number)
    records.expect(source, version)
    uow.check(f"{source.kind}.link", source)
    return link(uow, source, type_, other)


def link(uow: UnitOfWork, source: Record, type_: str, other: str) -> Link:
    """Link a locked record; twice is once. The event stands in the source's history. Raises Invalid and NotFound."""
    target = uow.get(Record, other.strip().upper(), lock=False)
    if type_ not in TYPES or target.kind not in TYPES[type_] or target.id == source.id:
        raise Invalid({"other": t("%(number)s cannot be linked in this way.", number=target.number)})
    mine = select(Link).where(Link.source_id == source.id)
    if (found := uow.session.scalars(mine.where(Link.target_id == target.id, Link.type == type_)).one_or_none()) is not None:
        return found
    if len(uow.session.scalars(mine.with_only_columns(Link.id)).all()) >= MOST:
        raise Invalid({"other": t("%(number)s has %(count)s links already.", number=source.number, count=MOST)})
    made = Link(source_id=source.id, target_id=target.id, type=type_, created_at=uow.now)
    uow.session.add(made)
    source.updated_at = uow.now
    uow.record_event(source, f"{source.kind}.link", after={"type": type_, "record": target.number})
    if isinstance(source, Incident):
        uow.session.flush()
        closure_reviews.again(uow, source)
    return made


def remove(uow: UnitOfWork, number: str, type_: str, other: str) -> None:
    """Take a link back; twice is once."""
    source = uow.get(Record, number)
    uow.check(f"{source.kind}.link", source)
    target = uow.get(Record, other.strip().upper(), lock=False)
    mine = select(Link).where(Link.source_id == source.id, Link.target_id == target.id, Link.type == type_)
    if (found := uow.session.scalars(mine).one_or_none()) is not None:
        uow.session.delete(found)
        source.updated_at = uow.now
        uow.record_event(source, f"{source.kind}.unlink", before={"type": type_, "record": target.number})
