"""Incidents, one function a use case: report, take, assign, hand over, hold, resolve, reopen, confirm, cancel (domain.md 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app import practice, priorities
from app.models.incidents import Incident
from app.models.people import Membership, Person, Team
from app.models.records import Link, Record
from app.models.tasks import Task
from app.rules import audit, incidents
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid
from app.rules.incidents import Hold
from app.rules.lifecycle import FINAL, RecordKind
from app.rules.permissions import OWN
from app.rules.words import t
from app.services import (
    affected,
    families,
    forms_of_categories,
    major_audience,
    major_triggers,
    messages,
    records,
    relations,
    routing,
    tasks,
)
from app.services import incident_moves as moves
from app.unit_of_work import UnitOfWork
from app.visibility import relations as standing

CHANNELS = frozenset({"portal", "phone", "in_person", "email", "chat", "api"})


@dataclass(frozen=True)
class Report:
    """What somebody says of an incident; the same `submission_key` a second time is the same incident."""

    title: str
    description: str = ""
    urgency: int = 3
    category: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    cis: Sequence[str] = ()
    channel: str = "portal"
    submission_key: str | None = None


def report(uow: UnitOfWork, said: Report) -> Incident:
    """Report an incident of one's own: the requester says urgency, the desk will say impact."""
    uow.check("incident.report")
    return _open(uow, said, uow.actor.id, practice.practice().default_impact)


def open_for(uow: UnitOfWork, requester_id: int, said: Report, *, impact: int | None = None) -> Incident:
    """Open an incident on behalf of somebody who called, wrote or came."""
    uow.check("incident.open_for")
    return _open(uow, said, requester_id, impact or practice.practice().default_impact)


def follow_up(uow: UnitOfWork, number: str, body: str, *, submission_key: str | None = None) -> Incident:
    """Open a new incident that follows one that is over for good; what is known is copied."""
    old = uow.get(Incident, number)
    uow.check("incident.follow", old)
    if old.state not in FINAL and not _is_past(uow, old):
        raise ActionNotAllowed(t("%(number)s is still open: go on there.", number=old.number))
    said = Report(old.title, body, old.urgency, old.category, old.fields, affected.keys(uow, old), "portal", submission_key)
    new = _open(uow, said, old.requester_id, old.impact, beneficiary_id=old.beneficiary_id, team_id=old.team_id)
    if uow.session.scalar(select(Link.id).where(Link.source_id == new.id, Link.target_id == old.id, Link.type == "follows")) is None:
        uow.session.add(Link(source_id=new.id, target_id=old.id, type="follows", created_at=uow.now))
        uow.record_event(new, "incident.link", after={"type": "follows", "record": old.number})
    return new


def take(uow: UnitOfWork, number: str, *, version: int | None = None) -> Incident:
    """Make the incident the actor's own; one that is new is worked on from now."""
    incident = _known(uow, number, version)
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
    incident = _known(uow, number, version)
    moves.start(uow, incident)
    families.in_progress(uow, incident)
    return incident


def assign(uow: UnitOfWork, number: str, person_id: int, *, version: int | None = None) -> Incident:
    """Give the incident to a member of its team."""
    incident = _workable(uow, number, version, "incident.assign")
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
    incident = _workable(uow, number, version, "incident.assign")
    team = uow.session.scalars(select(Team).where(Team.key == team_key, Team.active)).one_or_none()
    if team is None or team.id == incident.team_id:
        raise Invalid({"team": t("Choose another team.")})
    note = records.write(uow, incident, "work_note", body)
    before = {"team": incident.team_id, "assignee": incident.assignee_id}
    incident.team_id, incident.assignee_id, incident.updated_at = team.id, None, uow.now
    event = uow.record_event(incident, "incident.hand_over", before=before, after={"team": team.id, "assignee": None}, note=note)
    messages.tell_team(uow, team.id, "incident_for_team", incident, event)
    return incident


