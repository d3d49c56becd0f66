"""Clocks as stored: a copy of what app/rules/clocks.py computes from events, so that what is due is found by an index (domain.md 7)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id, Json
from app.models.events import Event
from app.models.people import Team
from app.models.records import Record


class Clock(Base):
    """One clock of a record as it was at `computed_at`; `next_at` is when the next step of its ladder comes, if it goes on as it does."""

    __tablename__ = "clocks"
    __table_args__ = (
        UniqueConstraint("record_id", "definition", "team_id", "round", postgresql_nulls_not_distinct=True),
        CheckConstraint("state in ('running', 'paused', 'completed', 'canceled')", name="known_state"),
        CheckConstraint("(next_at is null) = (next_percent is null)", name="next_whole"),
        Index("ix_clocks_next", "next_at", "id", postgresql_where=text("next_at is not null")),
        Index("ix_clocks_due", "due_at", "id", postgresql_where=text("state = 'running'")),
    )

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"))
    definition: Mapped[str]  # its key in config/sla.toml
    measure: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))  # whose clock it is, where each team has one
    round: Mapped[int] = mapped_column(SmallInteger)
    calendar: Mapped[str]
    target_minutes: Mapped[int]
    state: Mapped[str]
    why: Mapped[str]
    started_at: Mapped[datetime]
    attached_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    first_due_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # none while it is paused
    breached_at: Mapped[datetime | None]
    worked_seconds: Mapped[int]  # at computed_at
    wall_seconds: Mapped[int]
    next_at: Mapped[datetime | None]
    next_percent: Mapped[int | None] = mapped_column(SmallInteger)
    computed_at: Mapped[datetime]
    told_until: Mapped[datetime | None]  # what was reached before is nobody's news: it was played from a log, or stored late
    failures: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))  # of the step that is next

    record: Mapped[Record] = relationship()
    team: Mapped[Team | None] = relationship()


class Escalation(Base):
    """A step of a clock's ladder that was taken, when it was due and when it was taken; the database takes each once."""

    __tablename__ = "escalations"
    __table_args__ = (
        UniqueConstraint("record_id", "definition", "team_id", "round", "percent", "after", postgresql_nulls_not_distinct=True),
        Index("ix_escalations_taken", "taken_at"),
    )

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"))
    definition: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    round: Mapped[int] = mapped_column(SmallInteger)
    percent: Mapped[int] = mapped_column(SmallInteger)
    after: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime]
    taken_at: Mapped[datetime]
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))

    event: Mapped[Event] = relationship()


class Notice(Base):
    """What the desk tells one person on its own pages: the inbox, beside the mail."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("event_id", "person_id", "name"),
        Index("ix_notices_unread", "person_id", "id", postgresql_where=text("read_at is null")),
        Index("ix_notices_open", "person_id", "id", postgresql_where=text("done_at is null")),
        Index("ix_notices_done", "person_id", "id", postgresql_where=text("done_at is not null")),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    record_id: Mapped[int | None] = mapped_column(ForeignKey("records.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
    name: Mapped[str]  # of the letter that says the same
    params: Mapped[Json]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    record: Mapped[Record | None] = relationship()
    event: Mapped[Event | None] = relationship()
