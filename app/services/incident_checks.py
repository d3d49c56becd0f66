"""What is looked at before anything is done with an incident: the version on the screen, whether it is over, what was said."""

from app import practice
from app.models.incidents import Incident
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.lifecycle import FINAL
from app.rules.words import t
from app.services import records
from app.unit_of_work import UnitOfWork


def known(uow: UnitOfWork, number: str, version: int | None) -> Incident:
    """Return the incident locked, as the version that was on the screen; its parent, if any, is not touched."""
    incident = uow.get(Incident, number)
    records.expect(incident, version)
    return incident


def workable(uow: UnitOfWork, number: str, version: int | None, permission: str) -> Incident:
    """Return the incident locked, if the actor may do this and it is not over."""
    incident = uow.get(Incident, number)
    uow.check(permission, incident)
    records.expect(incident, version)
    if incident.state in {*FINAL, "resolved"}:
        raise ActionNotAllowed(t("%(number)s is over; reopen it first.", number=number))
    return incident


def is_past(uow: UnitOfWork, incident: Incident) -> bool:
    """Resolved so long ago that it cannot be reopened any more."""
    return incident.state == "resolved" and incident.resolved_at is not None and uow.now - incident.resolved_at > practice.practice().window


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
