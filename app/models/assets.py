"""Services and what they stand on: a small configuration database."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id
from app.models.people import Person, Team
from app.models.records import Record


class ConfigurationItem(Base):
    """A thing that must work: a service, an application, a server; `criticality` 1 is the highest."""

    __tablename__ = "configuration_items"
    __table_args__ = (
        CheckConstraint("criticality between 1 and 4", name="criticality"),
        Index("ix_configuration_items_class", "class", "name", "id"),
        Index("ix_configuration_items_name_trgm", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column("class")
    criticality: Mapped[int] = mapped_column(SmallInteger, default=3)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    description: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)

    owner: Mapped[Person | None] = relationship()
    team: Mapped[Team | None] = relationship()


class CiRelation(Base):
    """`source` depends on, or runs on, `target`: when the target fails, the source is hurt."""

    __tablename__ = "ci_relations"
    __table_args__ = (
        CheckConstraint("type in ('depends_on', 'runs_on')", name="known_type"),
        CheckConstraint("source_id <> target_id", name="not_itself"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey("configuration_items.id"), primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("configuration_items.id"), primary_key=True, index=True)
    type: Mapped[str] = mapped_column(primary_key=True)


class Affected(Base):
    """A record names a configuration item that it is about."""

    __tablename__ = "affected"

    record_id: Mapped[int] = mapped_column(ForeignKey("records.id"), primary_key=True)
    ci_id: Mapped[int] = mapped_column(ForeignKey("configuration_items.id"), primary_key=True, index=True)

    record: Mapped[Record] = relationship()
    ci: Mapped[ConfigurationItem] = relationship()
