"""What the desk knows of the company's directory: counts, the last readings, groups nobody answers for."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.models.directory import DirectoryGroup, DirectorySync, GroupOwner
from app.models.people import Person

SHOWN = 10


@dataclass(frozen=True)
class Known:
    """How many people and groups came from the directory."""

    people: int
    groups: int
    without_owner: Sequence[DirectoryGroup]
    without_manager: int


def known(session: Session) -> Known:
    """Return what the last readings left here."""
    owned = exists().where(GroupOwner.group_id == DirectoryGroup.id)
    of_directory = Person.source == "directory", Person.active
    people, managed = session.execute(select(func.count(), func.count(Person.manager_id)).where(*of_directory)).one()
    groups = session.scalars(select(func.count()).select_from(DirectoryGroup).where(DirectoryGroup.gone_at.is_(None))).one()
    orphans = select(DirectoryGroup).where(DirectoryGroup.gone_at.is_(None), ~owned).order_by(DirectoryGroup.name)
    return Known(people, groups, session.scalars(orphans.limit(SHOWN)).all(), people - managed)


def readings(session: Session) -> Sequence[DirectorySync]:
    """Return the last readings of the directory, the newest first."""
    return session.scalars(select(DirectorySync).order_by(DirectorySync.id.desc()).limit(SHOWN)).all()
