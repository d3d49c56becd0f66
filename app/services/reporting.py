"""An incident is reported: by oneself, on behalf of a caller, or as what follows one that is over for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app import practice, priorities
from app.models.incidents import Incident
from app.models.people import Person
from app.models.records import Link
from app.rules import audit, incidents
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.lifecycle import FINAL, RecordKind
from app.rules.words import t
from app.services import affected, forms_of_categories, incident_checks, major_triggers, messages, records, routing
from app.unit_of_work import UnitOfWork

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
    if old.state not in FINAL and not incident_checks.is_past(uow, old):
        raise ActionNotAllowed(t("%(number)s is still open: go on there.", number=old.number))
    said = Report(old.title, body, old.urgency, old.category, old.fields, affected.keys(uow, old), "portal", submission_key)
    new = _open(uow, said, old.requester_id, old.impact, beneficiary_id=old.beneficiary_id, team_id=old.team_id)
    new.restricted = new.restricted or old.restricted
    if uow.session.scalar(select(Link.id).where(Link.source_id == new.id, Link.target_id == old.id, Link.type == "follows")) is None:
        uow.session.add(Link(source_id=new.id, target_id=old.id, type="follows", created_at=uow.now))
        uow.record_event(new, "incident.link", after={"type": "follows", "record": old.number})
    return new


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
    incident_checks.check_scale(impact=impact, urgency=said.urgency)
    urgency = incidents.vip_urgency(said.urgency, is_vip=requester.vip)
    answers = forms_of_categories.judged(uow, said.category, said.fields)
    incident = Incident(
        kind=RecordKind.INCIDENT, number=records.numbers(uow, RecordKind.INCIDENT)[0], state="new", title=incident_checks.title(said.title),
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
