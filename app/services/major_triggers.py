"""What proposes an incident as a major one: the organisation's rules, in the transaction that makes them true; or somebody."""

from sqlalchemy import func, select

from app.models.incidents import Incident
from app.models.majors import Major
from app.models.people import Person, RoleGrant
from app.models.records import Note
from app.practice import practice
from app.queries import assets
from app.rules import audit, majors
from app.rules.incidents import Major as Standing
from app.rules.lifecycle import FINAL
from app.rules.majors import Act, Facts
from app.services import messages
from app.unit_of_work import UnitOfWork

MANAGER = "major_incident_manager"


def look(uow: UnitOfWork, incident: Incident) -> None:
    """Propose it where a rule matches; what was proposed before, whatever came of it, is not proposed again."""
    if incident.major != Standing.NONE or incident.state in {*FINAL, "resolved"}:
        return
    facts = Facts(incident.priority, incident.category, lambda: _criticality(uow, incident), lambda: _children(uow, incident))
    trigger = majors.first(practice().majors.triggers, facts)
    if trigger is not None:
        propose(uow, incident, trigger=trigger.key)


def propose(uow: UnitOfWork, incident: Incident, *, note: Note | None = None, reason: str = "", impact: str = "", trigger: str | None = None) -> Major:
    """Put it before those who decide, who are told; the caller has checked that it may be."""
    major = Major(
        incident_id=incident.id, trigger=trigger, reason=reason, business_impact=impact, proposed_at=uow.now,
        proposed_by_id=None if trigger else uow.actor.id,
    )  # fmt: skip
    uow.session.add(major)
    stand(uow, incident, Act.PROPOSE, note=note, after={"trigger": trigger, "impact": audit.digest(impact)})
    people = managers(uow)
    for person in people:
        messages.tell(uow, person, "major_proposed", incident, uow.latest)
    if not people:
        messages.tell_team(uow, incident.team_id, "major_proposed", incident, uow.latest)
    return major


def stand(uow: UnitOfWork, incident: Incident, act: Act, *, note: Note | None = None, after: dict[str, object] | None = None) -> None:
    """Take the incident along one step of its standing as a major one; the caller has checked that it follows."""
    was, now = incident.major, majors.target(incident.major, act)
    assert now is not None  # noqa: S101  checked by the caller
    incident.major, incident.updated_at = now.value, uow.now
    uow.record_event(incident, f"incident.{act}_major", before={"major": was}, after={"major": now.value, **(after or {})}, note=note)


def managers(uow: UnitOfWork) -> list[Person]:
    """Return all who decide on major incidents."""
    holders = select(RoleGrant.person_id).where(RoleGrant.role == MANAGER)
    return list(uow.session.scalars(select(Person).where(Person.id.in_(holders), Person.active).order_by(Person.id)))


def _criticality(uow: UnitOfWork, incident: Incident) -> int | None:
    uow.session.flush()
    return min((service.criticality for service in assets.services_hurt(uow.session, incident.id)), default=None)


def _children(uow: UnitOfWork, incident: Incident) -> int:
    return uow.session.scalar(select(func.count()).select_from(Incident.__table__).where(Incident.__table__.c.parent_id == incident.id)) or 0
