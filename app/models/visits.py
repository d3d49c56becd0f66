"""When somebody last looked at a record, and how far: what came since is marked on its page."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Visit(Base):
    """One person's looks at one record: `last_id` is the newest event seen, `since_id` the one seen before this visit began."""

    __tablename__ = "visits"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    since_id: Mapped[int | None]
    last_id: Mapped[int]
    at: Mapped[datetime]
