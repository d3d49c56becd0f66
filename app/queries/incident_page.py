"""All that the page of one incident shows, in four questions however much there is of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Select, bindparam, case, cast, func, literal, or_, select, text, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from app.models.assets import Affected, ConfigurationItem
from app.models.attachments import Attachment
from app.models.baskets import Draft
from app.models.closure import ClosureReview, QualityReview, SolvedBefore
from app.models.events import Event
from app.models.incidents import Incident
from app.models.people import Membership, Person, Team
from app.models.records import OPEN_INCIDENTS, Link, Note, Participant, Record, Tag
from app.models.sla import Clock
from app.models.surveys import Survey
from app.models.tasks import Task
from app.models.visits import Visit
from app.queries import work_time
from app.queries.gathering import gathered, rows
from app.queries.incidents import PUBLIC
from app.queries.timeline import Moment, one_of
from app.queries.work_time import Standing
from app.rules.errors import NotFound
from app.rules.lifecycle import RecordKind
from app.rules.mentions import draft_key
from app.visibility import Actor, visible

SHOWN: Final = 100
EARLIER: Final = 5
OPEN: Final = text(OPEN_INCIDENTS)
WATCHERS: Final = 50  # thousands may have said "me, too"
# What a caller reads of its history: what was said, and how it went on; never who was asked or what was noted.
TOLD: Final = ("create", "start", "hold", "resume", "resolve", "reopen", "close", "cancel", "reply", "call", "undo", "major_update")


@dataclass
class Parts:
    """What hangs on an incident; each row has the columns that the page shows."""

    tasks: Sequence[Any]
    links: Sequence[Any]  # type, onward, number, title, title_pt, state, kind
    parents: Sequence[Any]  # number, title: one at most
    children: Sequence[Any]
    about: Sequence[Any]
    watchers: Sequence[Any]
    tags: Sequence[str]
    files: Sequence[Any]
    members: Sequence[Any]
    teams: Sequence[Any]
    drafts: Mapping[str, str]  # what the reader has typed and not sent: by kind
    due_calendar: str | None  # in which the clock counts that is due next
    since: int | None  # the newest event that the reader saw on the visit before
    work: Standing  # the time worked on it, and the reader's timer
    review: Any  # of its closure: state, missing, reviewed_at; None: our desk did not resolve it
    earlier: Sequence[Any]  # newest incidents that solved the same before: number, title, resolution_code, total
    survey: Any  # how it went: csat, nps, comment, answered_at, person_id; None: nobody was asked
    quality: Any  # its quality review: because, done_at, answers, reviewer; None: nobody reads it again


def of(session: Session, actor: Actor, number: str) -> Incident:
    """Return an incident that the actor may see, with its people; NotFound otherwise."""
    found = session.scalars(_of(actor), {"number": number}).unique().one_or_none()
    if found is None:
        raise NotFound(number)
    return found


def parts(session: Session, actor: Actor, incident: Incident, *, inside: bool) -> Parts:
    """Return what hangs on it, as far as the actor may see it, in one question; the team's people only `inside`."""
    keys = {draft_key(incident.number, kind): kind for kind in ("reply", "note")}
    found = session.execute(_parts(actor, inside), {"id": incident.id, "parent": incident.parent_id, "team": incident.team_id, "keys": list(keys)}).one()
    work, links, above, kids, things, people, words, kept, mates, others, typed, due, seen, worked, reviews, earlier, qualities, surveys = (rows(column) for column in found)
    return Parts(
        work, links, above, kids, things, people, [row.tag for row in words], kept, mates, others,
        {keys[row.slug]: row.answers["body"][0] for row in typed}, next((row.calendar for row in due), None), next((row.since_id for row in seen), None),
        work_time.stands(worked[0]), next(iter(reviews), None), earlier, next(iter(surveys), None), next(iter(qualities), None),
    )  # fmt: skip


