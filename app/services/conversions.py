"""What was reported as an incident is ordered as a request, and the other way round: another record, linked (domain.md 1)."""

from dataclasses import replace
from typing import Final

from sqlalchemy import select

from app.language import translate
from app.models.incidents import Incident
from app.models.people import Person
from app.models.records import Link, Note, Record
from app.models.requests import Request
from app.rules import lifecycle
from app.rules.errors import ActionNotAllowed
from app.rules.lifecycle import FINAL, Action, RecordKind
from app.rules.words import Text, t
from app.services import incidents, records, relations, reporting, requests
from app.services.reporting import Report
from app.services.requests import Order
from app.settings import settings
from app.unit_of_work import UnitOfWork

NO_INCIDENT: Final = "not_an_incident"


def replaceable(uow: UnitOfWork, number: str, *, lock: bool = False) -> Incident:
    """Return an incident in whose place the actor may order something. Raises Forbidden and ActionNotAllowed."""
    incident = uow.get(Incident, number, lock=lock)
    for permission, record in (("incident.cancel", incident), ("request.open_for", None)):
        uow.check(permission, record)
    return incident


def to_request(uow: UnitOfWork, number: str, order: Order) -> Request:
    """Order, in the caller's name, what an incident really asks for; the incident is cancelled as none, naming the request.

    What its caller wrote stands in the request's messages. Sent twice, it is the same request.
    """
    incident = replaceable(uow, number, lock=True)
    if not (done := _replaces(uow, incident)) and lifecycle.target(RecordKind.INCIDENT, Action.CANCEL, incident.state) is None:
        state = lifecycle.STATE_WORDS[incident.state]
        raise ActionNotAllowed(t("%(number)s is %(state)s: this cannot be done now.", number=number, state=state))
    request = requests.submit(uow, replace(order, requester_id=incident.requester_id))
    if done:
        if done != request.number:
            raise ActionNotAllowed(t("%(number)s is replaced by %(other)s already.", number=number, other=done))
        return request
    if incident.restricted:
        for record in (request, *request.items):
            record.restricted = True
    words = t("This is a request, not a fault: it goes on as %(number)s.", number=request.number)
    incidents.cancel(uow, number, NO_INCIDENT, _in_their_words(uow, incident, words), other=request.number)
    note = records.write(uow, request, "reply", _told(uow, incident))
    uow.record_event(request, "request.replace", after={"record": number}, note=note)
    return request


def to_incident(uow: UnitOfWork, number: str, requester_id: int, said: Report, *, impact: int | None = None, cancels: bool = False) -> Incident:
    """Open the incident that a request, or what was written on it, really is; `cancels`: nothing remains to be ordered."""
    request = uow.get(Request, number)
    uow.check("request.convert", request)
    incident = reporting.open_for(uow, requester_id, said, impact=impact)
    mine = select(Link.id).where(Link.source_id == incident.id, Link.target_id == request.id, Link.type == "request")
    if uow.session.scalar(mine) is not None:
        return incident
    relations.link(uow, incident, "request", number)
    incident.restricted = incident.restricted or request.restricted
    uow.record_event(request, "request.convert", after={"record": incident.number})
    if cancels and request.state not in FINAL:
        words = t("This is a fault, not an order: it goes on as %(number)s.", number=incident.number)
        requests.cancel(uow, number, _in_their_words(uow, request, words))
    return incident


def _replaces(uow: UnitOfWork, incident: Incident) -> str | None:
    by = select(Record.number).join(Link, Link.target_id == Record.id).where(Link.source_id == incident.id, Link.type == "replaced_by")
    return uow.session.scalar(by.order_by(Link.id).limit(1))


def _told(uow: UnitOfWork, incident: Incident) -> str:
    """What was reported, and what its people wrote since, as one message; what is too long for one stays on the incident."""
    own = {incident.requester_id, incident.beneficiary_id} - {None}
    wrote = select(Note.body).where(Note.record_id == incident.id, Note.kind == "reply", Note.author_id.in_(own), Note.erased_at.is_(None))
    said = "\n\n".join(filter(None, (incident.title, incident.description, *uow.session.scalars(wrote.order_by(Note.id)))))
    return f"{incident.number}: {said}"[: records.NOTE_LIMIT]


def _in_their_words(uow: UnitOfWork, record: Record, words: Text) -> str:
    person = uow.session.get(Person, record.requester_id) if record.requester_id else None
    return translate(words, (person.language if person else None) or settings().language)
