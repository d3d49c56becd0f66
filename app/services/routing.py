"""Who of a team gets what has just come in: whoever is there and has least open; the reason stands in the history.

The team comes from the category. People get incidents by themselves only in the teams that config/incidents.toml names
(`routed_teams`); there, is present who has a browser open and has not named a deputy for now.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import exists, func, select

from app.models.incidents import Incident
from app.models.people import Delegation, Membership, Person, SignInSession, Team
from app.models.records import Record
from app.practice import practice
from app.rules.lifecycle import RecordKind
from app.services import messages
from app.unit_of_work import UnitOfWork

PRESENT: Final = timedelta(minutes=15)  # a browser of theirs asked for something since then
OPEN: Final = ("new", "in_progress", "on_hold")


def route(uow: UnitOfWork, incident: Incident) -> bool:
    """Give a new incident to somebody of its team, where the team wants that and somebody is there; say whether it was given."""
    team = uow.session.get(Team, incident.team_id) if incident.team_id else None
    if team is None or team.key not in practice().routed_teams or incident.assignee_id is not None:
        return False
    load = select(func.count()).where(Record.assignee_id == Person.id, Record.kind == RecordKind.INCIDENT, Record.state.in_(OPEN)).scalar_subquery()
    is_there = exists().where(SignInSession.person_id == Person.id, SignInSession.ended_at.is_(None), SignInSession.seen_at >= func.now() - PRESENT)
    is_away = exists().where(Delegation.person_id == Person.id, Delegation.starts_at <= uow.now, Delegation.ends_at > uow.now)
    there = (
        select(Person, load.label("load")).join(Membership, Membership.person_id == Person.id)
        .where(Membership.team_id == team.id, Person.active, Person.id != incident.requester_id, is_there, ~is_away)
        .order_by(load, Person.id)
    )  # fmt: skip
    rows = uow.session.execute(there).all()
    if not rows:
        return False
    person, open_ = rows[0]
    incident.assignee_id = person.id
    event = uow.record_event(incident, "incident.route", before={"assignee": None}, after={"assignee": person.id, "load": open_, "present": len(rows)})
    messages.tell(uow, person, "incident_assigned", incident, event)
    return True
