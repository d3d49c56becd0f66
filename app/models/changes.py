"""Changes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.records import Record
from app.rules.lifecycle import RecordKind


class Change(Record):
    """A proposed change to a service, authorised before work starts."""

    __tablename__ = "changes"
    __table_args__ = (CheckConstraint("type in ('normal', 'standard', 'emergency')", name="known_type"),)
    __mapper_args__ = {"polymorphic_identity": RecordKind.CHANGE}

    id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    type: Mapped[str] = mapped_column(default="normal")
    on_hold: Mapped[bool] = mapped_column(default=False)
    planned_start_at: Mapped[datetime | None]
    planned_end_at: Mapped[datetime | None]
    close_code: Mapped[str | None]
    closed_at: Mapped[datetime | None]
