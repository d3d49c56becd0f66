"""The list of major incidents, and all that the page of one shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.models.assets import ConfigurationItem
from app.models.incidents import Incident
from app.models.majors import Major, MajorReport, MajorService
from app.models.people import Person, RoleGrant
from app.models.records import Record
from app.queries import majors
from app.queries.paging import PER_PAGE, Page, page
from app.rules.errors import NotFound
from app.rules.lifecycle import RecordKind
from app.settings import matrix
from app.visibility import Actor, visible

TABLE = Incident.__table__


@dataclass
class Whole:
    """A major incident, or one that may become one; `seen`: the actor sees its record, not only that it affects."""

    incident: Incident
    major: Major | None
    seen: bool


@dataclass
class Around:
    """What hangs on it."""

    services: Sequence[Any]  # key, name, criticality
    children: Sequence[Any]  # number, title, state, requester
    people: int  # who are affected and can be written to
    problem: str | None
    reports: Sequence[MajorReport]  # newest first


def listed(session: Session, actor: Actor, *, now_only: bool, bookmark: str | None = None, per_page: int = PER_PAGE) -> Page[Any]:
    """Return major incidents and what is proposed as such, newest first; those that are over too unless `now_only`."""
    commander, lead = aliased(Person), aliased(Person)
    columns: tuple[Any, ...] = (
        Record.id, Record.number, Record.title, Record.state, Record.priority, Record.opened_at, TABLE.c.major, Major.headline, Major.headline_pt,
        Major.update_due_at, Major.filed_at, commander.name.label("commander"), lead.name.label("communicator"),
    )  # fmt: skip
    query: Select[Any] = (
        select(*columns).select_from(Major).join(TABLE, TABLE.c.id == Major.incident_id).join(Record, Record.id == TABLE.c.id)
        .outerjoin(commander, commander.id == Major.commander_id).outerjoin(lead, lead.id == Major.communicator_id)
        .where(visible(actor, RecordKind.INCIDENT))
    )  # fmt: skip
    if now_only:
        query = query.where(TABLE.c.major.in_(("proposed", "accepted")), TABLE.c.closed_at.is_(None), Record.state.not_in(("closed", "canceled")))
    return page(session, query.order_by(Record.id.desc()), bookmark, per_page)


def of(session: Session, actor: Actor, number: str) -> Whole:
    """Return one that the actor sees, or an accepted one that affects the actor; NotFound otherwise."""
    sees = visible(actor, RecordKind.INCIDENT)
    affects = and_(TABLE.c.major == "accepted", majors.concerns(actor))
    people = (joinedload(Incident.requester), joinedload(Incident.assignee), joinedload(Incident.team))
    led = (joinedload(Major.commander), joinedload(Major.communicator), joinedload(Major.scribe), joinedload(Major.proposed_by))
    query = select(Incident, Major, sees).outerjoin(Major, Major.incident_id == Incident.id).where(Record.number == number, or_(sees, affects))
    found = session.execute(query.options(*people, *led)).unique().one_or_none()
    if found is None:
        raise NotFound(number)
    return Whole(found[0], found[1], bool(found[2]))


def around(session: Session, actor: Actor, incident: Incident, major: Major | None) -> Around:
    """Return what hangs on it, as far as the actor may see it."""
    item, requester = ConfigurationItem, aliased(Person)
    services = select(item.key, item.name, item.criticality).join(MajorService, MajorService.ci_id == item.id).where(
        MajorService.incident_id == incident.id).order_by(item.criticality, item.name)  # fmt: skip
    children = select(Record.number, Record.title, Record.state, requester.name.label("requester")).join(TABLE, TABLE.c.id == Record.id).outerjoin(
        requester, requester.id == Record.requester_id).where(TABLE.c.parent_id == incident.id, visible(actor, RecordKind.INCIDENT))  # fmt: skip
    affected = majors.affected(incident.id).subquery()
    people = select(func.count()).where(Person.id.in_(select(affected.c.person_id)), Person.active, Person.email != "").scalar_subquery()
    problem = select(Record.number).where(Record.id == (major.problem_id if major else None)).scalar_subquery()
    counts = session.execute(select(people, problem)).one()
    reports = select(MajorReport).where(MajorReport.incident_id == incident.id).options(joinedload(MajorReport.author)).order_by(MajorReport.version.desc())
    return Around(
        session.execute(services).all(), session.execute(children.order_by(Record.id.desc()).limit(200)).all(), counts[0], counts[1],
        session.scalars(reports.limit(50)).all() if major else [],
    )  # fmt: skip


def staff(session: Session) -> Sequence[Any]:
    """Return who can lead one: id and name of all who work here."""
    roles = [role.key for role in matrix().roles.values() if role.is_staff]
    query = select(Person.id, Person.name).where(Person.active, Person.id.in_(select(RoleGrant.person_id).where(RoleGrant.role.in_(roles))))
    return session.execute(query.order_by(Person.name).limit(1000)).all()