def moments(
    session: Session, incident: Incident, *, inside: bool, which: str = "all", before_id: int | None = None, limit: int = SHOWN
) -> list[Moment]:
    """Return its newest events (with those of its tasks, inside), oldest first; outside only what its caller may read."""
    query = _moments(inside, which)
    if before_id:
        query = query.where(Event.id < before_id)
    return [Moment(*row) for row in session.execute(query.limit(limit), {"id": incident.id})][::-1]


# Each of these is put together once for whoever asks: that takes longer than the answer.


@lru_cache(maxsize=256)
def _of(actor: Actor) -> Select[Incident]:
    return select(Incident).where(Record.number == bindparam("number"), visible(actor, RecordKind.INCIDENT)).options(
        joinedload(Incident.requester), joinedload(Incident.beneficiary), joinedload(Incident.opened_by), joinedload(Incident.assignee),
        joinedload(Incident.team), joinedload(Incident.resolved_by),
    )  # fmt: skip


@lru_cache(maxsize=256)
def _parts(actor: Actor, inside: bool) -> Select[*tuple[Any, ...]]:
    id_, only_inside, team = bindparam("id", type_=BigInteger), literal(inside), bindparam("team", type_=BigInteger)
    assignee, table = aliased(Person), Incident.__table__
    tasks = select(Task.number, Task.title, Task.title_pt, Task.state, Task.mandatory, assignee.name.label("assignee")).outerjoin(
        assignee, assignee.id == Task.assignee_id).where(Task.parent_id == id_, visible(actor, RecordKind.TASK)).order_by(Task.id)  # fmt: skip
    parents = select(Record.number, Record.title).where(Record.id == bindparam("parent", type_=BigInteger), visible(actor, RecordKind.INCIDENT))
    children = select(Record.number, Record.title, Record.state, Record.priority).join(table, table.c.id == Record.id).where(
        table.c.parent_id == id_, visible(actor, RecordKind.INCIDENT)).order_by(Record.id)  # fmt: skip
    item = ConfigurationItem
    about = select(item.id, item.key, item.name, item.kind.label("class_"), item.criticality).join(Affected, Affected.ci_id == item.id).where(
        Affected.record_id == id_).order_by(item.criticality, item.name)  # fmt: skip
    watching = select(Person.id, Person.name, Person.login, func.count().over().label("total")).join(
        Participant, Participant.person_id == Person.id).where(Participant.record_id == id_, Participant.relation == "watcher").order_by(
        (Person.id == actor.id).desc(), Person.name).limit(WATCHERS)  # fmt: skip
    files = select(Attachment.key, Attachment.name, Attachment.media_type, Attachment.size, Attachment.public, Attachment.uploaded_by_id,
                   Attachment.created_at).where(Attachment.record_id == id_, or_(Attachment.public, only_inside)).order_by(Attachment.id)  # fmt: skip
    load = select(func.count()).where(OPEN, Record.assignee_id == Person.id).correlate(Person).scalar_subquery()
    members = select(Person.id, Person.name, Person.login, load.label("load")).join(Membership, Membership.person_id == Person.id).where(
        Membership.team_id == team, Person.active, only_inside).order_by(Person.name).limit(200)  # fmt: skip
    teams = select(Team.key, Team.name, Team.name_pt).where(Team.active, Team.id.is_distinct_from(team), only_inside).order_by(Team.name)
    tags = select(Tag.tag).where(Tag.record_id == id_).order_by(Tag.tag)
    drafts = select(Draft.slug, Draft.answers).where(Draft.person_id == actor.id, Draft.slug.in_(bindparam("keys", expanding=True)))
    due = select(Clock.calendar).join(Record, Record.id == Clock.record_id).where(
        Record.id == id_, Clock.definition == Record.next_clock, Clock.due_at == Record.next_due_at).limit(1)  # fmt: skip
    visits = select(Visit.since_id).where(Visit.person_id == actor.id, Visit.record_id == id_)
    asked = (tasks, _links(actor, id_), parents, children, about, watching, tags, files, members, teams, drafts, due, visits, work_time.asking(actor, id_), *_closing(actor, id_, only_inside))
    return select(*(gathered(query, f"part_{place}") for place, query in enumerate(asked)))


