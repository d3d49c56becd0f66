"""How it went: asked once when a record is over, answered once by whoever had it (domain.md 8)."""

from sqlalchemy import func, select

from app import surveys as settings_of
from app.models.events import Event
from app.models.messages import Message
from app.models.people import Person
from app.models.records import Record
from app.models.surveys import Survey
from app.rules import audit
from app.rules.errors import ActionNotAllowed, NotFound
from app.rules.surveys import BAD, Answer
from app.rules.words import t
from app.services import links, messages, survey_links
from app.unit_of_work import UnitOfWork

LETTER = "survey"


def choose(uow: UnitOfWork, record: Record) -> Survey | None:
    """Say whether whoever had a record that ends now is asked: once for a record, and nobody again so soon. Before its last step, which may be taken back."""
    policy, kept = settings_of.policy(), uow.session.get(Survey, record.id)
    if kept is not None:
        return kept if kept.answered_at is None and not _was_sent(uow, record) else None
    person = record.requester
    if person is None or not person.active or not policy.asks(record.number) or person.id == getattr(record, "resolved_by_id", None):
        return None
    recent = select(Survey.record_id).where(Survey.person_id == person.id, Survey.sent_at > uow.now - policy.pause)
    if uow.session.scalar(recent.limit(1)) is not None:
        return None
    survey = Survey(record_id=record.id, person_id=person.id, sent_at=uow.now)
    uow.session.add(survey)
    uow.record_event(record, f"{record.kind}.ask_survey", after={"person": person.id})
    return survey


def send(uow: UnitOfWork, record: Record, survey: Survey | None, event: Event | None) -> None:
    """Write to whoever is asked, also where the last step was the own: it is a question, no news."""
    if survey is None:
        return
    link = links.issue(uow, links.SURVEY, survey.person_id, record.number)
    person = uow.session.get_one(Person, survey.person_id)
    messages.receipt(uow, person, LETTER, record, event, link_id=link.id)


def answer(uow: UnitOfWork, number: str, said: Answer) -> Survey:
    """Take the one answer to a record's survey from whoever was asked; a bad one is told to the team's lead."""
    record = uow.get(Record, number)
    survey = uow.session.get(Survey, record.id, populate_existing=True)
    if survey is None or survey.person_id != uow.actor.id:
        raise NotFound(number)
    uow.check("survey.answer")
    if not survey_links.is_open(record, survey, uow.now):
        raise ActionNotAllowed(t("This was answered already, or too long ago. Thank you."))
    survey.answered_at, survey.csat, survey.nps, survey.comment = uow.now, said.csat, said.nps, said.comment
    after = {"csat": said.csat, "nps": said.nps, "comment": audit.digest(said.comment)}
    event = uow.record_event(record, f"{record.kind}.survey", after=after)
    lead = record.team.lead if record.team else None
    if said.csat <= BAD and lead is not None and messages.sees(uow, lead, record):
        messages.tell(uow, lead, "survey_bad", record, event, csat=said.csat)
    return survey


def asked(uow: UnitOfWork, record: Record) -> Survey | None:
    """Return the survey of a record, if there is one."""
    return uow.session.get(Survey, record.id)


def _was_sent(uow: UnitOfWork, record: Record) -> bool:
    mine = select(func.count()).select_from(Message).where(Message.record_id == record.id, Message.template == LETTER, Message.state != "dropped")
    return bool(uow.session.scalar(mine))
