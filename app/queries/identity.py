"""Who sits at a browser: session, person, roles and teams in one query."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from app import visibility
from app.models.people import Person, SignInSession
from app.settings import matrix, settings
from app.visibility import Actor


class Stage(StrEnum):
    """How far somebody has come in."""

    IN = "in"
    CODE = "code"  # the password was right, the second factor is asked
    ENROL = "enrol"  # the password was right, and the roles need a second factor that is not there yet


@dataclass(frozen=True)
class Identity:
    """A live session and whose it is; `desk_now` is the desk's time, `real_now` the clock that sessions run on."""

    sign_in: SignInSession
    person: Person
    actor: Actor
    desk_now: datetime
    real_now: datetime

    @property
    def has_ended(self) -> str | None:
        """Say why the session may not go on, or None."""
        if not self.person.active:
            return "disabled"
        if self.real_now - self.sign_in.seen_at > timedelta(minutes=settings().session_idle_minutes):
            return "idle"
        if self.real_now - self.sign_in.created_at > timedelta(hours=settings().session_absolute_hours):
            return "too_old"
        return None

    @property
    def stage(self) -> Stage:
        """Return how far this session has come in."""
        if self.sign_in.data.get("second_factor"):
            return Stage.IN
        if self.person.tf_totp_secret:
            return Stage.CODE
        return Stage.ENROL if needs_second_factor(self.actor.roles) else Stage.IN


def needs_second_factor(roles: frozenset[str]) -> bool:
    """Say whether these roles ask for a second factor here: staff, wherever the desk is reached over https."""
    return settings().secure and any(matrix().roles[role].is_staff for role in roles & matrix().roles.keys())


def of(session: Session, token_hash: str) -> Identity | None:
    """Return who belongs to a session's token, or None when no such session is open: one query."""
    row = session.execute(_whose(), {"token_hash": token_hash}).one_or_none()
    if row is None:
        return None
    sign_in, person, roles, teams, is_manager, desk_now, real_now = row
    return Identity(sign_in, person, visibility.actor_of(person, roles, teams, is_manager), desk_now, real_now)


@cache
def _whose() -> Select[Any]:
    """Every page asks this: built once, it saves each of them two milliseconds."""
    return (
        select(SignInSession, Person, *visibility.standing(), func.now())
        .join(Person, Person.id == SignInSession.person_id)
        .where(SignInSession.token_hash == bindparam("token_hash"), SignInSession.ended_at.is_(None))
    )
