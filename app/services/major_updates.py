"""What everybody affected is told of a major incident, and what happens while nobody tells them (domain.md 2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from sqlalchemy import select

from app.models.events import Event
from app.models.incidents import Incident
from app.models.majors import Major, MajorUpdate
from app.models.people import Person
from app.models.records import Note
from app.practice import practice
from app.queries import majors as queries
from app.rules.errors import Forbidden, Invalid
from app.rules.incidents import Major as Standing
from app.rules.lifecycle import FINAL
from app.rules.majors import MANAGERS, step_at
from app.rules.words import t
from app.services import major_audience, major_triggers, majors, messages, records
from app.settings import settings
from app.unit_of_work import UnitOfWork

LOCALES: Final = {"en": "en", "pt": "pt_BR"}
SOONEST, LATEST = 5, 24 * 60  # minutes


def write(
    uow: UnitOfWork, number: str, words: str, words_pt: str, *, minutes: int | None = None, submission_key: str | None = None
) -> MajorUpdate:
    """Tell everybody affected, each once and in the own language where it was written in that; the next one comes due.

    `minutes` from now, else as the plan says. The same `submission_key` a second time is the same update.
    """
    incident, major = majors.accepted(uow, number, "incident.tell_affected")
    leads(uow, major)
    if submission_key and (earlier := uow.session.scalars(select(MajorUpdate).where(MajorUpdate.submission_key == submission_key)).one_or_none()):
        return earlier
    if not (words.strip() or words_pt.strip()):
        raise Invalid({"words": t("Write something first.")})
    if minutes is not None and not SOONEST <= minutes <= LATEST:
        raise Invalid({"minutes": t("From %(least)s to %(most)s minutes.", least=SOONEST, most=LATEST)})
    notes = {language: records.write(uow, incident, "reply", said) for language, said in (("en", words), ("pt", words_pt)) if said.strip()}
    major_audience.refresh(uow, incident)
    people = [person for person in queries.readers(uow.session, incident.id) if person.id != uow.actor.id]
    _plan(uow, incident, major, timedelta(minutes=minutes) if minutes else practice().majors.plan.every)
    update = MajorUpdate(
        incident_id=incident.id, note=notes.get("en"), note_pt=notes.get("pt"), author_id=uow.actor.id, told=len(people), created_at=uow.now,
        submission_key=submission_key,
    )  # fmt: skip
    uow.session.add(update)
    said = {"told": len(people), "next": major.update_due_at.isoformat() if major.update_due_at else None}
    events = {language: uow.record_event(incident, "incident.major_update", after={**said, "language": language}, note=note) for language, note in notes.items()}
    messages.broadcast(uow, "major_update", incident, (_letter(person, major, events) for person in people))
    return update


def log(uow: UnitOfWork, number: str, words: str) -> Note:
    """Write down what happens while it happens: for those who lead it, whatever roles they hold; it stays inside."""
    incident, major = majors.accepted(uow, number, "incident.tell_affected")
    leads(uow, major)
    note = records.write(uow, incident, "work_note", words)
    uow.record_event(incident, "incident.note", note=note)
    incident.updated_at = uow.now
    return note


def remind(uow: UnitOfWork, number: str) -> int:
    """Take every step whose time has come, each once and in order; return how many. For the flow that looks for such."""
    if not uow.actor.is_system:
        raise Forbidden(t("You may not do this."))
    incident = uow.get(Incident, number)
    major = uow.session.get_one(Major, incident.id, populate_existing=True)
    steps, taken = practice().majors.plan.late, 0
    if incident.major != Standing.ACCEPTED or incident.state in {*FINAL, "resolved"} or major.update_due_at is None:
        major.next_at = None
    while major.update_due_at and major.next_at and major.next_at <= uow.now and major.next_step < len(steps):
        step = steps[major.next_step]
        people = _people(uow, major, step.tells)
        said = {"step": major.next_step + 1, "due": major.update_due_at.isoformat(), "told": [person.id for person in people]}
        event = uow.record_event(incident, "incident.update_late", after=said)
        for person in people:
            template, due = ("major_update_late" if step.after > timedelta() else "major_update_due"), clock(major.update_due_at, person)
            messages.tell(uow, person, template, incident, event, wakes=step.wakes, due=due)
        major.next_step += 1
        major.next_at = step_at(practice().majors.plan, major.update_due_at, major.next_step)
        taken += 1
    if major.next_step >= len(steps):  # the plan may have become shorter
        major.next_at = None
    return taken


def leads(uow: UnitOfWork, major: Major) -> None:
    """Refuse whoever neither leads this one nor decides on all."""
    if uow.actor.id not in {major.commander_id, major.communicator_id, major.scribe_id} and major_triggers.MANAGER not in uow.actor.roles:
        raise Forbidden(t("You may not do this."))


def clock(at: datetime, person: Person) -> str:
    """Return an instant as this person reads it."""
    zone, language = ZoneInfo(person.timezone or settings().timezone), person.language or settings().language
    return str(format_datetime(at, "EEE d MMM, HH:mm", tzinfo=zone, locale=LOCALES.get(language, "en")))


def _plan(uow: UnitOfWork, incident: Incident, major: Major, length: timedelta) -> None:
    is_over = incident.state in {*FINAL, "resolved"}
    major.update_due_at, major.next_step = (None if is_over else uow.now + length), 0
    major.next_at = step_at(practice().majors.plan, major.update_due_at, 0) if major.update_due_at else None


def _letter(person: Person, major: Major, events: Mapping[str, Event]) -> tuple[Person, Event, dict[str, str | None]]:
    """Return what one person is told, in the own language where it was written in that."""
    language = person.language or settings().language
    headline, due = (major.headline_pt if language == "pt" else major.headline), major.update_due_at
    return person, events.get(language) or next(iter(events.values())), {"headline": headline, "next": clock(due, person) if due else None}


def _people(uow: UnitOfWork, major: Major, tells: tuple[str, ...]) -> list[Person]:
    """Return who is told at a step; those who decide, where nobody of them is there any more."""
    named = [getattr(major, each) for each in tells if each != MANAGERS]
    found = {person.id: person for person in named if person is not None and person.active}
    if MANAGERS in tells or not found:
        found |= {person.id: person for person in major_triggers.managers(uow)}
    return list(found.values())
