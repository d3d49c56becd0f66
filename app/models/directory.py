"""What the desk last read of the directory, and the demonstration's twin of one."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Json


class DirectoryGroup(Base):
    """A group of the directory, known by its stable id."""

    __tablename__ = "directory_groups"

    id: Mapped[Id]
    uid: Mapped[str] = mapped_column(unique=True)
    dn: Mapped[str] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(index=True)
    description: Mapped[str] = mapped_column(default="")
    gone_at: Mapped[datetime | None]


class GroupOwner(Base):
    """Somebody answers for a group; `source` is `directory`, or `desk` where recorded by hand."""

    __tablename__ = "group_owners"

    group_id: Mapped[int] = mapped_column(ForeignKey("directory_groups.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    source: Mapped[str] = mapped_column(default="directory")


class GroupMember(Base):
    """Somebody was a member of a group at the last sync; the forecast reads this, the flow reads the directory."""

    __tablename__ = "group_members"

    group_id: Mapped[int] = mapped_column(ForeignKey("directory_groups.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)


class DirectorySync(Base):
    """One reading of the directory and what came of it."""

    __tablename__ = "directory_syncs"

    id: Mapped[Id]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="running")
    counts: Mapped[Json] = mapped_column(default=dict)
    error: Mapped[str | None]


class TwinEntry(Base):
    """An entry of the directory twin (demonstration only, where no slapd can be had)."""

    __tablename__ = "twin_entries"

    dn: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    attributes: Mapped[Json]
