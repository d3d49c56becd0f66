"""Incidents, what they hurt, and how other desks' history came in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Json
from app.models.people import Person
from app.models.records import Record
from app.rules.lifecycle import RecordKind


class Incident(Record):
    """An unplanned interruption or loss of quality of a service."""

    __tablename__ = "incidents"
    __table_args__ = (
        CheckConstraint("impact between 1 and 3 and urgency between 1 and 3", name="impact_urgency"),
        CheckConstraint("major in ('none', 'proposed', 'accepted', 'rejected', 'demoted')", name="known_major"),
        CheckConstraint("parent_id <> id", name="not_own_parent"),
        UniqueConstraint("submission_key"),
        Index("ix_incidents_waiting", "resolved_at", "id", postgresql_where=text("resolved_at is not null and closed_at is null")),
        Index("ix_incidents_major", "id", postgresql_where=text("major in ('proposed', 'accepted') and closed_at is null")),
    )

    id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    impact: Mapped[int] = mapped_column(SmallInteger)
    urgency: Mapped[int] = mapped_column(SmallInteger)
    channel: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    fields: Mapped[Json] = mapped_column(default=dict)  # answers to the questions of its category
    resolution_code: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    closed_at: Mapped[datetime | None]
    reopen_count: Mapped[int] = mapped_column(default=0)
    major: Mapped[str] = mapped_column(default="none")
    submission_key: Mapped[str | None]

    # Both columns point at records: `id` is the join, `parent_id` is not.
    __mapper_args__ = {"polymorphic_identity": RecordKind.INCIDENT, "inherit_condition": id == Record.id}
    is_locked_whole = True

    parent: Mapped["Incident | None"] = relationship(foreign_keys=[parent_id], remote_side=[id])
    resolved_by: Mapped[Person | None] = relationship(foreign_keys=[resolved_by_id])
