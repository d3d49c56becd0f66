"""Versions of the catalogue's items as they were published."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Json


class CatalogVersion(Base):
    """A good version of an item; requests point to its hash for ever."""

    __tablename__ = "catalog_versions"

    hash: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(index=True)
    parsed: Mapped[Json]
    published_at: Mapped[datetime]


class CatalogItem(Base):
    """Which version of an item is in service, and the fault of its file if it has one."""

    __tablename__ = "catalog_items"

    slug: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str | None] = mapped_column(ForeignKey("catalog_versions.hash"))
    fault: Mapped[list[Json] | None]
    withdrawn_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class Rehearsal(Base):
    """One try to plan an item without carrying it out; the newest of a version says whether it works today."""

    __tablename__ = "rehearsals"
    __table_args__ = (
        CheckConstraint("outcome in ('works', 'broken', 'unknown')", name="known_outcome"),
        CheckConstraint("(outcome = 'works') = (error is null)", name="trouble_has_reason"),
        Index("ix_rehearsals_slug", "slug", "at"),
    )

    id: Mapped[Id]
    slug: Mapped[str]
    hash: Mapped[str] = mapped_column(ForeignKey("catalog_versions.hash"))
    at: Mapped[datetime]
    outcome: Mapped[str]  # unknown: an outside system was away
    error: Mapped[Json | None]  # the sentence in parts: msgid and params
