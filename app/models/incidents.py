"""Incidents."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.models.records import Record
from app.rules.lifecycle import RecordKind


class Incident(Record):
    """An unplanned interruption or loss of quality of a service."""

    __tablename__ = "incidents"
    __table_args__ = (CheckConstraint("impact between 1 and 3 and urgency between 1 and 3", name="impact_urgency"),)
    __mapper_args__ = {"polymorphic_identity": RecordKind.INCIDENT}

    id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    impact: Mapped[int] = mapped_column(SmallInteger)
    urgency: Mapped[int] = mapped_column(SmallInteger)
    channel: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    resolution_code: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopen_count: Mapped[int] = mapped_column(default=0)
    major: Mapped[str] = mapped_column(default="none")
