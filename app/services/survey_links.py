"""The link in the mail that asks how it went: looking stores nothing, one answer uses it up, without signing in (domain.md 8)."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import surveys
from app.models.people import OneTimeLink, Person
from app.models.records import Record
from app.models.surveys import Survey
from app.rules.errors import NotFound
from app.services import links
from app.unit_of_work import UnitOfWork


def find(session: Session, token: str) -> tuple[OneTimeLink, Record]:
    """Return the link and the record it asks about; NotFound once it was answered, for too long, or when the record goes on again."""
    link = links.find(session, token, links.SURVEY)
    query = select(Record, Survey, func.desk_now()).join(Survey, Survey.record_id == Record.id).join(Person, Person.id == Survey.person_id)
    row = session.execute(query.where(Record.number == link.subject, Survey.person_id == link.person_id, Person.active)).one_or_none()
    if row is None or not is_open(row[0], row[1], row[2]):
        raise NotFound("link")
    return link, row[0]


def is_open(record: Record, survey: Survey, now: datetime) -> bool:
    """Say whether an answer is still taken."""
    return record.state.startswith("closed") and survey.answered_at is None and survey.sent_at + surveys.policy().open_for > now


def use(uow: UnitOfWork, token: str) -> str:
    """Use the link up and return the record's number; of two that come at once one gets NotFound."""
    find(uow.session, token)
    link = links.use(uow, token, links.SURVEY)
    if link.person_id != uow.actor.id or not link.subject:
        raise NotFound("link")
    return link.subject
