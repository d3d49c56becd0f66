"""Incidents as people see them: one's own, one whole, and what is due to close; queues are in queues.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from app.models.assets import Affected, ConfigurationItem
from app.models.events import Event
from app.models.imports import Replay
from app.models.incidents import Incident
from app.models.people import Person
from app.models.records import Link, Note, Participant, Record, Tag
from app.models.tasks import Task
from app.queries import assets
from app.queries.assets import Hurt
from app.queries.paging import PER_PAGE, Page, page
from app.rules.errors import NotFound
from app.rules.lifecycle import FINAL, RecordKind
from app.settings import matrix
from app.visibility import Actor, visible

PUBLIC: Final = ("reply", "closing", "reason")
INSIDE: Final = "record.timeline"  # who reads work notes


@dataclass
class Whole:
    """An incident with all that its page shows; work notes only for those who work on it."""

    incident: Incident
    notes: Sequence[Note]
    tasks: Sequence[Task]
    links: Sequence[tuple[str, bool, Record]]  # type, whether it leads from here, the other record (which the actor sees)
    children: Sequence[Record]
    about: Sequence[ConfigurationItem]
    services: Sequence[Hurt]
    watchers: Sequence[Person]
    tags: Sequence[str]


def mine(session: Session, actor: Actor, *, only_open: bool = False, bookmark: str | None = None, per_page: int = PER_PAGE) -> Page[Any]:
    """Return the incidents that somebody reported, that hurt somebody, or that somebody is on, newest first."""
    on_it = exists().where(Participant.record_id == Record.id, Participant.person_id == actor.id, Participant.relation == "watcher")
    own = or_(Record.requester_id == actor.id, Record.beneficiary_id == actor.id, on_it)
    query = select(Record.id, Record.number, Record.title, Record.state, Record.hold_reason, Record.opened_at, Record.updated_at)
    query = query.where(own, visible(actor, RecordKind.INCIDENT))
    if only_open:
        query = query.where(Record.state.not_in(FINAL))
    return page(session, query.order_by(Record.id.desc()), bookmark, per_page)


def whole(session: Session, actor: Actor, number: str) -> Whole:
    """Return an incident the actor may see, with notes, tasks, links, children, CIs and watchers; NotFound otherwise."""
    query = select(Incident).where(Record.number == number, visible(actor, RecordKind.INCIDENT)).options(
        joinedload(Incident.requester), joinedload(Incident.beneficiary), joinedload(Incident.opened_by), joinedload(Incident.assignee),
        joinedload(Incident.team), joinedload(Incident.resolved_by), joinedload(Incident.parent),
    )  # fmt: skip
    incident = session.scalars(query).unique().one_or_none()
    if incident is None:
        raise NotFound(number)
    reads = set(matrix().roles_for(INSIDE)) & actor.roles and actor.id not in {incident.requester_id, incident.beneficiary_id}
    written = select(Note).where(Note.record_id == incident.id, Note.erased_at.is_(None)).options(joinedload(Note.author)).order_by(Note.id)
    tasks = select(Task).where(Task.parent_id == incident.id, visible(actor, RecordKind.TASK)).options(joinedload(Task.assignee)).order_by(Task.id)
    about = select(ConfigurationItem).join(Affected, Affected.ci_id == ConfigurationItem.id).where(Affected.record_id == incident.id)
    watching = select(Person).join(Participant, Participant.person_id == Person.id).where(
        Participant.record_id == incident.id, Participant.relation == "watcher")  # fmt: skip
    children = select(Record).join(Incident.__table__, Incident.__table__.c.id == Record.id).where(
        Incident.__table__.c.parent_id == incident.id, visible(actor, RecordKind.INCIDENT))  # fmt: skip
    return Whole(
        incident, session.scalars(written if reads else written.where(Note.kind.in_(PUBLIC))).all(), session.scalars(tasks).unique().all(),
        _links(session, actor, incident.id), session.scalars(children.order_by(Record.id)).all(),
        session.scalars(about.order_by(ConfigurationItem.criticality, ConfigurationItem.name)).all(), assets.services_hurt(session, incident.id),
        session.scalars(watching.order_by(Person.name)).all(), session.scalars(select(Tag.tag).where(Tag.record_id == incident.id).order_by(Tag.tag)).all(),
    )  # fmt: skip


def due_to_close(session: Session, now: datetime, window: timedelta, *, limit: int = 200) -> Sequence[str]:
    """Return the numbers of resolved incidents whose window is over, oldest first; major ones never close by themselves.

    What another desk resolved, and only its history tells of, stays as its history left it.
    """
    table = Incident.__table__
    ours = exists().where(Event.record_id == Record.id, Event.name == "incident.resolve")
    is_ours = or_(~exists().where(Replay.record_id == Record.id), ours)
    query: Select[str] = select(Record.number).join(table, table.c.id == Record.id).where(
        table.c.resolved_at <= now - window, table.c.closed_at.is_(None), table.c.major != "accepted", Record.state == "resolved", is_ours)  # fmt: skip
    return session.scalars(query.order_by(table.c.resolved_at, table.c.id).limit(limit)).all()


def _links(session: Session, actor: Actor, id_: int) -> list[tuple[str, bool, Record]]:
    """Both directions; what the actor may not see is not told."""
    onward = select(Link.type, Record).join(Record, Record.id == Link.target_id).where(Link.source_id == id_, visible(actor))
    back = select(Link.type, Record).join(Record, Record.id == Link.source_id).where(Link.target_id == id_, visible(actor))
    found = [(type_, True, record) for type_, record in session.execute(onward.order_by(Link.id))]
    return found + [(type_, False, record) for type_, record in session.execute(back.order_by(Link.id))]
