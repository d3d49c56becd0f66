"""An incident from hand to hand and from state to state, one function a use case (domain.md 2): take, hold, resolve, reopen.

How it is reported is in reporting.py, what is known of it in incident_details.py, each step with its guards in incident_moves.py.
"""

from sqlalchemy import select

from app import practice
from app.models.incidents import Incident
from app.models.people import Membership, Person, Team
from app.models.records import Record
from app.models.tasks import Task
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid
from app.rules.incidents import Hold
from app.rules.lifecycle import FINAL
from app.rules.permissions import OWN
from app.rules.words import t
from app.services import families, incident_checks, messages, records, relations, tasks
from app.services import incident_moves as moves
from app.unit_of_work import UnitOfWork
from app.visibility import relations as standing


def take(uow: UnitOfWork, number: str, *, version: int | None = None) -> Incident:
    """Make the incident the actor's own; one that is new is worked on from now."""
    incident = incident_checks.known(uow, number, version)
    if incident.state in {*FINAL, "resolved"}:
        raise ActionNotAllowed(t("%(number)s is over: there is nothing to take.", number=number))
    was = incident.assignee_id
    before, after = {"assignee": was}, {"assignee": uow.actor.id}
    if incident.state == "new":
        incident.assignee_id = uow.actor.id
        moves.start(uow, incident, before=before, after=after)
        families.in_progress(uow, incident)
    elif was != uow.actor.id:
        uow.check("incident.assign", incident)
        incident.assignee_id, incident.updated_at = uow.actor.id, uow.now
        uow.record_event(incident, "incident.assign", before=before, after=after)
    return incident


def start(uow: UnitOfWork, number: str, *, version: int | None = None) -> Incident:
    """Begin to work on what is assigned already."""
    incident = incident_checks.known(uow, number, version)
    moves.start(uow, incident)
    families.in_progress(uow, incident)
    return incident


def assign(uow: UnitOfWork, number: str, person_id: int, *, version: int | None = None) -> Incident:
    """Give the incident to a member of its team."""
    incident = incident_checks.workable(uow, number, version, "incident.assign")
    member = select(Person).join(Membership, Membership.person_id == Person.id).where(
        Person.id == person_id, Person.active, Membership.team_id == incident.team_id)  # fmt: skip
    if (person := uow.session.scalars(member).one_or_none()) is None:
        raise Invalid({"assignee": t("Choose somebody of the incident's team.")})
    was, incident.assignee_id, incident.updated_at = incident.assignee_id, person.id, uow.now
    event = uow.record_event(incident, "incident.assign", before={"assignee": was}, after={"assignee": person.id})
    messages.tell(uow, person, "incident_assigned", incident, event)
    return incident


def hand_over(uow: UnitOfWork, number: str, team_key: str, body: str, *, version: int | None = None) -> Incident:
    """Give the incident to another team, saying why; nobody there has it yet."""
    incident = incident_checks.workable(uow, number, version, "incident.assign")
    team = uow.session.scalars(select(Team).where(Team.key == team_key, Team.active)).one_or_none()
    if team is None or team.id == incident.team_id:
        raise Invalid({"team": t("Choose another team.")})
    note = records.write(uow, incident, "work_note", body)
    before = {"team": incident.team_id, "assignee": incident.assignee_id}
    incident.team_id, incident.assignee_id, incident.updated_at = team.id, None, uow.now
    event = uow.record_event(incident, "incident.hand_over", before=before, after={"team": team.id, "assignee": None}, note=note)
    messages.tell_team(uow, team.id, "incident_for_team", incident, event)
    return incident


def hold(uow: UnitOfWork, number: str, reason: str, comment: str = "", *, version: int | None = None) -> Incident:
    """Let it wait, for one of the organisation's reasons. For its caller: `comment` is public, and says what is needed."""
    incident = incident_checks.known(uow, number, version)
    kind = "reply" if reason == Hold.CALLER else "work_note"
    note = records.write(uow, incident, kind, comment) if comment.strip() else None
    moves.hold(uow, incident, reason, note)
    families.on_hold(uow, incident)
    return incident


def resume(uow: UnitOfWork, number: str, *, version: int | None = None) -> Incident:
    """What it waited for is there."""
    incident = incident_checks.known(uow, number, version)
    moves.resume(uow, incident)
    families.in_progress(uow, incident)
    return incident


def caller_wrote(uow: UnitOfWork, incident: Incident) -> None:
    """Whoever reported it answered: an incident that waited for that is worked on again. For whoever stores the answer."""
    if incident.state == "on_hold" and incident.hold_reason == Hold.CALLER:
        moves.resume(uow, incident, consequence=True)


