"""What becomes of a major incident when the incident itself goes on: closed with its report, never canceled as it is."""

from app.models.incidents import Incident
from app.models.majors import Major
from app.rules.errors import ActionNotAllowed
from app.rules.incidents import Major as Standing
from app.rules.words import t
from app.unit_of_work import UnitOfWork


def has_report(uow: UnitOfWork, incident: Incident) -> bool:
    """Say whether nothing is missing to close it: it is no major one, or its report is filed."""
    if incident.major != Standing.ACCEPTED:
        return True
    major = uow.session.get(Major, incident.id)
    return major is not None and major.filed_at is not None


def closed(uow: UnitOfWork, incident: Incident) -> None:
    """It is over."""
    if incident.major == Standing.ACCEPTED:
        major = uow.session.get_one(Major, incident.id)
        major.ended_at, major.update_due_at, major.next_at = uow.now, None, None


def may_cancel(incident: Incident) -> None:
    """Refuse to cancel a major incident; its manager demotes it first."""
    if incident.major == Standing.ACCEPTED:
        raise ActionNotAllowed(t("This is a major incident: its manager must demote it before it is cancelled."))
