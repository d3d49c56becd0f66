"""What was spent without asking, under somebody's empowerment limit: an atomic ledger."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id


class Spending(Base):
    """How much of a limit is used in a period; the database refuses more than the limit."""

    __tablename__ = "spending"
    __table_args__ = (
        CheckConstraint("spent >= 0", name="not_negative"),
        CheckConstraint('spent <= "limit"', name="within_limit"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    period_on: Mapped[date] = mapped_column(Date, primary_key=True)
    spent: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    limit: Mapped[Decimal] = mapped_column(Numeric(14, 2))


class SpendingEntry(Base):
    """One item that was let through under a limit; an item is counted once."""

    __tablename__ = "spending_entries"

    id: Mapped[Id]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    period_on: Mapped[date] = mapped_column(Date)
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
