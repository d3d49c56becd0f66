"""Two reports of one thing become one, and one report of two things becomes two; nothing that was said is moved or lost."""

from sqlalchemy import select

from app.models.incidents import Incident
from app.models.records import Note
from app.practice import practice
from app.rules.errors import ActionNotAllowed, Invalid, NotFound
from app.rules.lifecycle import FINAL
from app.rules.permissions import Relation
from app.rules.words import t
from app.services import conversations, incident_moves, incidents, records, relations, reporting
from app.services.reporting import Report
from app.unit_of_work import UnitOfWork

PUBLIC = ("reply", "closing", "reason")


def merge(uow: UnitOfWork, number: str, into: str, reason: str, *, version: int | None = None) -> Incident:
    """Cancel an incident as a duplicate; whoever reported or watches it watches the other one from now on.

    What was said stays where it was said; the other one gets an internal note of what was reported,
    or, where that is restricted and the other one is not, of its number alone.
    """
    wanted = into.strip().upper()
    locked = {each: uow.get(Incident, each) for each in sorted({number, wanted})}  # always in the same order
    if len(locked) == 1:
        raise Invalid({"into": t("Choose another incident.")})
    source, target = locked[number], locked[wanted]
    uow.check("incident.link", target)
    if target.state in FINAL:
        raise ActionNotAllowed(t("%(number)s is over for good.", number=wanted))
    coming = {source.requester_id, source.beneficiary_id, *incident_moves.watchers(uow, source)} - {None, target.requester_id, target.beneficiary_id}
    incidents.cancel(uow, number, "duplicate", reason, other=wanted, version=version)
    there = incident_moves.watchers(uow, target)
    for person in sorted(each for each in coming - there if each)[: max(0, practice().watchers - len(there))]:
        records.involve(uow, target, person, Relation.WATCHER)
        uow.record_event(target, "incident.watch", after={"person": person, "because": number})
    quoted = "\n".join(f"> {line}" for line in (source.description or source.title).splitlines())
    words = number if source.restricted and not target.restricted else f"{number}: {source.title}\n\n{quoted}"
    note = records.write(uow, target, "work_note", words[: records.NOTE_LIMIT])
    uow.record_event(target, "incident.merge", after={"record": number}, note=note)
    conversations.touch(uow, target)
    return target


def split(uow: UnitOfWork, number: str, title: str, *, note_id: int | None = None, submission_key: str | None = None) -> Incident:
    """Open a new incident for the same caller from a part of this one: from one of its public messages, or from its title alone."""
    source = uow.get(Incident, number)
    uow.check("incident.link", source)
    body = ""
    if note_id is not None:
        public = select(Note.body).where(Note.id == note_id, Note.record_id == source.id, Note.kind.in_(PUBLIC), Note.erased_at.is_(None))
        found = uow.session.scalar(public)
        if found is None:
            raise NotFound("note")
        body = found
    said = Report(title, body, source.urgency, source.category, source.fields, (), source.channel, submission_key)
    new = reporting.open_for(uow, source.requester_id or 0, said, impact=source.impact)
    new.restricted = new.restricted or source.restricted
    relations.link(uow, new, "related", number)
    uow.record_event(source, "incident.split", after={"record": new.number})
    return new
