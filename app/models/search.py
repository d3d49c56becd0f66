"""What records are found by: their words in both languages, kept by triggers (migration 0010)."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class SearchText(Base):
    """The words of a record: `words` are read by everybody who sees it, `inside` by those who work on it; `plain` is its title, folded."""

    __tablename__ = "search_texts"
    __table_args__ = (
        Index("ix_search_texts_words", "words", postgresql_using="gin"),
        Index("ix_search_texts_inside", "inside", postgresql_using="gin"),
        Index("ix_search_texts_plain", "plain", postgresql_using="gin", postgresql_ops={"plain": "gin_trgm_ops"}),
    )

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    words: Mapped[str] = mapped_column(TSVECTOR)
    inside: Mapped[str] = mapped_column(TSVECTOR)
    plain: Mapped[str]
