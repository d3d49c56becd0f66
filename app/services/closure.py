"""What is due after an incident was resolved, taken step by step: review, reminder, closing (domain.md 2, 8). For flow review_closure."""

from datetime import timedelta

from sqlalchemy import insert, select

from app.closure import closing
from app.models.closure import ClosureReview, SolvedBefore
from app.models.incidents import Incident
from app.models.people import Person
from app.queries import closure as queries
from app.rules import closure
from app.rules.closure import Step, closes_at
from app.rules.errors import Forbidden
from app.rules.words import t
from app.services import closure_reviews, confirmation_links, messages
from app.services import incident_moves as moves
from app.services.major_updates import clock as as_read
from app.unit_of_work import UnitOfWork

LATER = timedelta(hours=1)


def take(uow: UnitOfWork, number: str) -> int:
    """Take every step that is due of a resolution; return how many. A second run changes nothing."""
    if not uow.actor.is_system:
        raise Forbidden(t("You may not do this."))
    incident = uow.get(Incident, number)
    review = closure_reviews.of(uow, incident)
    if review is None:
        return 0
    if review.resolved_at != incident.resolved_at or incident.state not in {"resolved", "closed"}:  # another desk's history says otherwise
        review.next_at = None
        return 0
    taken = 0
    for step in Step:
        if closure.is_due(closing(), closure_reviews.standing(incident, review), step, uow.now):
            taken += 1
            _TAKE[step](uow, incident, review)
    closure_reviews.set_next(uow, incident, review)
    return taken


def hold_back(uow: UnitOfWork, number: str) -> None:
    """A step of it failed: it is looked at again later."""
    review = closure_reviews.of(uow, uow.get(Incident, number))
    if review is not None:
        review.next_at = uow.now + LATER


def _review(uow: UnitOfWork, incident: Incident, review: ClosureReview) -> None:
    since = review.resolved_at - timedelta(days=closing().earlier_days)
    known = set(uow.session.scalars(select(SolvedBefore.earlier_id).where(SolvedBefore.record_id == incident.id)))
    if found := [id_ for id_ in queries.solved_before(uow.session, incident, since) if id_ not in known]:
        uow.session.execute(insert(SolvedBefore), [{"record_id": incident.id, "earlier_id": id_} for id_ in found])
    closure_reviews.check(uow, incident, review)


def _remind(uow: UnitOfWork, incident: Incident, review: ClosureReview) -> None:
    """Ask those who have it once more whether it works; nobody is reminded of what he resolved himself."""
    review.reminded_at = uow.now
    ids = {incident.requester_id, incident.beneficiary_id} - {None, incident.resolved_by_id}
    people = uow.session.scalars(select(Person).where(Person.id.in_(ids), Person.active).order_by(Person.id)).all()
    uow.record_event(incident, "incident.remind", after={"told": [person.id for person in people]})
    for person in people:
        link = confirmation_links.again(uow, incident, person)
        ends = as_read(closes_at(review.resolved_at, closing().window), person)
        messages.tell(uow, person, "incident_reminder", incident, uow.latest, link_id=link.id, closes=ends)


def _close(uow: UnitOfWork, incident: Incident, review: ClosureReview) -> None:
    moves.close(uow, incident, after={"why": "window"}, consequence=True)


_TAKE = {Step.REVIEW: _review, Step.REMIND: _remind, Step.CLOSE: _close}
