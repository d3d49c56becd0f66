"""Tasks of a person's teams."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.models.people import Membership, Person, Team
from app.models.records import Note, Record
from app.models.tasks import Task
from app.queries import due
from app.queries.paging import PER_PAGE, Page, page
from app.rules.errors import NotFound
from app.rules.lifecycle import TASK_CLOSED, RecordKind
from app.rules.permissions import OWN
from app.settings import matrix
from app.visibility import Actor, relations, visible

OPEN = ("open", "in_progress")
DONE = "done"
COLUMNS = (*OPEN, DONE)
PER_COLUMN = 20
NOTE = "task.note"


def of_teams(
    session: Session, actor: Actor, *, which: str = "all", team: str = "", bookmark: str | None = None,
    per_page: int = PER_PAGE,
) -> Page[Record]:  # fmt: skip
    """Return open tasks of the actor's teams: `all`, `mine` or `unassigned`; oldest first; the base table alone."""
    assignee = aliased(Person)
    query = (
        select(Record.id, Record.number, Record.title, Record.title_pt, Record.state, Record.opened_at, Record.hold_reason, Record.next_due_at, Record.next_clock, due.calendar().label("due_calendar"),
               assignee.name.label("assignee"), Team.key.label("team"), Team.name.label("team_name"),
               Team.name_pt.label("team_name_pt"))
        .outerjoin(assignee, assignee.id == Record.assignee_id)
        .outerjoin(Team, Team.id == Record.team_id)
        .where(Record.state.in_(OPEN), *_ours(actor, which, team))
    )  # fmt: skip
    return page(session, query.order_by(Record.id), bookmark, per_page)


def column(
    session: Session, actor: Actor, state: str, since: datetime, *, which: str = "all", team: str = "",
    bookmark: str | None = None,
) -> Page[Any]:  # fmt: skip
    """Return the cards of one column of the board: a state of COLUMNS, or DONE for what ended since then, newest first."""
    assignee, beneficiary, parent = aliased(Person), aliased(Person), aliased(Record.__table__)
    parent_id = select(Task.__table__.c.parent_id).where(Task.__table__.c.id == Record.id).scalar_subquery()
    query = (
        select(Record.id, Record.number, Record.title, Record.title_pt, Record.state, Record.version, Record.opened_at, Record.updated_at,
               Record.hold_reason, Record.next_due_at, Record.next_clock, due.calendar().label("due_calendar"), assignee.name.label("assignee"), beneficiary.name.label("beneficiary"),
               parent.c.title.label("part_of"), parent.c.title_pt.label("part_of_pt"), parent.c.state.label("parent_state"), Team.name.label("team_name"),
               Team.name_pt.label("team_name_pt"))
        .outerjoin(assignee, assignee.id == Record.assignee_id)
        .outerjoin(beneficiary, beneficiary.id == Record.beneficiary_id)
        .outerjoin(parent, parent.c.id == parent_id)
        .outerjoin(Team, Team.id == Record.team_id)
        .where(*_ours(actor, which, team))
    )  # fmt: skip
    if state == DONE:
        query = query.where(Record.state.in_(TASK_CLOSED), Record.updated_at >= since).order_by(Record.id.desc())
    else:
        query = query.where(Record.state == state).order_by(Record.id)
    return page(session, query, bookmark, PER_COLUMN)


def counts(session: Session, actor: Actor, *, which: str = "all", team: str = "") -> dict[str, int]:
    """Return how many open tasks stand in each column."""
    query = select(Record.state, func.count()).where(Record.state.in_(OPEN), *_ours(actor, which, team))
    return {row[0]: row[1] for row in session.execute(query.group_by(Record.state))}


def teams_of(session: Session, actor: Actor) -> list[Team]:
    """Return the actor's teams."""
    return list(session.scalars(select(Team).where(Team.id.in_(actor.team_ids)).order_by(Team.name)))


def _ours(actor: Actor, which: str, team: str) -> list[ColumnElement[bool]]:
    """Tasks of the actor's teams (of one of them, by its key): `all`, `mine` or `unassigned`."""
    clauses = [Record.kind == RecordKind.TASK, visible(actor, RecordKind.TASK)]
    if team:
        clauses.append(Record.team_id.in_(select(Team.id).where(Team.key == team)))
    if which == "mine":
        return [*clauses, Record.assignee_id == actor.id]
    clauses.append(Record.team_id.in_(actor.team_ids))
    return [*clauses, Record.assignee_id.is_(None)] if which == "unassigned" else clauses


def counting(actor: Actor) -> ScalarSelect[int]:
    """Return the question how many open tasks the actor's teams have."""
    ours = Record.kind == RecordKind.TASK, Record.state.in_(OPEN), Record.team_id.in_(actor.team_ids)
    return select(func.count()).select_from(Record).where(*ours).scalar_subquery()


def whole(session: Session, actor: Actor, number: str) -> tuple[Task, list[Note]]:
    """Return a task with its parent, people and, for those who work here, its notes."""
    query = select(Task).where(Record.number == number, visible(actor, RecordKind.TASK)).options(
        joinedload(Task.assignee), joinedload(Task.team), joinedload(Task.beneficiary), joinedload(Task.requester),
    )  # fmt: skip
    task = session.scalars(query).unique().one_or_none()
    if task is None:
        raise NotFound(number)
    return task, _notes(session, actor, task)


def _notes(session: Session, actor: Actor, task: Task) -> list[Note]:
    """Return what was written inside, for those who may write there: whoever waits for the task reads none of it."""
    wanted = OWN | matrix().relations_for(NOTE)
    if not matrix().allows(NOTE, actor.roles, relations(session, actor, task, wanted), restricted=task.restricted):
        return []
    notes = select(Note).where(Note.record_id == task.id, Note.erased_at.is_(None)).options(joinedload(Note.author))
    return list(session.scalars(notes.order_by(Note.id)))


def others(session: Session, team_id: int | None) -> list[Team]:
    """Return the teams a task could be handed over to."""
    return list(session.scalars(select(Team).where(Team.active, Team.id != (team_id or 0)).order_by(Team.name)))


def members(session: Session, team_id: int | None) -> list[Person]:
    """Return the active members of a team, by name."""
    query = select(Person).join(Membership, Membership.person_id == Person.id)
    return list(session.scalars(query.where(Membership.team_id == team_id, Person.active).order_by(Person.name)))
