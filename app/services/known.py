"""Me, too: somebody is hurt by an outage that is known already, and wants to hear how it goes on."""

from typing import Final

from sqlalchemy import func, select

from app.models.incidents import Incident
from app.models.records import Participant, Record
from app.queries import known
from app.rules.errors import ActionNotAllowed, NotFound
from app.rules.permissions import Relation
from app.rules.words import t
from app.services import records
from app.unit_of_work import UnitOfWork

MOST: Final = 5000


def join(uow: UnitOfWork, number: str) -> None:
    """Be told how a known outage goes on, and see it; twice is once. NotFound where there is none of this number."""
    uow.check("incident.me_too")
    query = select(Incident).where(Record.number == number, known.clause()).with_for_update(of=Record)
    incident = uow.session.scalars(query).one_or_none()
    if incident is None:
        raise NotFound(number)
    mine = select(func.count(), func.count().filter(Participant.person_id == uow.actor.id)).where(
        Participant.record_id == incident.id, Participant.relation == Relation.WATCHER.value)  # fmt: skip
    there, is_there = uow.session.execute(mine).one()
    if is_there or uow.actor.id in {incident.requester_id, incident.beneficiary_id}:
        return
    if there >= MOST:
        raise ActionNotAllowed(t("So many people have said so that we stopped counting. We know, and we work on it."))
    records.involve(uow, incident, uow.actor.id or 0, Relation.WATCHER)
    uow.record_event(incident, "incident.me_too", after={"person": uow.actor.id})