def no_longer_waits(uow: UnitOfWork, number: str, reason: str, because: str) -> Incident:
    """The linked change closed, or the supplier wrote (`because` is a record's number, or a word): it goes on. For flows."""
    incident = uow.get(Incident, number)
    if not uow.actor.is_system:
        raise Forbidden(t("You may not do this."))
    if incident.state == "on_hold" and incident.hold_reason == reason:
        moves.resume(uow, incident, after={"because": because}, consequence=True)
        families.in_progress(uow, incident)
    return incident


def resolve(uow: UnitOfWork, number: str, code: str, notes: str, *, version: int | None = None) -> Incident:
    """It works again: how it was resolved, and what was done, which its caller reads."""
    incident = incident_checks.known(uow, number, version)
    note = records.write(uow, incident, "closing", notes) if notes.strip() else None
    moves.resolve(uow, incident, code, note)
    assert note is not None  # noqa: S101  a guard of the step
    families.resolved(uow, incident, note)
    return incident


def resolve_by_problem(uow: UnitOfWork, number: str, problem: str, notes: str) -> Incident:
    """The problem it waited for is fixed: code `resolved_by_problem`. For the flow that hears of the fix."""
    incident = uow.get(Incident, number)
    if not uow.actor.is_system:
        raise Forbidden(t("You may not do this."))
    if incident.state == "on_hold" and incident.hold_reason == Hold.PROBLEM:
        note = records.write(uow, incident, "closing", notes)
        moves.resolve(uow, incident, "resolved_by_problem", note, after={"because": problem}, consequence=True)
        families.resolved(uow, incident, note)
    return incident


def reopen(uow: UnitOfWork, number: str, reason: str, *, version: int | None = None) -> Incident:
    """It does not work after all; within the window. When the desk says so, its children are reopened as well."""
    incident = incident_checks.known(uow, number, version)
    note = records.write(uow, incident, "reason", reason)
    moves.reopen(uow, incident, note)
    if not _is_own(uow, incident) and (uow.actor.is_system or uow.actor.roles & {"analyst", "team_lead", "major_incident_manager"}):
        families.reopened(uow, incident)
    return incident


def close(uow: UnitOfWork, number: str, *, version: int | None = None) -> Incident:
    """Its caller confirms that it works; or the major incident manager closes a major one."""
    incident = incident_checks.known(uow, number, version)
    moves.close(uow, incident, after={"why": "confirmed" if _is_own(uow, incident) else "manager"})
    return incident


def cancel(uow: UnitOfWork, number: str, why: str, reason: str, *, other: str | None = None, version: int | None = None) -> Incident:
    """Cancel it: `why` is one of the organisation's reasons; a duplicate, or what is no incident, names the `other` record."""
    incident = incident_checks.known(uow, number, version)
    if why not in practice.practice().cancels:
        raise Invalid({"why": t("Choose one from the list.")})
    if why == "duplicate" and not other:
        raise Invalid({"other": t("Name the incident that this one repeats.")})
    note = records.write(uow, incident, "reason", reason)
    if other:
        relations.link(uow, incident, "duplicates" if why == "duplicate" else "replaced_by", other)
    moves.cancel(uow, incident, why, note, after={"other": other} if other else None)
    return incident


def add_task(
    uow: UnitOfWork, number: str, title: str, team_key: str, *, instructions: str = "", mandatory: bool = True
) -> Task:
    """Give a team a part of the work; a mandatory one must be over before the incident is resolved."""
    incident = incident_checks.workable(uow, number, None, "incident.task")
    team = uow.session.scalars(select(Team).where(Team.key == team_key, Team.active)).one_or_none()
    if team is None:
        raise Invalid({"team": t("Choose one from the list.")})
    task = tasks.open_for(uow, incident, incident_checks.title(title), team.id, instructions=records.clean(instructions))
    task.mandatory = mandatory
    return task


def release(uow: UnitOfWork, person_id: int) -> None:
    """Somebody is let in no more: the open incidents that were this person's are their teams' again."""
    mine = select(Incident).where(Incident.assignee_id == person_id, Record.state.not_in({*FINAL, "resolved"})).order_by(Incident.id)
    for incident in uow.session.scalars(mine.with_for_update(of=Record)):
        incident.assignee_id, incident.updated_at = None, uow.now
        event = uow.record_event(incident, "incident.let_go", before={"assignee": person_id}, after={"assignee": None})
        messages.tell_team(uow, incident.team_id, "incident_for_team", incident, event)


def _is_own(uow: UnitOfWork, incident: Incident) -> bool:
    return bool(standing(uow.session, uow.actor, incident, OWN))
