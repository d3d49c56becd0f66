"""What follows a resolution: the review of the record, what solved the same before, and the review of its quality (domain.md 8)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Json
from app.models.people import Person
from app.models.records import Record


class ClosureReview(Base):
    """How far it is with an incident's last resolution; `next_at` is when something is due of it, counted under `policy`."""

    __tablename__ = "closure_reviews"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'complete', 'returned', 'waived')", name="known_state"),
        Index("ix_closure_reviews_next", "next_at", "record_id", postgresql_where=text("next_at is not null")),
        Index("ix_closure_reviews_policy", "policy", "record_id", postgresql_where=text("next_at is not null")),
        Index("ix_closure_reviews_returned", "record_id", postgresql_where=text("state = 'returned'")),
    )

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    resolved_at: Mapped[datetime]
    state: Mapped[str]
    missing: Mapped[list[str]]
    cause_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))  # what its owner said of its cause
    reviewed_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    policy: Mapped[str]
    next_at: Mapped[datetime | None]

    record: Mapped[Record] = relationship()


class SolvedBefore(Base):
    """An incident that was resolved on the same thing, in the same category, not long before this one: newest ones, at most some."""

    __tablename__ = "solved_before"

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    earlier_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True, index=True)


class QualityReview(Base):
    """Somebody other than its resolver reads a closed incident and answers the organisation's questions; one for each record."""

    __tablename__ = "quality_reviews"
    __table_args__ = (
        CheckConstraint("because in ('sample', 'major')", name="known_because"),
        CheckConstraint("(done_at is null) = (reviewer_id is null)", name="done_whole"),
        Index("ix_quality_reviews_open", "record_id", postgresql_where=text("done_at is null")),
        Index("ix_quality_reviews_done", "done_at", "record_id", postgresql_where=text("done_at is not null")),
    )

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    because: Mapped[str]
    asked_at: Mapped[datetime]
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answers: Mapped[Json] = mapped_column(default=dict)  # by the question's key: [yes | no | not_applicable, comment]
    done_at: Mapped[datetime | None]

    record: Mapped[Record] = relationship()
    reviewer: Mapped[Person | None] = relationship()
