"""What becomes of a major incident when the incident itself goes on: resolved, reopened, closed with its report, never canceled as it is."""

from app.models.incidents import Incident
from app.models.majors import Major
from app.practice import practice
from app.rules.errors import ActionNotAllowed
from app.rules.incidents import Major as Standing
from app.rules.majors import step_at
from app.rules.words import t
from app.services import major_reports
from app.unit_of_work import UnitOfWork


def has_report(uow: UnitOfWork, incident: Incident) -> bool:
    """Say whether nothing is missing to close it: it is no major one, or its report is filed."""
    if incident.major != Standing.ACCEPTED:
        return True
    major = uow.session.get(Major, incident.id)
    return major is not None and major.filed_at is not None


def resolved(uow: UnitOfWork, incident: Incident) -> None:
    """It works again: no more updates come due; its report and its problem are drafted."""
    if (major := _major(uow, incident)) is not None:
        major.update_due_at, major.next_at = None, None
        major_reports.drafted(uow, incident, major)


def reopened(uow: UnitOfWork, incident: Incident) -> None:
    """It does not work after all: everybody affected waits for an update again, and what was filed no longer tells all."""
    if (major := _major(uow, incident)) is not None:
        plan = practice().majors.plan
        major.filed_at, major.filed_by_id, major.update_due_at, major.next_step = None, None, uow.now + plan.first, 0
        major.next_at = step_at(plan, major.update_due_at, 0)


def closed(uow: UnitOfWork, incident: Incident) -> None:
    """It is over."""
    if (major := _major(uow, incident)) is not None:
        major.ended_at, major.update_due_at, major.next_at = uow.now, None, None


def may_cancel(incident: Incident) -> None:
    """Refuse to cancel a major incident; its manager demotes it first."""
    if incident.major == Standing.ACCEPTED:
        raise ActionNotAllowed(t("This is a major incident: its manager must demote it before it is cancelled."))


def _major(uow: UnitOfWork, incident: Incident) -> Major | None:
    return uow.session.get(Major, incident.id) if incident.major == Standing.ACCEPTED else None
