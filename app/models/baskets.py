"""What somebody is about to order: drafts of forms and the cart, kept on the server."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Json


class Draft(Base):
    """The answers to a form that was not sent yet, one for each person and item."""

    __tablename__ = "drafts"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    answers: Mapped[Json]
    updated_at: Mapped[datetime]


class CartLine(Base):
    """One thing in somebody's cart, with the answers as they were checked."""

    __tablename__ = "cart_lines"
    __table_args__ = (Index("ix_cart_lines_person", "person_id", "id"),)

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    slug: Mapped[str]
    catalog_hash: Mapped[str] = mapped_column(ForeignKey("catalog_versions.hash"))
    answers: Mapped[Json]
    beneficiary_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    added_at: Mapped[datetime]
