"""What is looked at before anything is done with an incident: the version on the screen, whether it is over, what was said."""

from app.closure import closing
from app.models.incidents import Incident
from app.rules.closure import closes_at
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.lifecycle import FINAL
from app.rules.words import t
from app.services import closure_reviews, records
from app.unit_of_work import UnitOfWork


def known(uow: UnitOfWork, number: str, version: int | None) -> Incident:
    """Return the incident locked, as the version that was on the screen; its parent, if any, is not touched."""
    incident = uow.get(Incident, number)
    records.expect(incident, version)
    return incident


def workable(uow: UnitOfWork, number: str, version: int | None, permission: str, *, mends: bool = False) -> Incident:
    """Return the incident locked, if the actor may do this and it is not over; what `mends` it is done also after the review returned it."""
    incident = uow.get(Incident, number)
    uow.check(permission, incident)
    records.expect(incident, version)
    if incident.state in {*FINAL, "resolved"} and not (mends and closure_reviews.is_returned(uow, incident)):
        raise ActionNotAllowed(t("%(number)s is over; reopen it first.", number=number))
    return incident


def is_past(uow: UnitOfWork, incident: Incident) -> bool:
    """Resolved so long ago that it cannot be reopened any more."""
    resolved_at = incident.resolved_at
    return incident.state == "resolved" and resolved_at is not None and uow.now > closes_at(resolved_at, closing().window)


def check_scale(**values: int) -> None:
    """Refuse an impact or urgency that is none of the three."""
    if wrong := [name for name, value in values.items() if value not in {1, 2, 3}]:
        raise Invalid({name: t("Choose high, medium or low.") for name in wrong})


def title(title: str) -> str:
    """Return the title as one line, or refuse it."""
    text = " ".join(records.clean(title).split())
    if not text or len(text) > records.TITLE_LIMIT:
        raise Invalid({"title": t("Say in a few words what is wrong (at most %(limit)s characters).", limit=records.TITLE_LIMIT)})
    return text
