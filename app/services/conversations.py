"""What is said on an incident: replies that everybody on it reads, and notes that stay inside (domain.md 2)."""

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.orm.attributes import set_committed_value

from app.models.incidents import Incident
from app.models.people import Person
from app.models.records import Note, Record
from app.rules.errors import ActionNotAllowed, Forbidden
from app.rules.lifecycle import FINAL
from app.rules.words import t
from app.services import incident_moves, incidents, messages, records
from app.unit_of_work import UnitOfWork

WRITES_INSIDE = "incident.note"


def reply(uow: UnitOfWork, number: str, body: str) -> Note:
    """Write to everybody on it. What it waited for from its caller is there when the caller writes."""
    incident = uow.get(Incident, number)
    uow.check("incident.reply", incident)
    if incident.state in FINAL:
        raise ActionNotAllowed(t("%(number)s is over for good. Open a new one that follows it.", number=number))
    note = records.write(uow, incident, "reply", body)
    event = uow.record_event(incident, "incident.reply", note=note)
    touch(uow, incident)
    mine = {incident.requester_id, incident.beneficiary_id}
    others = incident_moves.watchers(uow, incident)
    if is_inside(uow, incident):
        _tell(uow, mine | others, "incident_reply", incident)
    else:
        _tell(uow, mine | others | {incident.assignee_id}, "incident_reply", incident)
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
    return note


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


def _tell(uow: UnitOfWork, ids: Iterable[int | None], template: str, incident: Incident) -> None:
    for person in uow.session.scalars(select(Person).where(Person.id.in_([id_ for id_ in ids if id_])).order_by(Person.id)):
        messages.tell(uow, person, template, incident, uow.latest)
