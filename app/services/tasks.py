"""Tasks for people: take, assign, complete, skip (domain.md 3)."""

from sqlalchemy import select

from app.models.people import Membership, Person, Team
from app.models.records import Record
from app.models.tasks import Task
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.lifecycle import TASK_CLOSED, Action, RecordKind
from app.rules.words import t
from app.services import messages, records
from app.unit_of_work import UnitOfWork

CLOSING = {"complete": Action.COMPLETE, "incomplete": Action.INCOMPLETE, "skip": Action.SKIP}


def open_for(
    uow: UnitOfWork, parent: Record, title: str, team_id: int | None, *, title_pt: str | None = None, instructions: str = "", step: str = ""
) -> Task:
    """Give a team a task of a parent record, and tell the team."""
    (number,) = records.numbers(uow, RecordKind.TASK)
    task = Task(
        kind=RecordKind.TASK, number=number, state="open", title=title, title_pt=title_pt, instructions=instructions,
        parent_id=parent.id, requester_id=parent.requester_id, beneficiary_id=parent.beneficiary_id, team_id=team_id,
        category=parent.category, priority=parent.priority, restricted=parent.restricted,
    )  # fmt: skip
    records.add(uow, task, after={"parent": parent.number, "step": step})
    uow.session.flush()
    messages.tell_team(uow, team_id, "task_opened", task, parent=parent.number)
    return task


def take(uow: UnitOfWork, number: str, *, version: int | None = None) -> Task:
    """Make the task the actor's own and start it."""
    task = uow.get(Task, number)
    records.expect(task, version)
    was, begun = task.assignee_id, task.state == "in_progress" and task.assignee_id is None
    task.assignee_id = uow.actor.id
    if begun:  # handed over by another team: it goes on where it stands
        uow.check("task.take", task)
        task.updated_at = uow.now
        uow.record_event(task, "task.take", before={"assignee": None}, after={"assignee": uow.actor.id})
    else:
        records.move(uow, task, Action.TAKE, before={"assignee": was}, after={"assignee": uow.actor.id})
    return task


def assign(uow: UnitOfWork, number: str, person_id: int, *, version: int | None = None) -> Task:
    """Give the task to a member of its team."""
    task = uow.get(Task, number)
    records.expect(task, version)
    uow.check("task.assign", task)
    member = select(Person).join(Membership, Membership.person_id == Person.id).where(
        Person.id == person_id, Person.active, Membership.team_id == task.team_id
    )  # fmt: skip
    person = uow.session.scalars(member).one_or_none()
    if person is None:
        raise Invalid({"assignee": t("Choose somebody of the task's team.")})
    was, task.assignee_id, task.updated_at = task.assignee_id, person.id, uow.now
    event = uow.record_event(task, "task.assign", before={"assignee": was}, after={"assignee": person.id})
    messages.tell(uow, person, "task_assigned", task, event)
    return task


def hand_over(uow: UnitOfWork, number: str, team_key: str, body: str, *, version: int | None = None) -> Task:
    """Give the task to another team, saying why; nobody there has it yet."""
    task = uow.get(Task, number)
    records.expect(task, version)
    uow.check("task.assign", task)
    team = uow.session.scalars(select(Team).where(Team.key == team_key, Team.active)).one_or_none()
    if team is None or team.id == task.team_id:
        raise Invalid({"team": t("Choose another team.")})
    if task.state in TASK_CLOSED:
        raise ActionNotAllowed(t("This task has ended."))
    note = records.write(uow, task, "work_note", body)
    was, task.team_id, task.assignee_id, task.updated_at = task.team_id, team.id, None, uow.now
    uow.record_event(task, "task.hand_over", before={"team": was}, after={"team": team.id}, note=note)
    messages.tell_team(uow, team.id, "task_opened", task, parent=task.parent.number)
    return task


def close(uow: UnitOfWork, number: str, how: str, body: str = "", *, version: int | None = None) -> Task:
    """End the task: complete, incomplete or skip; the last two say why."""
    task = uow.get(Task, number)
    records.expect(task, version)
    if how not in CLOSING:
        raise Invalid({"how": t("Choose how the task ended.")})
    if how != "complete" and not body.strip():
        raise Invalid({"note": t("Say why, so that whoever waits for this knows.")})
    note = records.write(uow, task, "closing", body) if body.strip() else None
    task.closed_at = uow.now
    records.move(uow, task, CLOSING[how], note=note)
    return task


def withdraw(uow: UnitOfWork, task: Task) -> None:
    """Cancel a task whose parent was canceled."""
    if task.closed_at is None:
        task.closed_at = uow.now
        records.move(uow, task, Action.CANCEL, consequence=True)


def end_with(uow: UnitOfWork, parent: Record, action: Action) -> None:
    """The parent is over: its open tasks end so; one whose turn never came is skipped."""
    left = select(Task).where(Task.parent_id == parent.id, Task.state.not_in(TASK_CLOSED)).order_by(Task.id)
    for task in uow.session.scalars(left.with_for_update(of=Record)):
        task.closed_at = uow.now
        records.move(uow, task, Action.SKIP if task.state == "pending" else action, consequence=True, after={"parent": parent.number})


def release(uow: UnitOfWork, person_id: int) -> None:
    """Somebody is let in no more: the open tasks that were this person's are their teams' again."""
    mine = select(Task).where(Task.assignee_id == person_id, Task.state.not_in(TASK_CLOSED)).order_by(Task.id)
    for task in uow.session.scalars(mine.with_for_update(of=Record)):
        task.assignee_id, task.updated_at = None, uow.now
        event = uow.record_event(task, "task.release", before={"assignee": person_id}, after={"assignee": None})
        messages.tell_team(uow, task.team_id, "task_opened", task, event, parent=task.parent.number)


def note(uow: UnitOfWork, number: str, body: str) -> Task:
    """Write a work note on a task; the requester does not see it."""
    task = uow.get(Task, number)
    uow.check("task.note", task)
    written = records.write(uow, task, "work_note", body)
    uow.record_event(task, "task.note", note=written)
    return task
