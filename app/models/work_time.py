"""How long people worked on records, and the timer that each may have running."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id
from app.models.people import Person
from app.models.records import Note, Record


class TimeEntry(Base):
    """Time that one person worked on one record; what a timer measured also says from when to when."""

    __tablename__ = "time_entries"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="some_time"),
        CheckConstraint("(started_at is null) = (ended_at is null) and started_at <= ended_at", name="whole_timer"),
        Index("ix_time_entries_record", "record_id", "id"),
        Index("ix_time_entries_person", "person_id", "worked_on"),
    )

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    minutes: Mapped[int]
    worked_on: Mapped[date]
    note_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    record: Mapped[Record] = relationship()
    person: Mapped[Person] = relationship()
    note: Mapped[Note | None] = relationship()


class Timer(Base):
    """A clock that somebody lets run while working on a record: one a person, as the key says."""

    __tablename__ = "timers"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"))
    started_at: Mapped[datetime]

    record: Mapped[Record] = relationship()
