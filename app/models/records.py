"""The base record of every kind, its links, its participants and its notes (architecture.md, Database)."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.schema import SchemaItem

from app.models.base import Base, Id, by_value
from app.models.people import Person, Team
from app.rules.lifecycle import STATES, RecordKind

_LEGAL = ", ".join(f"'{kind.value}:{state}'" for kind, states in STATES.items() for state in states)

OPEN_INCIDENTS = "records.kind = 'incident' and records.state in ('new', 'in_progress', 'on_hold')"
NEXT_DUE = "coalesce(next_due_at, '9999-01-01 00:00:00+00'::timestamptz)"  # what nothing is due of comes last
_OPEN = text(OPEN_INCIDENTS.replace("records.", ""))


class Record(Base):
    """All that lists need of any record; the kinds join their own columns to it."""

    __tablename__ = "records"
    __table_args__: tuple[SchemaItem, ...] = (
        CheckConstraint(f"kind || ':' || state in ({_LEGAL})", name="legal_state"),
        Index("ix_records_requester", "requester_id", "id"),
        Index("ix_records_beneficiary", "beneficiary_id", "id"),
        Index("ix_records_opened_by", "opened_by_id", "id"),
        Index("ix_records_team", "team_id", "kind", "state", "id"),
        Index("ix_records_assignee", "assignee_id", "kind", "state", "id"),
        Index("ix_records_kind", "kind", "state", "id"),
        Index("ix_records_open", "id", postgresql_where=_OPEN),
        Index("ix_records_open_priority", "priority", "id", postgresql_where=_OPEN),
        Index("ix_records_open_updated", "updated_at", "id", postgresql_where=_OPEN),
        Index("ix_records_open_due", text(NEXT_DUE), "id", postgresql_where=_OPEN),
        Index("ix_records_open_team", "team_id", "priority", "id", postgresql_where=_OPEN),
        Index("ix_records_open_assignee", "assignee_id", "priority", "id", postgresql_where=_OPEN),
        Index("ix_records_incidents", "id", postgresql_where=text("kind = 'incident'")),
        Index("ix_records_incidents_updated", "updated_at", "id", postgresql_where=text("kind = 'incident'")),
        Index("ix_records_incidents_priority", "priority", "id", postgresql_where=text("kind = 'incident'")),
        Index("ix_records_category", "category", "id", postgresql_where=text("category is not null")),
        Index("ix_records_due", "next_due_at", "id", postgresql_where=text("next_due_at is not null")),
    )

    id: Mapped[Id]
    kind: Mapped[RecordKind] = mapped_column(by_value(RecordKind))
    number: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    hold_reason: Mapped[str | None]
    title: Mapped[str]
    title_pt: Mapped[str | None]  # of what the catalogue named; what people write has one title, in their own words
    priority: Mapped[int | None] = mapped_column(SmallInteger)
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    beneficiary_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    category: Mapped[str | None]
    service: Mapped[str | None]
    next_due_at: Mapped[datetime | None]
    next_clock: Mapped[str | None]
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    restricted: Mapped[bool] = mapped_column(default=False)

    requester: Mapped[Person | None] = relationship(foreign_keys=[requester_id])
    beneficiary: Mapped[Person | None] = relationship(foreign_keys=[beneficiary_id])
    opened_by: Mapped[Person | None] = relationship(foreign_keys=[opened_by_id])
    assignee: Mapped[Person | None] = relationship(foreign_keys=[assignee_id])
    team: Mapped[Team | None] = relationship(foreign_keys=[team_id])

    __mapper_args__ = {"polymorphic_on": kind, "version_id_col": version}
    is_locked_whole: ClassVar[bool] = False  # decisions hang on columns of its own table: they are locked as well


class Link(Base):
    """A typed link from one record to another (follows, duplicates, caused_by ...)."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("source_id", "target_id", "type"),
        CheckConstraint("source_id <> target_id", name="not_itself"),
    )

    id: Mapped[Id]
    source_id: Mapped[int] = mapped_column(ForeignKey("records.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("records.id"), index=True)
    type: Mapped[str]
    created_at: Mapped[datetime]

    source: Mapped[Record] = relationship(foreign_keys=[source_id])
    target: Mapped[Record] = relationship(foreign_keys=[target_id])


class Participant(Base):
    """Somebody who sees a record for a reason that is no column of it: watcher, approver or named."""

    __tablename__ = "participants"
    __table_args__ = (
        CheckConstraint("relation in ('watcher', 'approver', 'named')", name="known_relation"),
        Index("ix_participants_person", "person_id", "relation", "record_id"),
    )

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    relation: Mapped[str] = mapped_column(primary_key=True)


class Tag(Base):
    """A word that people put on a record to find it again."""

    __tablename__ = "tags"
    __table_args__ = (Index("ix_tags_tag", "tag", "record_id"),)

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class Note(Base):
    """Free text on a record: an erasable row that events name by id and digest."""

    __tablename__ = "notes"
    __table_args__ = (
        CheckConstraint("kind in ('reply', 'work_note', 'reason', 'closing', 'question', 'answer')", name="known_kind"),
        Index("ix_notes_record", "record_id", "id"),
    )

    id: Mapped[Id]
    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str]
    body: Mapped[str]
    digest: Mapped[str]
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    author: Mapped[Person | None] = relationship()
