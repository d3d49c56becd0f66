"""Major incidents: who leads them, what everybody affected was told, and what was learned."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id
from app.models.incidents import Incident
from app.models.people import Person
from app.models.records import Note


class Major(Base):
    """What is known of an incident since it was proposed as a major one; `incidents.major` says how that stands."""

    __tablename__ = "majors"
    __table_args__ = (Index("ix_majors_next_at", "next_at", "incident_id", postgresql_where=text("next_at is not null")),)

    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    trigger: Mapped[str | None]  # which rule of the organisation proposed it; none: a person did
    reason: Mapped[str] = mapped_column(default="")
    business_impact: Mapped[str] = mapped_column(default="")
    proposed_at: Mapped[datetime]
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]  # demoted, or closed
    headline: Mapped[str] = mapped_column(default="")  # what everybody affected reads
    headline_pt: Mapped[str] = mapped_column(default="")
    everybody: Mapped[bool] = mapped_column(default=False)  # all of the company is affected
    commander_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    communicator_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    scribe_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    update_due_at: Mapped[datetime | None]
    next_step: Mapped[int] = mapped_column(default=0)  # of those that tell of a late update
    next_at: Mapped[datetime | None]  # when that step is taken
    problem_id: Mapped[int | None] = mapped_column(ForeignKey("problems.id"))
    filed_at: Mapped[datetime | None]
    filed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    incident: Mapped[Incident] = relationship()
    proposed_by: Mapped[Person | None] = relationship(foreign_keys=[proposed_by_id])
    commander: Mapped[Person | None] = relationship(foreign_keys=[commander_id])
    communicator: Mapped[Person | None] = relationship(foreign_keys=[communicator_id])
    scribe: Mapped[Person | None] = relationship(foreign_keys=[scribe_id])


class MajorService(Base):
    """A configuration item that a major incident hurts, also over others: whose owners and teams are affected."""

    __tablename__ = "major_services"

    incident_id: Mapped[int] = mapped_column(ForeignKey("majors.incident_id"), primary_key=True)
    ci_id: Mapped[int] = mapped_column(ForeignKey("configuration_items.id"), primary_key=True, index=True)


class MajorUpdate(Base):
    """What everybody affected was told, in the languages it was written in; the same `submission_key` is the same update."""

    __tablename__ = "major_updates"
    __table_args__ = (UniqueConstraint("submission_key"), Index("ix_major_updates_incident_id", "incident_id", "id"))

    id: Mapped[Id]
    incident_id: Mapped[int] = mapped_column(ForeignKey("majors.incident_id"))
    note_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))
    note_pt_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    told: Mapped[int] = mapped_column(default=0)  # people
    created_at: Mapped[datetime]
    submission_key: Mapped[str | None]

    note: Mapped[Note | None] = relationship(foreign_keys=[note_id])
    note_pt: Mapped[Note | None] = relationship(foreign_keys=[note_pt_id])
    author: Mapped[Person | None] = relationship()


class MajorReport(Base):
    """One version of a post-incident report, in Markdown; the draft is the desk's, without author."""

    __tablename__ = "major_reports"

    incident_id: Mapped[int] = mapped_column(ForeignKey("majors.incident_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]

    author: Mapped[Person | None] = relationship()
