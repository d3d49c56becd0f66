"""The link in the mail that says it works again: one press says yes or no, without signing in, once.

It is bound to its reader and to this resolution of the incident: a reopened one gets new links with its next resolution.
All it can do is close or reopen this one incident, and say so in its reader's name.
"""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.closure import closing
from app.models.incidents import Incident
from app.models.people import OneTimeLink, Person
from app.models.records import Record
from app.rules.closure import closes_at
from app.rules.errors import NotFound
from app.services import links
from app.unit_of_work import UnitOfWork

SEPARATOR: Final = ":"


def issue(uow: UnitOfWork, incident: Incident, person: Person) -> OneTimeLink:
    """Return the link for this person to this resolution."""
    return links.issue(uow, links.CONFIRMATION, person.id, _subject(incident))


def again(uow: UnitOfWork, incident: Incident, person: Person) -> OneTimeLink:
    """Return the link that this person has to this resolution already, so that the first mail's goes on working; else a new one."""
    same = OneTimeLink.purpose == links.CONFIRMATION, OneTimeLink.person_id == person.id, OneTimeLink.subject == _subject(incident)
    query = select(OneTimeLink).where(*same, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > func.now())
    return uow.session.scalars(query.order_by(OneTimeLink.id.desc())).first() or issue(uow, incident, person)


def find(session: Session, token: str) -> tuple[OneTimeLink, Incident]:
    """Return the link and the incident it asks about; NotFound once it was answered, reopened or closed, or its window is over.

    Nor is there anything to see for somebody who is let in no more.
    """
    link = links.find(session, token, links.CONFIRMATION)
    number = (link.subject or "").partition(SEPARATOR)[0]
    incident = session.scalars(select(Incident).where(Record.number == number, Record.state == "resolved")).one_or_none()
    if incident is None or link.subject != _subject(incident) or link.person_id not in {incident.requester_id, incident.beneficiary_id}:
        raise NotFound("link")
    now, is_active = session.execute(select(func.desk_now(), Person.active).where(Person.id == link.person_id)).one()
    if not is_active or incident.resolved_at is None or now > closes_at(incident.resolved_at, closing().window):
        raise NotFound("link")
    return link, incident


def use(uow: UnitOfWork, token: str) -> str:
    """Use the link up and return the incident's number; of two that come at once one gets NotFound."""
    _, incident = find(uow.session, token)
    link = links.use(uow, token, links.CONFIRMATION)
    if link.person_id != uow.actor.id:
        raise NotFound("link")
    return incident.number


def _subject(incident: Incident) -> str:
    return f"{incident.number}{SEPARATOR}{incident.reopen_count}"
