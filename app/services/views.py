"""Saved views of queues: kept for oneself, for a team, or for everybody who works here."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models.people import Team
from app.models.queues import SavedView
from app.rules.errors import Invalid, NotFound
from app.rules.words import t
from app.unit_of_work import UnitOfWork
from app.visibility import Actor

MOST: Final = 50
LONGEST: Final = 60


def seen(session: Session, actor: Actor) -> Sequence[SavedView]:
    """Return the views that somebody has: own ones, those of the own teams, and shared ones, by name."""
    team = SavedView.team_id.in_(actor.team_ids)
    return session.scalars(select(SavedView).where(or_(SavedView.owner_id == actor.id, team, SavedView.scope == "shared")).order_by(SavedView.name, SavedView.id)).all()


def save(uow: UnitOfWork, name: str, arguments: Mapping[str, Any], *, scope: str = "mine", team: str = "") -> SavedView:
    """Keep a queue under a name; an own one of the same name is replaced. For others: only by who leads."""
    uow.check("work.view" if scope == "mine" else "view.share")
    words = " ".join(name.split())
    if not words or len(words) > LONGEST or not words.isprintable():
        raise Invalid({"name": t("Give a name of at most %(limit)s characters.", limit=LONGEST)})
    team_id = uow.session.scalar(select(Team.id).where(Team.key == team, Team.id.in_(uow.actor.team_ids))) if scope == "team" else None
    if scope not in {"mine", "team", "shared"} or (scope == "team" and team_id is None):
        raise Invalid({"scope": t("Choose one from the list.")})
    mine = select(SavedView).where(SavedView.owner_id == uow.actor.id)
    found = uow.session.scalars(mine.where(SavedView.name == words)).one_or_none()
    if found is None:
        if (uow.session.scalar(select(func.count()).select_from(mine.subquery())) or 0) >= MOST:
            raise Invalid({"name": t("You have %(count)s views already. Take one away first.", count=MOST)})
        found = SavedView(owner_id=uow.actor.id or 0, name=words, created_at=uow.now)
        uow.session.add(found)
    found.arguments, found.scope, found.team_id = dict(arguments), scope, team_id
    uow.session.flush()
    uow.record_event("config", "view.save", after={"view": found.id, "scope": scope})
    return found


def remove(uow: UnitOfWork, view_id: int) -> None:
    """Take an own view away; NotFound where it is somebody else's."""
    found = uow.session.scalars(select(SavedView).where(SavedView.id == view_id, SavedView.owner_id == uow.actor.id)).one_or_none()
    if found is None:
        raise NotFound(str(view_id))
    uow.session.delete(found)
    uow.record_event("config", "view.remove", before={"view": view_id})
