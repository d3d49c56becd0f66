"""Files on records, stored in chunks."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id


class Attachment(Base):
    """A file; its name as given is data only, never a path. Without a record it was put down for an order not yet sent."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("record_id is not null or uploaded_by_id is not null", name="belongs"),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    record_id: Mapped[int | None] = mapped_column(ForeignKey("records.id"), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    public: Mapped[bool] = mapped_column(default=True)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]


class AttachmentChunk(Base):
    """A piece of a file, 256 KiB at most."""

    __tablename__ = "attachment_chunks"
    __table_args__ = (CheckConstraint("octet_length(data) <= 262144", name="chunk_size"),)

    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachments.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