def change(
    uow: UnitOfWork, number: str, *, note: str = "", impact: int | None = None, urgency: int | None = None, title: str | None = None,
    category: str | None = None, fields: Mapping[str, Any] | None = None, cis: Sequence[str] | None = None, version: int | None = None,
) -> Incident:  # fmt: skip
    """Change what is known of it; impact and urgency, from which priority follows, with a work note that says why."""
    incident = _workable(uow, number, version, "incident.change")
    written = records.write(uow, incident, "work_note", note) if note.strip() else None
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    wanted = {"impact": impact or incident.impact, "urgency": urgency or incident.urgency}
    _check_scale(**wanted)
    if wanted != {"impact": incident.impact, "urgency": incident.urgency}:
        if written is None:
            raise Invalid({"note": t("Say why the impact or the urgency is another one now.")})
        _set(incident, before, after, **wanted, priority=incidents.priority(priorities.matrix(), wanted["impact"], wanted["urgency"]))
    if title is not None and (named := _title(title)) != incident.title:
        before["title"], after["title"] = audit.digest(incident.title), audit.digest(named)
        incident.title = named
    if category is not None or fields is not None:
        key = category if category is not None else incident.category
        answers = forms_of_categories.judged(uow, key, incident.fields if fields is None else fields, was=incident.fields)
        _set(incident, before, after, category=key)
        if answers != incident.fields:
            incident.fields, after["fields"] = answers, audit.digest(audit.canonical(answers))
    if cis is not None:
        affected.set_to(uow, incident, cis, before, after)
    if after or written is not None:
        incident.updated_at = uow.now
        uow.record_event(incident, "incident.change", before=before, after=after, note=written)
        if "cis" in after and incident.major == incidents.Major.ACCEPTED:
            major_audience.refresh(uow, incident)
        major_triggers.look(uow, incident)
    return incident


def hold(uow: UnitOfWork, number: str, reason: str, comment: str = "", *, version: int | None = None) -> Incident:
    """Let it wait, for one of the organisation's reasons. For its caller: `comment` is public, and says what is needed."""
    incident = _known(uow, number, version)
    kind = "reply" if reason == Hold.CALLER else "work_note"
    note = records.write(uow, incident, kind, comment) if comment.strip() else None
    moves.hold(uow, incident, reason, note)
    families.on_hold(uow, incident)
    return incident


def resume(uow: UnitOfWork, number: str, *, version: int | None = None) -> Incident:
    """What it waited for is there."""
    incident = _known(uow, number, version)
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
    incident = _known(uow, number, version)
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
    incident = _known(uow, number, version)
    note = records.write(uow, incident, "reason", reason)
    moves.reopen(uow, incident, note)
    if not _is_own(uow, incident) and (uow.actor.is_system or uow.actor.roles & {"analyst", "team_lead", "major_incident_manager"}):
        families.reopened(uow, incident)
    return incident


def close(uow: UnitOfWork, number: str, *, version: int | None = None) -> Incident:
    """Its caller confirms that it works; or the major incident manager closes a major one."""
    incident = _known(uow, number, version)
    moves.close(uow, incident, after={"why": "confirmed" if _is_own(uow, incident) else "manager"})
    return incident


def close_when_due(uow: UnitOfWork, number: str) -> Incident:
    """Close what nobody reopened: the window is over since its resolution. For the flow that looks for such."""
    incident = uow.get(Incident, number)
    if not uow.actor.is_system:
        raise Forbidden(t("You may not do this."))
    window = practice.practice().window
    is_due = incident.state == "resolved" and incident.resolved_at and uow.now >= incidents.closes_at(incident.resolved_at, window)
    if is_due and incident.major != incidents.Major.ACCEPTED:
        moves.close(uow, incident, after={"why": "window"}, consequence=True)
    return incident


def cancel(uow: UnitOfWork, number: str, why: str, reason: str, *, other: str | None = None, version: int | None = None) -> Incident:
    """Cancel it: `why` is one of the organisation's reasons; a duplicate, or what is no incident, names the `other` record."""
    incident = _known(uow, number, version)
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
    incident = _workable(uow, number, None, "incident.task")
    team = uow.session.scalars(select(Team).where(Team.key == team_key, Team.active)).one_or_none()
    if team is None:
        raise Invalid({"team": t("Choose one from the list.")})
    task = tasks.open_for(uow, incident, _title(title), team.id, instructions=records.clean(instructions))
    task.mandatory = mandatory
    return task


