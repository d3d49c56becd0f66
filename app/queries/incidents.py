"""Incidents as people see them: one's own, and what is due to close; queues are in queues.py."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from app.models.events import Event
from app.models.imports import Replay
from app.models.incidents import Incident
from app.models.records import Participant, Record
from app.queries.paging import PER_PAGE, Page, page
from app.rules.lifecycle import FINAL, RecordKind
from app.visibility import Actor, visible

PUBLIC: Final = ("reply", "closing", "reason")


def mine(session: Session, actor: Actor, *, only_open: bool = False, bookmark: str | None = None, per_page: int = PER_PAGE) -> Page[Any]:
    """Return the incidents that somebody reported, that hurt somebody, or that somebody is on, newest first."""
    on_it = exists().where(Participant.record_id == Record.id, Participant.person_id == actor.id, Participant.relation == "watcher")
    own = or_(Record.requester_id == actor.id, Record.beneficiary_id == actor.id, on_it)
    query = select(Record.id, Record.number, Record.title, Record.state, Record.hold_reason, Record.opened_at, Record.updated_at)
    query = query.where(own, visible(actor, RecordKind.INCIDENT))
    if only_open:
        query = query.where(Record.state.not_in(FINAL))
    return page(session, query.order_by(Record.id.desc()), bookmark, per_page)


def due_to_close(session: Session, now: datetime, window: timedelta, *, limit: int = 200) -> Sequence[str]:
    """Return the numbers of resolved incidents whose window is over, oldest first; major ones never close by themselves.

    What another desk resolved, and only its history tells of, stays as its history left it.
    """
    table = Incident.__table__
    ours = exists().where(Event.record_id == Record.id, Event.name == "incident.resolve")
    is_ours = or_(~exists().where(Replay.record_id == Record.id), ours)
    query: Select[str] = select(Record.number).join(table, table.c.id == Record.id).where(
        table.c.resolved_at <= now - window, table.c.closed_at.is_(None), table.c.major != "accepted", Record.state == "resolved", is_ours)  # fmt: skip
    return session.scalars(query.order_by(table.c.resolved_at, table.c.id).limit(limit)).all()
