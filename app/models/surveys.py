"""What those who had a record said of how it went."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.people import Person
from app.models.records import Record


class Survey(Base):
    """The survey of one record: asked once, answered once or never; the comment is a text that can be erased."""

    __tablename__ = "surveys"
    __table_args__ = (
        CheckConstraint("csat between 1 and 5 and nps between 0 and 10", name="within_scale"),
        CheckConstraint("(answered_at is null) = (csat is null)", name="answered_whole"),
        Index("ix_surveys_person", "person_id", "sent_at"),
        Index("ix_surveys_sent", "sent_at", "record_id"),
        Index("ix_surveys_answered", "answered_at", "record_id", postgresql_where=text("answered_at is not null")),
    )

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    sent_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    csat: Mapped[int | None] = mapped_column(SmallInteger)
    nps: Mapped[int | None] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(default="")

    record: Mapped[Record] = relationship()
    person: Mapped[Person] = relationship()
