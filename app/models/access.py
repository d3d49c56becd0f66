"""Who holds which access, why and until when; and the campaigns that ask whether it is still needed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id, Json
from app.models.people import Person
from app.models.requests import Item

FOR_GOOD = "'9999-12-31 00:00:00+00'::timestamp with time zone"  # where an access without an end stands in a list


class Grant(Base):
    """An access that an item's step gave; the database keeps one open grant for each person and target."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("state in ('open', 'ending', 'ended')", name="known_state"),
        CheckConstraint("(state = 'ended') = (ended_at is not null)", name="ended_has_time"),
        CheckConstraint("state <> 'ending' or next_at is not null", name="ending_is_looked_at"),
        Index("uq_grants_open", "person_id", "kind", "target", unique=True, postgresql_where=text("state <> 'ended'")),
        Index("ix_grants_next", "next_at", "id", postgresql_where=text("next_at is not null")),
        Index("ix_grants_target", "kind", "target", "state"),
        Index("ix_grants_ends", text(f"coalesce(ends_at, {FOR_GOOD})"), "id", postgresql_where=text("state <> 'ended'")),
        Index("ix_grants_ended", "ended_at", "id", postgresql_where=text("state = 'ended'")),
        Index("ix_grants_stuck", "id", postgresql_where=text("error is not null")),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str] = mapped_column(default="directory-group")
    target: Mapped[str]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("steps.id"))
    state: Mapped[str] = mapped_column(default="open")
    granted_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]  # when the desk must look at it next: to remind, or to revoke
    reminded_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    error: Mapped[Json | None]  # why its end did not work: a sentence in parts, as the ledger of steps keeps it
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]  # expired, given_back, revoked, recertification, unanswered, leaver, undone, request

    person: Mapped[Person] = relationship()
    item: Mapped[Item] = relationship()


class Campaign(Base):
    """A recertification: every owner of a group says of every open grant whether it stays."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("state in ('open', 'closed')", name="known_state"),
        CheckConstraint("unanswered in ('keep', 'revoke')", name="known_unanswered"),
        CheckConstraint("(state = 'open') = (next_at is not null)", name="open_is_looked_at"),
        Index("ix_campaigns_next", "next_at", postgresql_where=text("next_at is not null")),
    )

    id: Mapped[Id]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    groups: Mapped[list[str] | None]  # None: all of them
    unanswered: Mapped[str] = mapped_column(default="keep", server_default="keep")
    started_at: Mapped[datetime]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    due_at: Mapped[datetime]
    next_at: Mapped[datetime | None]  # when the desk must look at it next: to remind, or to close it
    closed_at: Mapped[datetime | None]

    started_by: Mapped[Person | None] = relationship()


class CampaignEntry(Base):
    """One grant in a campaign and its reviewer's answer; no answer by the due time is told to the administrators."""

    __tablename__ = "campaign_entries"
    __table_args__ = (
        UniqueConstraint("campaign_id", "grant_id"),
        CheckConstraint("decision in ('keep', 'revoke')", name="known_decision"),
        Index("ix_campaign_entries_open", "reviewer_id", "id", postgresql_where=text("decision is null")),
    )

    id: Mapped[Id]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"), index=True)
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decision: Mapped[str | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship()
    grant: Mapped[Grant] = relationship()
    reviewer: Mapped[Person | None] = relationship(foreign_keys=[reviewer_id])