def _closing(actor: Actor, id_: Any, only_inside: Any) -> tuple[Select[*tuple[Any, ...]], ...]:
    """What came after its resolution; of what was solved before, only what the actor may see is told or counted."""
    review = select(ClosureReview.state, ClosureReview.missing, ClosureReview.reviewed_at).where(ClosureReview.record_id == id_, only_inside)
    table, reviewer = Incident.__table__, aliased(Person)
    earlier = select(Record.number, Record.title, table.c.resolution_code, func.count().over().label("total")).join(
        SolvedBefore, SolvedBefore.earlier_id == Record.id).join(table, table.c.id == Record.id).where(
        SolvedBefore.record_id == id_, only_inside, visible(actor, RecordKind.INCIDENT)).order_by(Record.id.desc()).limit(EARLIER)  # fmt: skip
    quality = select(QualityReview.because, QualityReview.done_at, QualityReview.answers, reviewer.name.label("reviewer")).outerjoin(
        reviewer, reviewer.id == QualityReview.reviewer_id).where(QualityReview.record_id == id_, only_inside)  # fmt: skip
    survey = select(Survey.csat, Survey.nps, Survey.comment, Survey.answered_at, Survey.person_id).where(Survey.record_id == id_)
    return review, earlier, quality, survey


@lru_cache(maxsize=8)
def _moments(inside: bool, which: str) -> Select[*tuple[Any, ...]]:
    id_ = bindparam("id", type_=BigInteger)
    person, note, given, team = aliased(Person), aliased(Note), aliased(Person), aliased(Team)
    table = Task.__table__
    family = union_all(select(id_), select(table.c.id).where(table.c.parent_id == id_))
    read = (note.id == Event.note_id) & note.erased_at.is_(None)
    query = (
        select(Event.id, Event.at, Event.stream, Event.name, person.name, Event.before, Event.after, note.kind, note.body, person.id, note.id,
               given.name, team.name, team.name_pt)
        .outerjoin(person, person.id == Event.actor_id)
        .outerjoin(note, read if inside else read & note.kind.in_(PUBLIC))
        .outerjoin(given, given.id == func.coalesce(_number("assignee"), _number("person")))
        .outerjoin(team, team.id == _number("team"))
    )  # fmt: skip
    told = Event.name.in_([f"incident.{name}" for name in TOLD])
    public = told & or_(Event.name != "incident.call", note.id.is_not(None)) & or_(Event.name != "incident.undo", Event.after["state"].astext.is_not(None))
    query = query.where(one_of(Event.record_id, family) if inside else (Event.record_id == id_) & public)
    if which == "talk":
        query = query.where(note.id.is_not(None))
    elif which == "changes":
        query = query.where(Event.name.not_in(("incident.reply", "incident.note")))
    return query.order_by(Event.id.desc())


def _number(name: str) -> Any:
    """The id that an event names, if it names one."""
    text = Event.after[name].astext
    return case((text.regexp_match(r"^\d{1,18}$"), cast(text, BigInteger)))


def links(session: Session, actor: Actor, record_id: int) -> Sequence[Any]:
    """Return what a record of any kind is linked to, in both directions, as far as the actor may see it."""
    return session.execute(_links(actor, literal(record_id, BigInteger))).all()


def _links(actor: Actor, id_: Any) -> Select[*tuple[Any, ...]]:
    """Both directions; what the actor may not see is not told."""
    onward = Link.source_id == id_
    query = select(Link.type, Record.number, Record.title, Record.title_pt, Record.state, Record.kind, onward.label("onward"))
    other = Record.id == case((onward, Link.target_id), else_=Link.source_id)
    return query.join(Record, other).where(or_(onward, Link.target_id == id_), visible(actor)).order_by(onward.desc(), Link.id)
