"""What analysts keep for their queues: saved views, and changes to many records at once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id, Json
from app.models.people import Person, Team
from app.models.records import Record


class SavedView(Base):
    """A queue with its filters, order and columns under a name: for its owner, for a team, or for everybody who works here."""

    __tablename__ = "saved_views"
    __table_args__ = (
        CheckConstraint("scope in ('mine', 'team', 'shared')", name="known_scope"),
        CheckConstraint("(scope = 'team') = (team_id is not null)", name="team_of_a_team"),
        UniqueConstraint("owner_id", "name"),
        Index("ix_saved_views_scope", "scope", "team_id"),
    )

    id: Mapped[Id]
    owner_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    scope: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    name: Mapped[str]
    arguments: Mapped[Json]
    created_at: Mapped[datetime]

    team: Mapped[Team | None] = relationship()


class BulkJob(Base):
    """One change to many records, by one person; it waits a little before it begins, so that it can be taken back."""

    __tablename__ = "bulk_jobs"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'running', 'done', 'undone')", name="known_state"),
        Index("ix_bulk_jobs_due", "next_at", postgresql_where=text("next_at is not null")),
        Index("ix_bulk_jobs_person", "person_id", "id"),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    action: Mapped[str]
    values: Mapped[Json]
    state: Mapped[str] = mapped_column(default="waiting")
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class BulkLine(Base):
    """One record of a bulk job, and what became of it."""

    __tablename__ = "bulk_lines"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'done', 'failed')", name="known_state"),
        Index("ix_bulk_lines_pending", "job_id", "record_id", postgresql_where=text("state = 'pending'")),
    )

    job_id: Mapped[int] = mapped_column(ForeignKey("bulk_jobs.id"), primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="pending")
    reason: Mapped[str | None]

    record: Mapped[Record] = relationship()
