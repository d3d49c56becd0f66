"""Words that people put on records to find them again."""

import re
from typing import Final

from sqlalchemy import select

from app.models.records import Record, Tag
from app.rules import audit
from app.rules.errors import Invalid
from app.rules.words import t
from app.unit_of_work import UnitOfWork

WORD: Final = re.compile(r"\w[\w.+-]*(?: [\w.+-]+)*")
LONGEST, MOST = 40, 20


def add(uow: UnitOfWork, number: str, word: str) -> str:
    """Put a tag on a record, in small letters; twice is once."""
    record = uow.get(Record, number)
    uow.check(f"{record.kind}.tag", record)
    tag = cleaned(word)
    there = uow.session.scalars(select(Tag.tag).where(Tag.record_id == record.id)).all()
    if tag in there:
        return tag
    if len(there) >= MOST:
        raise Invalid({"tag": t("At most %(limit)s tags.", limit=MOST)})
    uow.session.add(Tag(record_id=record.id, tag=tag))
    uow.record_event(record, f"{record.kind}.tag", after={"tag": audit.digest(tag)})
    return tag


def remove(uow: UnitOfWork, number: str, word: str) -> str:
    """Take a tag off, and return it as it was kept; twice is once."""
    record = uow.get(Record, number)
    uow.check(f"{record.kind}.tag", record)
    tag = cleaned(word)
    if (found := uow.session.get(Tag, (record.id, tag))) is not None:
        uow.session.delete(found)
        uow.record_event(record, f"{record.kind}.untag", before={"tag": audit.digest(tag)})
    return tag


def cleaned(word: str) -> str:
    """Return a tag as it is kept; Invalid where it cannot be one."""
    tag = " ".join(word.lower().split())
    if not WORD.fullmatch(tag) or len(tag) > LONGEST:
        raise Invalid({"tag": t("Use at most %(limit)s letters, digits and hyphens.", limit=LONGEST)})
    return tag
