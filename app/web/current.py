"""Who is asking. `app.web.signin` sets `g.desk_identity`, `g.person` and `g.actor` at the start of each request; else everyone is a visitor."""

from datetime import datetime

from flask import g, has_request_context

from app.models.people import Person
from app.visibility import Actor


def current_person() -> Person | None:
    """Return the person who is signed in, or None."""
    return g.get("person") if has_request_context() else None


def current_actor() -> Actor | None:
    """Return the same person with roles and teams, as services and queries want it."""
    return g.get("actor") if has_request_context() else None


def me() -> Actor:
    """Return the actor of a view that `@permission` guards: there is always one."""
    actor = current_actor()
    if actor is None:
        raise RuntimeError("a view that needs somebody was opened without @permission")
    return actor


def now() -> datetime:
    """Return the desk's time at the start of this request, which the question of who is asking brought along."""
    at: datetime = g.desk_identity.desk_now
    return at
