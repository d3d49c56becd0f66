"""Major incidents: propose, accept with those who lead it, reject, demote (domain.md 2)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app.language import translate
from app.models.incidents import Incident
from app.models.majors import Major
from app.models.people import Person, RoleGrant
from app.models.records import Note
from app.practice import practice
from app.rules import audit, majors
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.lifecycle import FINAL
from app.rules.majors import REFUSALS, SEATS, Act, Seat
from app.rules.permissions import Relation
from app.rules.words import t
from app.services import major_audience, major_triggers, messages, records
from app.settings import matrix, settings
from app.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Terms:
    """How a major incident is led: who does what, and what everybody affected reads of it, in both languages."""

    commander: int
    communicator: int
    scribe: int
    headline: str = ""  # the incident's title, when it is left empty
    headline_pt: str = ""
    everybody: bool = False  # all of the company is affected


def propose(uow: UnitOfWork, number: str, reason: str, impact: str, *, version: int | None = None) -> Incident:
    """Propose it: why, and what it does to the business. Those who decide are told."""
    incident = _may(uow, number, Act.PROPOSE, version)
    note, impact = _said(uow, incident, reason, impact)
    major_triggers.propose(uow, incident, note=note, reason=note.body, impact=impact)
    return incident


def accept(uow: UnitOfWork, number: str, terms: Terms, *, reason: str = "", impact: str = "", version: int | None = None) -> Incident:
    """It is a major one from now: who leads it is named and told, and the first update comes due.

    What nobody proposed is accepted with `reason` and `impact`.
    """
    incident = _may(uow, number, Act.ACCEPT, version)
    note, major = None, uow.session.get(Major, incident.id)
    if major is None:
        note, impact = _said(uow, incident, reason, impact)
        major = Major(incident_id=incident.id, reason=note.body, business_impact=impact, proposed_at=uow.now, proposed_by_id=uow.actor.id)
        uow.session.add(major)
    elif impact.strip():
        major.business_impact = records.clean(impact)
    seats = _seats(uow, terms)
    major.decided_at, major.decided_by_id, major.everybody = uow.now, uow.actor.id, terms.everybody
    major.headline = _headline(terms.headline or terms.headline_pt or incident.title)
    major.headline_pt = _headline(terms.headline_pt or major.headline)
    major.update_due_at, major.next_step = uow.now + practice().majors.plan.first, 0
    major.next_at = majors.step_at(practice().majors.plan, major.update_due_at, 0)
    after = {seat.value: person.id for seat, person in seats.items()}
    said = {"everybody": terms.everybody, "impact": audit.digest(major.business_impact), "headline": audit.digest(major.headline + major.headline_pt)}
    major_triggers.stand(uow, incident, Act.ACCEPT, note=note, after={**after, **said})
    _seat(uow, incident, major, seats)
    major_audience.refresh(uow, incident)
    return incident


def appoint(uow: UnitOfWork, number: str, terms: Terms, *, version: int | None = None) -> Incident:
    """Name others, say it in other words, or widen who is affected, while it lasts."""
    incident, major = accepted(uow, number, "incident.accept_major", version)
    seats = _seats(uow, terms)
    was = {seat.value: getattr(major, f"{seat}_id") for seat in Seat}
    major.everybody = terms.everybody
    major.headline, major.headline_pt = _headline(terms.headline or major.headline), _headline(terms.headline_pt or major.headline_pt)
    words = {"everybody": terms.everybody, "headline": audit.digest(major.headline + major.headline_pt)}
    incident.updated_at = uow.now
    uow.record_event(incident, "incident.appoint_major", before=was, after={**{seat.value: person.id for seat, person in seats.items()}, **words})
    _seat(uow, incident, major, {seat: person for seat, person in seats.items() if was[seat.value] != person.id})
    return incident


def reject(uow: UnitOfWork, number: str, reason: str, *, version: int | None = None) -> Incident:
    """It is none; whoever proposed it is told why."""
    incident = _may(uow, number, Act.REJECT, version)
    major = uow.session.get_one(Major, incident.id)
    note = records.write(uow, incident, "work_note", reason)
    major.decided_at, major.decided_by_id = uow.now, uow.actor.id
    major_triggers.stand(uow, incident, Act.REJECT, note=note)
    if major.proposed_by is not None:
        messages.tell(uow, major.proposed_by, "major_rejected", incident, uow.latest)
    return incident


def demote(uow: UnitOfWork, number: str, reason: str, *, version: int | None = None) -> Incident:
    """It is an incident like others again: no more updates come due; those who led it are told."""
    incident = _may(uow, number, Act.DEMOTE, version)
    major = uow.session.get_one(Major, incident.id)
    note = records.write(uow, incident, "work_note", reason)
    major.ended_at, major.update_due_at, major.next_at = uow.now, None, None
    major_triggers.stand(uow, incident, Act.DEMOTE, note=note)
    for person in {major.commander_id: major.commander, major.communicator_id: major.communicator, major.scribe_id: major.scribe}.values():
        if person is not None:
            messages.tell(uow, person, "major_demoted", incident, uow.latest)
    return incident


def accepted(uow: UnitOfWork, number: str, permission: str, version: int | None = None) -> tuple[Incident, Major]:
    """Return a major incident, locked, with what is known of it; ActionNotAllowed when it is none now."""
    incident = uow.get(Incident, number)
    records.expect(incident, version)
    uow.check(permission, incident)
    major = uow.session.get(Major, incident.id, populate_existing=True)
    if incident.major != "accepted" or major is None or incident.state in FINAL:
        raise ActionNotAllowed(t("%(number)s is no major incident now.", number=number))
    return incident, major


def _may(uow: UnitOfWork, number: str, act: Act, version: int | None) -> Incident:
    incident = uow.get(Incident, number)
    records.expect(incident, version)
    uow.check(f"incident.{act}_major", incident)
    if majors.target(incident.major, act) is None:
        raise ActionNotAllowed(REFUSALS[incident.major])
    if incident.state in FINAL or (incident.state == "resolved" and act is Act.PROPOSE):
        raise ActionNotAllowed(t("%(number)s is over.", number=number))
    return incident


def _said(uow: UnitOfWork, incident: Incident, reason: str, impact: str) -> tuple[Note, str]:
    if missing := {name: t("Say it in a sentence.") for name, words in (("reason", reason), ("impact", impact)) if not words.strip()}:
        raise Invalid(missing)
    return records.write(uow, incident, "work_note", reason), records.clean(impact)


def _headline(text: str) -> str:
    found = " ".join(records.clean(text).split())
    if len(found) > records.TITLE_LIMIT:
        raise Invalid({"headline": t("At most %(limit)s characters.", limit=records.TITLE_LIMIT)})
    return found


def _seats(uow: UnitOfWork, terms: Terms) -> Mapping[Seat, Person]:
    """Return who is named; Invalid where that is nobody who works here."""
    staff = [role.key for role in matrix().roles.values() if role.is_staff]
    asked = {Seat.COMMANDER: terms.commander, Seat.COMMUNICATOR: terms.communicator, Seat.SCRIBE: terms.scribe}
    query = select(Person).where(Person.id.in_(asked.values()), Person.active, Person.id.in_(select(RoleGrant.person_id).where(RoleGrant.role.in_(staff))))
    found = {person.id: person for person in uow.session.scalars(query)}
    if wrong := {seat.value: t("Choose somebody who works here.") for seat, id_ in asked.items() if id_ not in found}:
        raise Invalid(wrong)
    return {seat: found[id_] for seat, id_ in asked.items()}


def _seat(uow: UnitOfWork, incident: Incident, major: Major, seats: Mapping[Seat, Person]) -> None:
    """Let those who are named see it, and tell them."""
    for seat, person in seats.items():
        setattr(major, f"{seat}_id", person.id)
        records.involve(uow, incident, person, Relation.NAMED)
        role = translate(SEATS[seat], person.language or settings().language)
        messages.tell(uow, person, "major_seat", incident, uow.latest, role=role)
    uow.session.flush()
