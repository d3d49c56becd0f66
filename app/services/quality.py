"""Reviews of quality: some closed incidents are read again by somebody else, who answers the organisation's questions (domain.md 8)."""

from collections import Counter
from collections.abc import Mapping

from app import closure
from app.models.closure import QualityReview
from app.models.incidents import Incident
from app.rules import audit
from app.rules.closure import Answer
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid, NotFound
from app.rules.incidents import Major
from app.rules.words import t
from app.services import records
from app.unit_of_work import UnitOfWork

LIMIT = 1000  # characters of a comment


def choose(uow: UnitOfWork, incident: Incident) -> None:
    """Have an incident that closes now read again, where its number says so, or it was a major one; once, whatever becomes of it."""
    because = closure.quality().because(incident.number, is_major=incident.major == Major.ACCEPTED)
    if because is None or uow.session.get(QualityReview, incident.id) is not None:
        return
    uow.session.add(QualityReview(record_id=incident.id, because=because, asked_at=uow.now))
    uow.record_event(incident, "incident.sample", after={"because": because})


def assess(uow: UnitOfWork, number: str, answers: Mapping[str, tuple[str, str]]) -> QualityReview:
    """Answer every question, each with a comment or without, once; never about what one resolved or has oneself."""
    incident = uow.get(Incident, number)
    review = uow.session.get(QualityReview, incident.id, populate_existing=True)
    if review is None or incident.state != "closed":
        raise NotFound(number)
    uow.check("incident.assess", incident)
    if uow.actor.id in {incident.resolved_by_id, incident.assignee_id}:
        raise Forbidden(t("Somebody else reviews what you resolved."))
    if review.done_at is not None:
        raise ActionNotAllowed(t("%(number)s was reviewed already.", number=number))
    review.answers = _judged(answers)
    review.reviewer_id, review.done_at = uow.actor.id, uow.now
    counts = Counter(answer for answer, _ in review.answers.values())
    said = {answer.value: counts[answer.value] for answer in Answer}
    uow.record_event(incident, "incident.assess", after={**said, "answers": audit.digest(audit.canonical(review.answers))})
    return review


def _judged(answers: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    wrong = {}
    for key in closure.quality().questions:
        answer, comment = answers.get(key, ("", ""))
        comment = records.clean(comment)
        if answer not in [*Answer]:
            wrong[key] = t("Choose an answer.")
        elif len(comment) > LIMIT:
            wrong[key] = t("At most %(limit)s characters.", limit=LIMIT)
        found[key] = [answer, comment]
    if wrong:
        raise Invalid(wrong)
    return found
