"""Approvals: rounds, what is asked, who is asked, and the votes (domain.md 4)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id
from app.models.people import Person
from app.models.records import Note, Record


class ApprovalRound(Base):
    """One asking of all approvals of a record, bound to the plan that will run."""

    __tablename__ = "approval_rounds"
    __table_args__ = (
        UniqueConstraint("record_id", "number"),
        CheckConstraint("state in ('open', 'approved', 'rejected', 'void')", name="known_state"),
        Index("uq_approval_rounds_open", "record_id", unique=True, postgresql_where=text("state = 'open'")),
    )

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(default="open")
    subject_hash: Mapped[str]
    shape: Mapped[str] = mapped_column(default="")  # equal rounds may be answered together (rules.approvals.shape)
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]

    record: Mapped[Record] = relationship()
    approvals: Mapped[list["Approval"]] = relationship(back_populates="round", order_by="Approval.position")


class Approval(Base):
    """One definition of a round: whose answer is needed, and how many answers."""

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("round_id", "position"),
        CheckConstraint(
            "state in ('later', 'asked', 'approved', 'rejected', 'no_longer_required')", name="known_state"
        ),
        Index("ix_approvals_look", "look_at", "id", postgresql_where=text("state = 'asked' and look_at is not null")),
    )

    id: Mapped[Id]
    round_id: Mapped[int] = mapped_column(ForeignKey("approval_rounds.id"))
    position: Mapped[int]
    who: Mapped[str]
    needs: Mapped[str]
    stage: Mapped[int] = mapped_column(default=1)
    group: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="asked")
    decided_at: Mapped[datetime | None]
    look_at: Mapped[datetime | None]  # nobody was found who may answer: when to look again

    round: Mapped[ApprovalRound] = relationship(back_populates="approvals")
    seats: Mapped[list["Seat"]] = relationship(back_populates="approval", order_by="Seat.id")


class Seat(Base):
    """Somebody who is asked; `why` says how the desk found this person.

    A seat `instead_of` another is of somebody asked as well because that one did not answer: together they count once.
    """

    __tablename__ = "seats"
    __table_args__ = (
        UniqueConstraint("approval_id", "person_id"),
        UniqueConstraint("id", "round_id"),
        CheckConstraint("state in ('asked', 'approved', 'rejected', 'no_longer_required')", name="known_state"),
        Index("ix_seats_asked", "person_id", "id", postgresql_where=text("state = 'asked'")),
        Index("ix_seats_handed", "handed_to_id", postgresql_where=text("state = 'asked' and handed_to_id is not null")),
        Index("ix_seats_due", "due_at", postgresql_where=text("state = 'asked' and escalated_at is null")),
    )

    id: Mapped[Id]
    approval_id: Mapped[int] = mapped_column(ForeignKey("approvals.id"))
    round_id: Mapped[int] = mapped_column(ForeignKey("approval_rounds.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    why: Mapped[str]
    state: Mapped[str] = mapped_column(default="asked")
    asked_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    instead_of_id: Mapped[int | None] = mapped_column(ForeignKey("seats.id"))
    handed_to_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # who may answer this one in the person's place

    approval: Mapped[Approval] = relationship(back_populates="seats")
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    handed_to: Mapped[Person | None] = relationship(foreign_keys=[handed_to_id])
    vote: Mapped["Vote | None"] = relationship(back_populates="seat", foreign_keys="Vote.seat_id")


class Vote(Base):
    """The current answer of a seat; the database keeps one per seat and one per voter in a round."""

    __tablename__ = "votes"
    __table_args__ = (
        UniqueConstraint("seat_id"),
        UniqueConstraint("round_id", "voter_id"),
        CheckConstraint("choice in ('approve', 'reject', 'abstain')", name="known_choice"),
    )

    id: Mapped[Id]
    seat_id: Mapped[int] = mapped_column(ForeignKey("seats.id"))
    round_id: Mapped[int] = mapped_column(ForeignKey("approval_rounds.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    choice: Mapped[str]
    subject_hash: Mapped[str]
    note_id: Mapped[int | None] = mapped_column(ForeignKey("notes.id"))
    at: Mapped[datetime]

    seat: Mapped[Seat] = relationship(back_populates="vote", foreign_keys=[seat_id])
    voter: Mapped[Person] = relationship()
    note: Mapped[Note | None] = relationship()
