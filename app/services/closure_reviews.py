"""The review of an incident's record after its resolution: what is missing goes back to its owner, and holds the closing (domain.md 8)."""

from sqlalchemy import func, select

from app.closure import closing
from app.language import translate
from app.models.assets import Affected
from app.models.closure import ClosureReview
from app.models.incidents import Incident
from app.models.people import Person
from app.models.records import Link, Note, Record
from app.models.tasks import Task
from app.practice import practice
from app.rules import closure
from app.rules.closure import Check, Facts, Outcome, Standing
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.incidents import Major
from app.rules.lifecycle import TASK_CLOSED, RecordKind
from app.rules.words import t
from app.services import messages, records
from app.settings import settings
from app.unit_of_work import UnitOfWork

LETTER = "closure_returned"
CAUSES = (RecordKind.PROBLEM, RecordKind.KNOWN_ERROR, RecordKind.CHANGE)


def of(uow: UnitOfWork, incident: Incident) -> ClosureReview | None:
    """Return the review of a locked incident; None where our desk never resolved it."""
    return uow.session.get(ClosureReview, incident.id, populate_existing=True)


def follow(uow: UnitOfWork, incident: Incident) -> None:
    """After a step of its life: with each resolution its review begins anew; what was taken up again has none."""
    review = of(uow, incident)
    if incident.state != "resolved" or incident.resolved_at is None:
        if review is not None:
            review.state, review.missing, review.reviewed_at, review.next_at = Outcome.WAITING, [], None, None
        return
    if review is None:
        review = ClosureReview(record_id=incident.id)
        uow.session.add(review)
    if review.resolved_at != incident.resolved_at:  # else a reopening was taken back: who was reminded of this resolution was
        review.resolved_at, review.reminded_at, review.cause_id = incident.resolved_at, None, None
    review.state, review.missing, review.reviewed_at = Outcome.WAITING, [], None
    set_next(uow, incident, review)


def set_next(uow: UnitOfWork, incident: Incident, review: ClosureReview) -> None:
    """Store when to look at it next, under the organisation's terms of today."""
    terms = closing()
    review.policy, review.next_at = terms.policy, closure.next_at(terms, standing(incident, review), uow.now)


def standing(incident: Incident, review: ClosureReview) -> Standing:
    """Return how far it is."""
    return Standing(
        review.resolved_at, is_reviewed=review.reviewed_at is not None, is_reminded=review.reminded_at is not None,
        is_returned=review.state == Outcome.RETURNED, is_major=incident.major in {Major.PROPOSED, Major.ACCEPTED}, is_closed=incident.state == "closed",
    )  # fmt: skip


def check(uow: UnitOfWork, incident: Incident, review: ClosureReview) -> None:
    """Look at the record: what is incomplete is returned to its owner, who is told once; what was closed meanwhile stays as it is."""
    is_first, was = review.reviewed_at is None, review.missing
    review.reviewed_at, review.missing = uow.now, [each.value for each in closure.missing(closing(), _facts(uow, incident, review))]
    is_returned = bool(review.missing) and incident.state == "resolved"
    review.state = Outcome.RETURNED if is_returned else Outcome.COMPLETE
    if is_first or review.missing != was:
        uow.record_event(incident, "incident.review", after={"missing": review.missing, "returned": is_returned})
    if is_first and is_returned:
        _tell(uow, incident, review)


def again(uow: UnitOfWork, incident: Incident) -> None:
    """Something of it was put right: what was returned is looked at again at once."""
    review = of(uow, incident) if incident.state == "resolved" else None
    if review is not None and review.state == Outcome.RETURNED:
        check(uow, incident, review)
        set_next(uow, incident, review)


def is_returned(uow: UnitOfWork, incident: Incident) -> bool:
    """Say whether it waits for its owner to complete it."""
    review = of(uow, incident) if incident.state == "resolved" else None
    return review is not None and review.state == Outcome.RETURNED


