"""People, teams, roles, delegations, and how they sign in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id, Json


class Person(Base):
    """Somebody the desk knows; `login` and `email` are stored in lower case."""

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("login = lower(login)", name="login_lower"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("manager_id <> id", name="not_own_manager"),
        CheckConstraint("source in ('local', 'directory')", name="known_source"),
        Index("ix_people_name_trgm", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
    )

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    given_name: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    department: Mapped[str] = mapped_column(default="", index=True)
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    language: Mapped[str | None]
    timezone: Mapped[str | None]
    theme: Mapped[str] = mapped_column(default="system")
    density: Mapped[str] = mapped_column(default="comfortable")
    news: Mapped[Json] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))  # what app/rules/news.py keeps of a choice
    vip: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    # Where the account comes from; a directory's stable id (entryUUID, objectGUID), never its name.
    source: Mapped[str] = mapped_column(default="local")
    directory_uid: Mapped[str | None] = mapped_column(unique=True)
    directory_dn: Mapped[str | None]
    # Flask-Security's columns.
    password: Mapped[str | None]
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    mf_recovery_codes: Mapped[list[str] | None]

    manager: Mapped["Person | None"] = relationship(remote_side="Person.id")


class Team(Base):
    """A group of people that work is given to."""

    __tablename__ = "teams"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_pt: Mapped[str]
    email: Mapped[str | None]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    active: Mapped[bool] = mapped_column(default=True)

    lead: Mapped[Person | None] = relationship()


class Membership(Base):
    """Somebody belongs to a team."""

    __tablename__ = "memberships"

    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)


class RoleGrant(Base):
    """Somebody holds a role, and where that comes from (`manual`, or a directory group's id)."""

    __tablename__ = "role_grants"
    __table_args__ = (UniqueConstraint("person_id", "role", "source"),)

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(default="manual")
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    granted_at: Mapped[datetime]


class Delegation(Base):
    """`delegate` may vote in the place of `person` during [starts_at, ends_at)."""

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("person_id <> delegate_id", name="not_oneself"),
        CheckConstraint("starts_at < ends_at", name="forward"),
        Index("ix_delegations_delegate", "delegate_id", "ends_at"),
        Index("ix_delegations_person", "person_id", "ends_at"),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    delegate_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    delegate: Mapped[Person] = relationship(foreign_keys=[delegate_id])


class SignInSession(Base):
    """A browser that is signed in; the cookie holds the token, the row only its hash."""

    __tablename__ = "sign_in_sessions"
    __table_args__ = (Index("ix_sign_in_sessions_live", "person_id", postgresql_where=text("ended_at is null")),)

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]  # when the directory was last asked whether the account still lives
    address: Mapped[str] = mapped_column(default="")
    agent: Mapped[str] = mapped_column(default="")
    data: Mapped[Json] = mapped_column(default=dict)
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]


class Throttle(Base):
    """How often something was tried within a window, by account and by address."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime]
    count: Mapped[int]


class OneTimeLink(Base):
    """A signed link that works once: first administrator, reset, decision by mail; only its hash is kept."""

    __tablename__ = "one_time_links"
    __table_args__ = (Index("ix_one_time_links_subject", "subject", postgresql_where=text("used_at is null and subject is not null")),)

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    subject: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
