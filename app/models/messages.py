"""Mail that waits to be sent, and what was sent."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id, Json
from app.models.events import Event
from app.models.people import Person
from app.models.records import Record


class Message(Base):
    """One outgoing mail; `token` makes queueing idempotent, `message_id` makes sending traceable."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("state in ('queued', 'sent', 'dropped', 'dead')", name="known_state"),
        Index("ix_messages_queued", "next_at", "id", postgresql_where=text("state = 'queued'")),
    )

    id: Mapped[Id]
    token: Mapped[str] = mapped_column(unique=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    record_id: Mapped[int | None] = mapped_column(ForeignKey("records.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    address: Mapped[str]
    language: Mapped[str]
    template: Mapped[str]
    params: Mapped[Json]
    state: Mapped[str] = mapped_column(default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    held_until: Mapped[datetime | None]  # the end of its reader's quiet hours: what waited goes out as one mail
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]

    person: Mapped[Person | None] = relationship()
    event: Mapped[Event | None] = relationship()
    record: Mapped[Record | None] = relationship()
