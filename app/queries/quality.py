"""Reviews of quality as pages list them: what waits for somebody, and what came of the others."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import DateTime, ScalarSelect, Select, func, or_, select, text, type_coerce
from sqlalchemy.orm import Session, aliased

from app.models.closure import QualityReview
from app.models.incidents import Incident
from app.models.people import Person, Team
from app.models.records import Record
from app.queries.paging import PER_PAGE, Page, page
from app.rules.errors import NotFound
from app.rules.lifecycle import RecordKind
from app.visibility import Actor, visible

MOST = 100  # a badge counts no further
OPEN = text("quality_reviews.done_at is null")
DONE = text("quality_reviews.done_at is not null")
DONE_AT = type_coerce(QualityReview.done_at, DateTime(timezone=True))  # what is done has one


@dataclass(frozen=True)
class Whole:
    """One review with its incident, who closed and who reviewed it."""

    review: QualityReview
    incident: Incident
    reviewer: str | None


def listed(session: Session, actor: Actor, *, done: bool, bookmark: str | None = None, per_page: int = PER_PAGE) -> Page[Any]:
    """Return a page of the reviews: those that wait for this reader, the oldest first; or those that are done, the newest first."""
    resolver, reviewer = aliased(Person), aliased(Person)
    table = Incident.__table__
    query: Select[*tuple[Any, ...]] = (
        select(Record.id, Record.number, Record.title, Record.priority, Record.category, table.c.closed_at, resolver.name.label("resolver"),
               Team.name.label("team"), Team.name_pt.label("team_pt"), QualityReview.because, QualityReview.answers, QualityReview.done_at,
               reviewer.name.label("reviewer"))
        .join(QualityReview, QualityReview.record_id == Record.id).join(table, table.c.id == Record.id)
        .outerjoin(resolver, resolver.id == table.c.resolved_by_id).outerjoin(reviewer, reviewer.id == QualityReview.reviewer_id)
        .outerjoin(Team, Team.id == Record.team_id).where(visible(actor, RecordKind.INCIDENT))
    )  # fmt: skip
    if done:
        return page(session, query.where(DONE).order_by(DONE_AT.desc(), QualityReview.record_id.desc()), bookmark, per_page)
    return page(session, query.where(*_waiting(actor)).order_by(QualityReview.record_id), bookmark, per_page)


def whole(session: Session, actor: Actor, number: str) -> Whole:
    """Return the review of one incident that the actor sees; NotFound otherwise."""
    query = select(QualityReview, Incident, Person.name).join(Incident, Incident.id == QualityReview.record_id).outerjoin(
        Person, Person.id == QualityReview.reviewer_id).where(Record.number == number, Record.state == "closed", visible(actor, RecordKind.INCIDENT))  # fmt: skip
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(number)
    return Whole(*found)


def waiting(actor: Actor) -> ScalarSelect[int]:
    """Return the question how many reviews wait for this reader; for the badge in the frame."""
    table = Incident.__table__
    some = select(Record.id).join(QualityReview, QualityReview.record_id == Record.id).join(table, table.c.id == Record.id).where(
        *_waiting(actor), visible(actor, RecordKind.INCIDENT)).limit(MOST).subquery()  # fmt: skip
    return select(func.count()).select_from(some).scalar_subquery()


def _waiting(actor: Actor) -> tuple[Any, ...]:
    """Open ones of others: nobody reviews what he resolved, has, or reported."""
    table = Incident.__table__
    theirs = (or_(column.is_(None), column != actor.id) for column in (table.c.resolved_by_id, Record.assignee_id, Record.requester_id, Record.beneficiary_id))
    return OPEN, Record.state == "closed", *theirs
