"""What came from another desk: under which key it is known there, and how far its history was played."""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Json
from app.models.records import Record


class Imported(Base):
    """`key`, as `source` calls something of this kind, is our row `target_id` of that kind's table."""

    __tablename__ = "imported"
    __table_args__ = (
        CheckConstraint("kind in ('person', 'team', 'ci', 'incident', 'problem', 'change')", name="known_kind"),
        Index("ix_imported_target", "kind", "target_id"),
    )

    source: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    target_id: Mapped[int]


class Replay(Base):
    """How much of a record's history was played: so many lines, with this digest over them; and what else they said."""

    __tablename__ = "replays"

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    source: Mapped[str]
    lines: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(default="")
    kept: Mapped[Json] = mapped_column(default=dict)  # the newest line's values that have no column of ours

    record: Mapped[Record] = relationship()
