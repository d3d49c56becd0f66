"""What is said on an incident: replies that everybody on it reads, and notes that stay inside (domain.md 2)."""

from sqlalchemy import delete, update
from sqlalchemy.orm.attributes import set_committed_value

from app import visibility
from app.models.baskets import Draft
from app.models.incidents import Incident
from app.models.people import Person
from app.models.records import Note, Record
from app.rules.errors import ActionNotAllowed, Forbidden
from app.rules.incidents import Hold
from app.rules.lifecycle import FINAL
from app.rules.mentions import draft_key, mentioned
from app.rules.permissions import OWN
from app.rules.words import t
from app.services import incident_moves, incidents, messages, records
from app.settings import matrix
from app.unit_of_work import UnitOfWork

WRITES_INSIDE = "incident.note"


def answer(uow: UnitOfWork, number: str, body: str, then: str = "", *, code: str = "", version: int | None = None) -> Incident:
    """Write to everybody on it and go on with the same words: `then` is "hold" (it waits for the answer), "resolve" (with a code) or empty."""
    if then == "hold":
        incident = incidents.hold(uow, number, Hold.CALLER, body, version=version)
    elif then == "resolve":
        incident = incidents.resolve(uow, number, code, body, version=version)
    else:
        reply(uow, number, body)
        return uow.get(Incident, number)
    _tell_mentioned(uow, incident, body, frozenset())
    forget_draft(uow, number, "reply")
    return incident


def reply(uow: UnitOfWork, number: str, body: str) -> Note:
    """Write to everybody on it. What it waited for from its caller is there when the caller writes."""
    incident = uow.get(Incident, number)
    uow.check("incident.reply", incident)
    if incident.state in FINAL:
        raise ActionNotAllowed(t("%(number)s is over for good. Open a new one that follows it.", number=number))
    note = records.write(uow, incident, "reply", body)
    inside = is_inside(uow, incident)
    event = uow.record_event(incident, "incident.reply", after={"inside": inside}, note=note)
    touch(uow, incident)
    forget_draft(uow, number, "reply")
    told = {incident.requester_id, incident.beneficiary_id, *incident_moves.watchers(uow, incident)}
    if not inside:
        told |= {incident.assignee_id}
    messages.tell_each(uow, told, "incident_reply", incident)
    _tell_mentioned(uow, incident, body, frozenset(told))
    if not inside:
        if incident.assignee_id is None:
            messages.tell_team(uow, incident.team_id, "incident_reply", incident, event)
        incidents.caller_wrote(uow, incident)
    return note


def note_internally(uow: UnitOfWork, number: str, body: str) -> Note:
    """Write down what only those who work here read."""
    incident = uow.get(Incident, number)
    uow.check(WRITES_INSIDE, incident)
    note = records.write(uow, incident, "work_note", body)
    uow.record_event(incident, "incident.note", note=note)
    touch(uow, incident)
    forget_draft(uow, number, "note")
    _tell_mentioned(uow, incident, body, frozenset(), inside=True)
    return note


def keep_draft(uow: UnitOfWork, number: str, kind: str, body: str) -> None:
    """Keep what the actor typed so far, for that person alone; nothing typed: nothing kept."""
    incident = uow.get(Incident, number, lock=False)
    uow.check({"reply": "incident.reply", "note": WRITES_INSIDE}[kind], incident)
    text = records.clean(body)
    forget_draft(uow, number, kind)
    if text:
        uow.session.add(Draft(person_id=uow.actor.id, slug=draft_key(number, kind), answers={"body": [text]}, updated_at=uow.now))


def forget_draft(uow: UnitOfWork, number: str, kind: str) -> None:
    """It was sent, or thrown away."""
    uow.session.execute(delete(Draft).where(Draft.person_id == uow.actor.id, Draft.slug == draft_key(number, kind)))


def is_inside(uow: UnitOfWork, incident: Incident) -> bool:
    """Say whether the actor works on it, rather than having it."""
    try:
        uow.check(WRITES_INSIDE, incident)
    except Forbidden:
        return False
    return True


def touch(uow: UnitOfWork, record: Record) -> None:
    """Let lists and open pages see that something was said; what others are editing is not stale because of it."""
    uow.session.flush()
    said = update(Record).where(Record.id == record.id).values(updated_at=uow.now)
    uow.session.execute(said, execution_options={"synchronize_session": False})
    set_committed_value(record, "updated_at", uow.now)


def _tell_mentioned(uow: UnitOfWork, incident: Incident, body: str, told: frozenset[int | None], *, inside: bool = False) -> None:
    """Tell those whom a text calls, if they may read it: nobody is let in by being named."""
    wanted = matrix().relations_for(WRITES_INSIDE) | OWN
    for login in mentioned(body):
        found = visibility.actor(uow.session, Person.login == login)
        if found is None or found[0].id in told:
            continue
        who = found[0]
        if not visibility.sees(uow.session, who, incident.id):
            continue
        held = visibility.relations(uow.session, who, incident, wanted)
        if not inside or matrix().allows(WRITES_INSIDE, who.roles, held, restricted=incident.restricted):
            messages.tell_each(uow, {who.id}, "incident_mention", incident)
