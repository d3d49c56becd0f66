"""Tasks of a person's teams."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.models.people import Membership, Person, Team
from app.models.records import Note, Record
from app.models.tasks import Task
from app.queries.paging import PER_PAGE, Page, page
from app.rules.errors import NotFound
from app.rules.lifecycle import RecordKind
from app.visibility import Actor, visible

OPEN = ("open", "in_progress")


def of_teams(
    session: Session, actor: Actor, *, which: str = "all", bookmark: str | None = None, per_page: int = PER_PAGE
) -> Page[Record]:
    """Return open tasks of the actor's teams: `all`, `mine` or `unassigned`; oldest first; the base table alone."""
    assignee = aliased(Person)
    query = (
        select(Record.id, Record.number, Record.title, Record.state, Record.opened_at, Record.next_due_at,
               assignee.name.label("assignee"), Team.key.label("team"), Team.name.label("team_name"),
               Team.name_pt.label("team_name_pt"))
        .outerjoin(assignee, assignee.id == Record.assignee_id)
        .outerjoin(Team, Team.id == Record.team_id)
        .where(Record.kind == RecordKind.TASK, Record.state.in_(OPEN), visible(actor, RecordKind.TASK))
    )  # fmt: skip
    if which == "mine":
        query = query.where(Record.assignee_id == actor.id)
    else:
        query = query.where(Record.team_id.in_(actor.team_ids))
        if which == "unassigned":
            query = query.where(Record.assignee_id.is_(None))
    return page(session, query.order_by(Record.id), bookmark, per_page)


def count_for(session: Session, actor: Actor) -> int:
    """Return how many open tasks the actor's teams have."""
    query = select(func.count()).select_from(Record).where(
        Record.kind == RecordKind.TASK, Record.state.in_(OPEN), Record.team_id.in_(actor.team_ids)
    )  # fmt: skip
    return session.scalars(query).one() if actor.team_ids else 0


def whole(session: Session, actor: Actor, number: str) -> tuple[Task, list[Note]]:
    """Return a task with its parent, people and notes."""
    query = select(Task).where(Record.number == number, visible(actor, RecordKind.TASK)).options(
        joinedload(Task.assignee), joinedload(Task.team), joinedload(Task.beneficiary), joinedload(Task.requester),
    )  # fmt: skip
    task = session.scalars(query).unique().one_or_none()
    if task is None:
        raise NotFound(number)
    notes = select(Note).where(Note.record_id == task.id, Note.erased_at.is_(None)).options(joinedload(Note.author))
    return task, list(session.scalars(notes.order_by(Note.id)))


def members(session: Session, team_id: int | None) -> list[Person]:
    """Return the active members of a team, by name."""
    query = select(Person).join(Membership, Membership.person_id == Person.id)
    return list(session.scalars(query.where(Membership.team_id == team_id, Person.active).order_by(Person.name)))
