"""What is due after resolutions, and what solved the same before; each answered from an index, whatever is stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from app.models.assets import Affected
from app.models.closure import ClosureReview
from app.models.incidents import Incident
from app.models.records import Record

MOST: Final = 20  # earlier ones that are kept with a record
RETURNED: Final = text("closure_reviews.state = 'returned'")


def due(session: Session, policy: str, *, limit: int = 200) -> Sequence[str]:
    """Return the numbers of incidents of which something is due, the longest first; then those whose times were counted under other terms."""
    query = select(Record.number).join(ClosureReview, ClosureReview.record_id == Record.id)
    now = query.where(ClosureReview.next_at <= func.desk_now()).order_by(ClosureReview.next_at, ClosureReview.record_id).limit(limit)
    stale = query.where(_is_stale(policy)).order_by(ClosureReview.record_id).limit(limit)
    return list(dict.fromkeys([*session.scalars(now), *session.scalars(stale)]))[:limit]


def is_due(session: Session, policy: str) -> bool:
    """Say whether there is any; a partial index answers each half."""
    now = select(ClosureReview.record_id).where(ClosureReview.next_at <= func.desk_now()).limit(1)
    stale = select(ClosureReview.record_id).where(_is_stale(policy)).limit(1)
    return session.scalar(now) is not None or session.scalar(stale) is not None


def _is_stale(policy: str) -> ColumnElement[bool]:
    """Two ranges of the index, before and behind: "is another one" would read all of it."""
    return ClosureReview.next_at.is_not(None) & or_(ClosureReview.policy < policy, ClosureReview.policy > policy)


def solved_before(session: Session, incident: Incident, since: datetime) -> Sequence[int]:
    """Return the newest incidents that were resolved since then on one of the same things, in the same category; not of its own family."""
    if incident.category is None:
        return []
    mine = select(Affected.ci_id).where(Affected.record_id == incident.id)
    table, family = Incident.__table__, {incident.id, incident.parent_id or incident.id}
    same = select(Affected.record_id).where(Affected.ci_id.in_(mine)).distinct()
    query = select(Record.id).join(table, table.c.id == Record.id).where(
        Record.id.in_(same), Record.category == incident.category, Record.id.not_in(family),
        table.c.resolved_at >= since, table.c.resolved_at < incident.resolved_at, Record.state.in_(("resolved", "closed")),
        or_(table.c.parent_id.is_(None), table.c.parent_id.not_in(family)),
    )  # fmt: skip
    return session.scalars(query.order_by(Record.id.desc()).limit(MOST)).all()
