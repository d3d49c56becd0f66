"""Each step of an incident's life with its guards and its effects (domain.md 2); the use cases are in incidents.py.

A step that only follows from another decision (`consequence`: the parent was resolved, the caller answered) asks for no
permission and no guard but the table's.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from app.models.incidents import Incident
from app.models.people import Person
from app.models.records import Link, Note, Participant, Record
from app.models.tasks import Task
from app.practice import practice
from app.rules import incidents
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.incidents import WORDS, Facts, Guard, Hold, Major
from app.rules.lifecycle import TASK_CLOSED, Action
from app.rules.words import t
from app.services import (
    closure_reviews,
    confirmation_links,
    incident_checks,
    major_ends,
    messages,
    quality,
    records,
    surveys,
    tasks,
)
from app.unit_of_work import UnitOfWork

FIELDS: Mapping[Guard, str] = {Guard.REASON: "reason", Guard.COMMENT: "comment", Guard.CODE: "code", Guard.NOTES: "notes"}
Said = Mapping[str, Any] | None


def start(uow: UnitOfWork, incident: Incident, *, before: Said = None, after: Said = None, consequence: bool = False) -> None:
    """Somebody works on it."""
    if not consequence:
        _guard(uow, incident, Facts(incident.state, "in_progress", is_assigned=incident.assignee_id is not None))
    records.move(uow, incident, Action.START, before=before, after=after, consequence=consequence)


def hold(uow: UnitOfWork, incident: Incident, reason: str, note: Note | None, *, after: Said = None, consequence: bool = False) -> None:
    """It waits; whoever reported it is told when it waits for that person."""
    if not consequence:
        has_comment = note is not None and note.kind == "reply"
        facts = Facts(incident.state, "on_hold", reason, reasons=frozenset(practice().holds), has_comment=has_comment)
        _guard(uow, incident, replace(facts, links=linked(uow, incident)))
    if incident.state == "on_hold" and incident.hold_reason == reason:
        if consequence:
            return
        raise ActionNotAllowed(t("%(number)s waits for this already.", number=incident.number))
    records.move(uow, incident, Action.HOLD, hold_reason=reason, note=note, after=after, consequence=consequence)
    if reason == Hold.CALLER:
        tell_owners(uow, incident, "incident_waiting")


def resume(uow: UnitOfWork, incident: Incident, *, after: Said = None, consequence: bool = False) -> None:
    """What it waited for is there; assignee and watchers are told."""
    records.move(uow, incident, Action.RESUME, after=after, consequence=consequence)
    messages.tell_each(uow, {incident.assignee_id, *watchers(uow, incident)}, "incident_resumed", incident)


def resolve(uow: UnitOfWork, incident: Incident, code: str, note: Note | None, *, after: Said = None, consequence: bool = False) -> None:
    """It works again; whoever reported it is told, and may confirm or reopen."""
    if not consequence:
        open_ = select(func.count()).select_from(Task).where(Task.parent_id == incident.id, Task.mandatory, Record.state.not_in(TASK_CLOSED))
        facts = Facts(incident.state, "resolved", has_code=code in practice().codes, has_notes=note is not None)
        _guard(uow, incident, replace(facts, open_tasks=uow.session.scalar(open_) or 0))
    incident.resolution_code, incident.resolved_at, incident.resolved_by_id = code, uow.now, uow.actor.id
    records.move(uow, incident, Action.RESOLVE, note=note, after={"code": code, **(after or {})}, consequence=consequence)
    owners = Person.id.in_([id_ for id_ in (incident.requester_id, incident.beneficiary_id) if id_])
    for person in uow.session.scalars(select(Person).where(owners).order_by(Person.id)).all():
        link = confirmation_links.issue(uow, incident, person)
        messages.tell(uow, person, "incident_resolved", incident, uow.latest, link_id=link.id)
    messages.tell_each(uow, watchers(uow, incident) - {incident.requester_id, incident.beneficiary_id}, "incident_works_again", incident)
    closure_reviews.follow(uow, incident)
    major_ends.resolved(uow, incident)


def reopen(uow: UnitOfWork, incident: Incident, note: Note | None, *, after: Said = None, consequence: bool = False) -> None:
    """It does not work after all, within the window; whoever has it is told."""
    if not consequence:
        _guard(uow, incident, Facts(incident.state, "in_progress", is_past=incident_checks.is_past(uow, incident)))
    resolved_at = incident.resolved_at.isoformat() if incident.resolved_at else None
    before = {"count": incident.reopen_count, "code": incident.resolution_code, "resolved_at": resolved_at, "resolved_by": incident.resolved_by_id}
    incident.reopen_count += 1
    incident.resolution_code = incident.resolved_at = incident.resolved_by_id = None
    after = {"count": incident.reopen_count, **(after or {})}
    records.move(uow, incident, Action.REOPEN, note=note, before=before, after=after, consequence=consequence)
    closure_reviews.follow(uow, incident)
    major_ends.reopened(uow, incident)
    if incident.assignee_id is None:
        messages.tell_team(uow, incident.team_id, "incident_reopened", incident, uow.latest)
    messages.tell_each(uow, (incident.assignee_id,), "incident_reopened", incident)


def close(uow: UnitOfWork, incident: Incident, *, after: Said = None, consequence: bool = False) -> None:
    """It is over; tasks that are still open end incomplete. A major one is closed by its manager only, with its report."""
    manages = "major_incident_manager" in uow.actor.roles
    facts = Facts(incident.state, "closed", is_major=incident.major == Major.ACCEPTED and not manages)
    _guard(uow, incident, replace(facts, has_report=major_ends.has_report(uow, incident)))
    quality.choose(uow, incident)  # first, so that the closing is the last step, which can be taken back
    survey = surveys.choose(uow, incident)
    incident.closed_at = uow.now
    records.move(uow, incident, Action.CLOSE, after=after, consequence=consequence)
    surveys.send(uow, incident, survey, uow.latest)
    major_ends.closed(uow, incident)
    tasks.end_with(uow, incident, Action.INCOMPLETE)


def cancel(uow: UnitOfWork, incident: Incident, why: str, note: Note, *, after: Said = None) -> None:
    """It is none, or one already; its open tasks are skipped."""
    incident.closed_at = uow.now
    records.move(uow, incident, Action.CANCEL, note=note, after={"why": why, **(after or {})})
    major_ends.may_cancel(incident)
    tasks.end_with(uow, incident, Action.SKIP)
    tell_owners(uow, incident, "incident_canceled")


def linked(uow: UnitOfWork, incident: Incident) -> frozenset[str]:
    """Return the kinds of record that this incident links to."""
    kinds = select(Record.kind).join(Link, Link.target_id == Record.id).where(Link.source_id == incident.id)
    return frozenset(kind.value for kind in uow.session.scalars(kinds))


def watchers(uow: UnitOfWork, incident: Incident) -> set[int]:
    """Return who watches it."""
    watching = select(Participant.person_id).where(Participant.record_id == incident.id, Participant.relation == "watcher")
    return set(uow.session.scalars(watching))


def tell_owners(uow: UnitOfWork, incident: Incident, template: str) -> None:
    """Tell requester and beneficiary; nobody is told of an own act."""
    messages.tell_each(uow, (incident.requester_id, incident.beneficiary_id), template, incident)


def _guard(uow: UnitOfWork, incident: Incident, facts: Facts) -> None:
    """Refuse what a guard stands against: with the field that is wrong, or a sentence. Permission and table come first in `move`."""
    action = {"in_progress": Action.REOPEN if incident.state == "resolved" else Action.START, "on_hold": Action.HOLD,
              "resolved": Action.RESOLVE, "closed": Action.CLOSE}[facts.to]  # fmt: skip
    for guard in incidents.unmet(facts):
        if guard is Guard.TRANSITION:
            return  # `move` says so, in its own words
        if not (facts.to == "closed" and uow.actor.is_system):
            uow.check(f"incident.{action}", incident)
        if guard in FIELDS:
            raise Invalid({FIELDS[guard]: WORDS[guard]})
        raise ActionNotAllowed(WORDS[guard])
