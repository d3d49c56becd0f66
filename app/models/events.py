"""What happened and who must still hear of it: the audit, the queue, the clock."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, Interval, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id, Json
from app.models.records import Note, Record


class Stream(Base):
    """The head of a stream's hash chain; locked while its next event is written."""

    __tablename__ = "streams"

    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Event(Base):
    """One thing that happened; append-only by the database, no free text inside."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("stream", "seq"), Index("ix_events_name_at", "name", "at"))

    id: Mapped[Id]
    stream: Mapped[str]
    seq: Mapped[int]
    name: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    record_id: Mapped[int | None] = mapped_column(ForeignKey("records.id"), index=True)
    before: Mapped[Json]
    after: Mapped[Json]
    note_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))
    note_digest: Mapped[str | None]
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)

    record: Mapped[Record | None] = relationship()
    note: Mapped[Note | None] = relationship()


class Delivery(Base):
    """An event that a consumer has still to act on: the queue (architecture.md, Database)."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "consumer"),
        CheckConstraint("state in ('due', 'handed', 'running', 'done', 'dead')", name="known_state"),
        Index("ix_deliveries_due", "consumer", "next_at", "id", postgresql_where=text("state = 'due'")),
        Index("ix_deliveries_lease", "lease_until", postgresql_where=text("state in ('handed', 'running')")),
        Index("ix_deliveries_dead", "id", postgresql_where=text("state = 'dead'")),
    )

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    consumer: Mapped[str]
    record_id: Mapped[int | None] = mapped_column(ForeignKey("records.id"), index=True)
    priority: Mapped[int] = mapped_column(SmallInteger, default=3)
    state: Mapped[str] = mapped_column(default="due")
    attempt: Mapped[int] = mapped_column(default=1)
    failures: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    run_id: Mapped[str | None]
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()
    record: Mapped[Record | None] = relationship()


class Anchor(Base):
    """A running digest over all events up to one; a cut tail shows against it (app/services/anchors.py)."""

    __tablename__ = "anchors"

    id: Mapped[Id]
    at: Mapped[datetime]
    events: Mapped[int]
    last_event_id: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class DeskClock(Base):
    """One row: how far `desk_now()` runs ahead of the database's clock (domain.md 12)."""

    __tablename__ = "desk_clock"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint('"offset" >= interval \'0\'', name="forward"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    offset: Mapped[timedelta] = mapped_column(Interval)
