"""Who may hear of what: asked by the stream process when somebody listens, and again and again while it lasts."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from app import visibility
from app.models.incidents import Incident
from app.models.majors import Major
from app.models.people import Delegation, Membership, Person, SignInSession
from app.models.records import Participant, Record
from app.queries import majors
from app.queries.identity import Identity
from app.rules.permissions import Relation
from app.visibility import Actor

REQUESTS: Final = "requests"
APPROVALS: Final = "approvals"
TASKS: Final = "tasks"
OUTAGES: Final = "outages"  # what does not work, in the frame of every page
INBOX: Final = "inbox"  # the bell of every page; told of by the database, for each person by itself
PAGES: Final = frozenset({REQUESTS, APPROVALS, TASKS, OUTAGES, INBOX})  # parts of one's own that may change without a known number


def visible(session: Session, actor: Actor, numbers: Collection[str]) -> frozenset[str]:
    """Return those of these records that the actor may see now."""
    if not numbers:
        return frozenset()
    query = select(Record.number).where(Record.number.in_(numbers), visibility.visible(actor))
    return frozenset(session.scalars(query))


def changed_since(session: Session, numbers: Collection[str], since: datetime) -> frozenset[str]:
    """Return those of these records that changed after this instant (the desk's time)."""
    query = select(Record.number).where(Record.number.in_(numbers), Record.updated_at > since)
    return frozenset(session.scalars(query)) if numbers else frozenset()


def outages_since(session: Session, since: datetime) -> bool:
    """Say whether anything happened to a major incident after this instant (the desk's time)."""
    return bool(session.scalar(select(exists().where(Major.incident_id == Record.id, Record.updated_at > since))))


def identities(session: Session, token_hashes: Collection[str]) -> dict[str, Identity]:
    """Return who belongs to each of these open sessions: one query for all."""
    rows = session.execute(
        select(SignInSession, Person, *visibility.standing(), func.now())
        .join(Person, Person.id == SignInSession.person_id)
        .where(SignInSession.token_hash.in_(token_hashes), SignInSession.ended_at.is_(None))
    )
    return {
        sign_in.token_hash: Identity(sign_in, person, visibility.actor_of(person, roles, teams, leads), desk_now, real_now)
        for sign_in, person, roles, teams, leads, desk_now, real_now in rows
    }


def concerned(session: Session, numbers: Iterable[str], pages: Collection[str] = PAGES) -> Mapping[str, frozenset[int]]:
    """Return, for each of the pages somebody has open, the people whom one of these records concerns there."""
    rows = session.execute(
        select(Record.id, Record.team_id, Record.assignee_id, Record.requester_id, Record.beneficiary_id, Record.opened_by_id)
        .where(Record.number.in_(list(numbers)))
    ).all()  # fmt: skip
    outages = {OUTAGES: _affected(session, [row.id for row in rows]) if OUTAGES in pages else frozenset()}
    if set(pages) - {INBOX} <= outages.keys():
        return outages
    teams = {row.team_id for row in rows if row.team_id}
    members = select(Membership.person_id).where(Membership.team_id.in_(teams))
    asked = select(Participant.person_id).where(
        Participant.record_id.in_([row.id for row in rows]), Participant.relation == Relation.APPROVER.value
    )
    approvers = set(session.scalars(asked))
    lent = select(Delegation.delegate_id).where(
        Delegation.person_id.in_(approvers), Delegation.starts_at <= func.desk_now(), Delegation.ends_at > func.desk_now()
    )
    own = {person for row in rows for person in (row.requester_id, row.beneficiary_id, row.opened_by_id) if person}
    working = {row.assignee_id for row in rows if row.assignee_id}
    return outages | {
        REQUESTS: frozenset(own),
        APPROVALS: frozenset(approvers | (set(session.scalars(lent)) if approvers else set())),
        TASKS: frozenset(working | (set(session.scalars(members)) if teams else set())),
    }


def _affected(session: Session, ids: Collection[int]) -> frozenset[int]:
    """Return everybody whom the major incidents among these records, or of which they are parts, affect."""
    table = Incident.__table__
    parents = select(table.c.parent_id).where(table.c.id.in_(ids), table.c.parent_id.is_not(None))
    found = session.scalars(select(Major.incident_id).where(or_(Major.incident_id.in_(ids), Major.incident_id.in_(parents)))).all()
    return frozenset(person for number in found for person in session.scalars(majors.affected(number)) if person)
