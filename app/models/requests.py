"""Requests, their items, and the steps that fulfil them."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id, Json
from app.models.records import Record
from app.rules.lifecycle import RecordKind


class Request(Record):
    """One order by a requester for a beneficiary."""

    __tablename__ = "requests"
    __mapper_args__ = {"polymorphic_identity": RecordKind.REQUEST}

    id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    submission_key: Mapped[str] = mapped_column(unique=True)
    submitted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    items: Mapped[list["Item"]] = relationship(
        back_populates="request", foreign_keys="Item.request_id", order_by="Item.id"
    )


class Item(Record):
    """One thing of a request, fulfilled as its version of the catalogue says."""

    __tablename__ = "items"
    __mapper_args__ = {"polymorphic_identity": RecordKind.ITEM}

    id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    slug: Mapped[str] = mapped_column(index=True)
    catalog_hash: Mapped[str] = mapped_column(ForeignKey("catalog_versions.hash"))
    answers: Mapped[Json]
    revision: Mapped[int] = mapped_column(default=1)
    part_of: Mapped[str | None] = mapped_column(unique=True)  # of a bundle: its number and the place in its list
    cost: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    currency: Mapped[str | None]
    plan: Mapped[list[Json] | None]
    plan_hash: Mapped[str | None]
    planned_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    promised_at: Mapped[datetime | None]
    fulfilled_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    request: Mapped[Request] = relationship(back_populates="items", foreign_keys=[request_id])
    steps: Mapped[list["Step"]] = relationship(back_populates="item", order_by="Step.position")


class Check(Base):
    """A later look at whether a fulfilled item still holds (domain.md 3: closed after the last check)."""

    __tablename__ = "checks"
    __table_args__ = (
        CheckConstraint("outcome in ('holds', 'drifted', 'canceled')", name="known_outcome"),
        CheckConstraint("(outcome is null) = (done_at is null)", name="outcome_has_time"),
        Index("ix_checks_due", "due_at", "id", postgresql_where=text("done_at is null")),
    )

    id: Mapped[Id]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class Step(Base):
    """One step of an item's fulfilment: the ledger that makes an effect happen once (faults.md)."""

    __tablename__ = "steps"
    __table_args__ = (
        UniqueConstraint("item_id", "revision", "key"),
        CheckConstraint("kind in ('automatic', 'manual', 'wait')", name="known_kind"),
        CheckConstraint(
            "state in ('pending', 'ready', 'running', 'retrying', 'waiting', 'done', 'failed', 'skipped', 'undone')",
            name="known_state",
        ),
        CheckConstraint("state <> 'done' or done_at is not null", name="done_has_time"),
        Index("ix_steps_lease", "lease_until", postgresql_where=text("state = 'running'")),
    )

    id: Mapped[Id]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    revision: Mapped[int]
    key: Mapped[str]
    position: Mapped[int]
    kind: Mapped[str]
    action: Mapped[str | None]
    params: Mapped[Json]
    plan: Mapped[Json | None]
    plan_hash: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="pending")
    epoch: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    error: Mapped[str | None]
    result: Mapped[Json | None]
    task_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id"))

    item: Mapped[Item] = relationship(back_populates="steps", foreign_keys=[item_id])