def correct(uow: UnitOfWork, number: str, code: str, notes: str = "", cause: str = "", *, version: int | None = None) -> Incident:
    """Put right how it was resolved: the code, what was done, what caused it. Its caller hears nothing of that."""
    incident, review = _returned(uow, number, version, "incident.change")
    if code not in practice().codes:
        raise Invalid({"code": t("Choose one from the list.")})
    if code != incident.resolution_code or notes.strip():
        note = records.write(uow, incident, "closing", notes) if notes.strip() else None
        was, incident.resolution_code, incident.updated_at = incident.resolution_code, code, uow.now
        uow.record_event(incident, "incident.correct", before={"code": was}, after={"code": code}, note=note)
    if cause.strip():
        said = records.write(uow, incident, "work_note", cause)
        uow.session.flush()
        review.cause_id, incident.updated_at = said.id, uow.now
        uow.record_event(incident, "incident.explain", note=said)
    check(uow, incident, review)
    set_next(uow, incident, review)
    return incident


def waive(uow: UnitOfWork, number: str, reason: str, *, version: int | None = None) -> Incident:
    """It goes on as it is, though something is missing: a lead says why."""
    incident, review = _returned(uow, number, version, "incident.waive_review")
    note = records.write(uow, incident, "work_note", reason)
    review.state, incident.updated_at = Outcome.WAIVED, uow.now
    uow.record_event(incident, "incident.waive_review", after={"missing": review.missing}, note=note)
    set_next(uow, incident, review)
    return incident


def _returned(uow: UnitOfWork, number: str, version: int | None, permission: str) -> tuple[Incident, ClosureReview]:
    incident = uow.get(Incident, number)
    uow.check(permission, incident)
    records.expect(incident, version)
    review = of(uow, incident)
    if review is None or incident.state != "resolved" or review.state != Outcome.RETURNED:
        raise ActionNotAllowed(t("%(number)s was not returned: there is nothing to complete.", number=number))
    return incident, review


def _facts(uow: UnitOfWork, incident: Incident, review: ClosureReview) -> Facts:
    notes = select(Note.body, Note.erased_at).where(Note.record_id == incident.id, Note.kind == "closing").order_by(Note.id.desc()).limit(1)
    said = uow.session.execute(notes).one_or_none()
    behind = select(func.count()).select_from(Link).join(Record, Record.id == Link.target_id).where(Link.source_id == incident.id, Record.kind.in_(CAUSES))
    tasks = select(func.count()).select_from(Task).where(Task.parent_id == incident.id, Task.mandatory, Record.state.not_in(TASK_CLOSED))
    affected = select(func.count()).where(Affected.record_id == incident.id)
    linked, open_, named = uow.session.execute(select(behind.scalar_subquery(), tasks.scalar_subquery(), affected.scalar_subquery())).one()
    return Facts(
        incident.resolution_code, "" if said is None else None if said.erased_at else said.body, incident.category,
        has_cause=bool(linked or review.cause_id), open_tasks=open_, affected=named,
    )  # fmt: skip


def _tell(uow: UnitOfWork, incident: Incident, review: ClosureReview) -> None:
    """Tell whoever has it, else whoever resolved it, else the team; its caller reads nothing of it."""
    ids = [each for each in (incident.assignee_id, incident.resolved_by_id) if each and each not in {incident.requester_id, incident.beneficiary_id}]
    people = {each.id: each for each in uow.session.scalars(select(Person).where(Person.id.in_(ids), Person.active))}
    owner = next((people[each] for each in ids if each in people), None)
    if owner is None:
        messages.tell_team(uow, incident.team_id, LETTER, incident, uow.latest, missing=_in_words(review, settings().language))
        return
    messages.tell(uow, owner, LETTER, incident, uow.latest, missing=_in_words(review, owner.language or settings().language))


def _in_words(review: ClosureReview, language: str) -> str:
    return "\n".join(f"- {translate(closure.MENDS[Check(each)], language)}" for each in review.missing)
