"""Tasks of any parent record."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.records import Record
from app.rules.lifecycle import RecordKind


class Task(Record):
    """Work for a person, part of a parent record."""

    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("records.id"), index=True)
    instructions: Mapped[str] = mapped_column(default="")
    mandatory: Mapped[bool] = mapped_column(default=True)
    closed_at: Mapped[datetime | None]

    # Both columns point at records: `id` is the join, `parent_id` is not.
    __mapper_args__ = {"polymorphic_identity": RecordKind.TASK, "inherit_condition": id == Record.id}

    parent: Mapped[Record] = relationship(foreign_keys=[parent_id], remote_side=[Record.id])