def release(uow: UnitOfWork, person_id: int) -> None:
    """Somebody is let in no more: the open incidents that were this person's are their teams' again."""
    mine = select(Incident).where(Incident.assignee_id == person_id, Record.state.not_in({*FINAL, "resolved"})).order_by(Incident.id)
    for incident in uow.session.scalars(mine.with_for_update(of=Record)):
        incident.assignee_id, incident.updated_at = None, uow.now
        event = uow.record_event(incident, "incident.let_go", before={"assignee": person_id}, after={"assignee": None})
        messages.tell_team(uow, incident.team_id, "incident_for_team", incident, event)


def _open(
    uow: UnitOfWork, said: Report, requester_id: int | None, impact: int, *, beneficiary_id: int | None = None, team_id: int | None = None
) -> Incident:
    if said.submission_key and (earlier := records.of_submission(uow, Incident, said.submission_key)) is not None:
        return earlier
    requester = uow.session.get(Person, requester_id) if requester_id else None
    if requester is None or (not requester.active and requester.id != uow.actor.id):
        raise Invalid({"requester": t("Choose somebody from the list.")})
    if said.channel not in CHANNELS:
        raise Invalid({"channel": t("Choose one from the list.")})
    _check_scale(impact=impact, urgency=said.urgency)
    urgency = incidents.vip_urgency(said.urgency, is_vip=requester.vip)
    answers = forms_of_categories.judged(uow, said.category, said.fields)
    incident = Incident(
        kind=RecordKind.INCIDENT, number=records.numbers(uow, RecordKind.INCIDENT)[0], state="new", title=_title(said.title),
        description=records.clean(said.description), impact=impact, urgency=urgency, channel=said.channel, category=said.category,
        priority=incidents.priority(priorities.matrix(), impact, urgency), fields=answers, submission_key=said.submission_key,
        requester_id=requester.id, beneficiary_id=beneficiary_id or requester.id, opened_by_id=uow.actor.id,
        team_id=team_id or forms_of_categories.team(uow, said.category), opened_at=uow.now, updated_at=uow.now,
    )  # fmt: skip
    born: dict[str, Any] = {name: getattr(incident, name) for name in ("impact", "urgency", "priority", "channel", "category")}
    born |= {"team": incident.team_id, "text": audit.digest(incident.description), "fields": audit.digest(audit.canonical(answers))}
    uow.session.add(incident)
    uow.session.flush()
    affected.set_to(uow, incident, said.cis, {}, born)
    records.add(uow, incident, after=born)
    messages.receipt(uow, requester, "incident_opened", incident, uow.latest)
    born_at = uow.latest
    if not routing.route(uow, incident):
        messages.tell_team(uow, incident.team_id, "incident_for_team", incident, born_at)
    major_triggers.look(uow, incident)
    return incident


def _known(uow: UnitOfWork, number: str, version: int | None) -> Incident:
    """Return the incident locked, as the version that was on the screen; its parent, if any, is not touched."""
    incident = uow.get(Incident, number)
    records.expect(incident, version)
    return incident


def _workable(uow: UnitOfWork, number: str, version: int | None, permission: str) -> Incident:
    incident = _known(uow, number, version)
    uow.check(permission, incident)
    if incident.state in {*FINAL, "resolved"}:
        raise ActionNotAllowed(t("%(number)s is over; reopen it first.", number=number))
    return incident


def _is_own(uow: UnitOfWork, incident: Incident) -> bool:
    return bool(standing(uow.session, uow.actor, incident, OWN))


def _is_past(uow: UnitOfWork, incident: Incident) -> bool:
    """Resolved so long ago that it cannot be reopened any more."""
    return incident.state == "resolved" and incident.resolved_at is not None and uow.now - incident.resolved_at > practice.practice().window


def _check_scale(**values: int) -> None:
    if wrong := [name for name, value in values.items() if value not in {1, 2, 3}]:
        raise Invalid({name: t("Choose high, medium or low.") for name in wrong})


def _set(incident: Incident, before: dict[str, Any], after: dict[str, Any], **values: Any) -> None:
    for name, value in values.items():
        if (was := getattr(incident, name)) != value:
            before[name], after[name] = was, value
            setattr(incident, name, value)


def _title(title: str) -> str:
    text = " ".join(records.clean(title).split())
    if not text or len(text) > records.TITLE_LIMIT:
        raise Invalid({"title": t("Say in a few words what is wrong (at most %(limit)s characters).", limit=records.TITLE_LIMIT)})
    return text
