"""Incidents as people see them: one's own; queues are in queues.py."""

from typing import Any, Final

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

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
