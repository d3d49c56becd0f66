"""Problems and known errors."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.records import Record
from app.rules.lifecycle import RecordKind


class Problem(Record):
    """The cause, or possible cause, of one or more incidents."""

    __tablename__ = "problems"
    __mapper_args__ = {"polymorphic_identity": RecordKind.PROBLEM}

    id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    resolution: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class KnownError(Record):
    """An analysed problem with a workaround."""

    __tablename__ = "known_errors"

    id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    problem_id: Mapped[int] = mapped_column(ForeignKey("problems.id"), index=True)
    symptom: Mapped[str] = mapped_column(default="")
    cause: Mapped[str] = mapped_column(default="")
    workaround: Mapped[str] = mapped_column(default="")
    published_at: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]

    __mapper_args__ = {"polymorphic_identity": RecordKind.KNOWN_ERROR, "inherit_condition": id == Record.id}
