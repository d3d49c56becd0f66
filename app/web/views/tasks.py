"""Tasks of my teams: the list, one task, and ending it."""

from datetime import timedelta

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from app.queries import due, tasks, work_time
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import calls
from app.services import tasks as services
from app.unit_of_work import unit_of_work
from app.web import navigation
from app.web.allowed import allowed
from app.web.current import me, now
from app.web.navigation import looked_at
from app.web.permission import permission
from app.web.redirects import done, see_other
from app.web.shown import say, team_name

bp = Blueprint("tasks", __name__, url_prefix="/tasks")
LATELY = timedelta(days=7)
LISTS = ("unassigned", "mine", "all")
ACTS = ("task.take", "task.assign", "task.complete", "task.skip", "task.note", "task.call", "record.timeline", "record.log_time")
INSIDE = frozenset({"record.timeline", "record.log_time"})
navigation.WAITING["tasks.worklist"] = tasks.counting


@bp.get("/")
@permission("work.view")
def worklist() -> ResponseReturnValue:
    """List the open tasks of my teams."""
    which, team = _chosen()
    with unit_of_work(me()) as uow:
        page = tasks.of_teams(uow.session, uow.actor, which=which, team=team, bookmark=request.args.get("page"))
        teams = tasks.teams_of(uow.session, uow.actor)
        return render_template("tasks/worklist.html", page=page, which=which, team=team, teams=teams, lists=LISTS, now=now())


@bp.get("/board")
@permission("work.view")
def board() -> ResponseReturnValue:
    """Show the tasks of my teams as cards, a column for each state; `?column=&page=` turns the pages of one."""
    which, team = _chosen()
    turned, bookmark = request.args.get("column"), request.args.get("page")
    with unit_of_work(me()) as uow:
        columns = {
            state: tasks.column(uow.session, uow.actor, state, now() - LATELY, which=which, team=team,
                                bookmark=bookmark if state == turned else None)
            for state in tasks.COLUMNS
        }  # fmt: skip
        counts = tasks.counts(uow.session, uow.actor, which=which, team=team)
        teams = tasks.teams_of(uow.session, uow.actor)
        return render_template(
            "tasks/board.html", columns=columns, counts=counts, which=which, team=team, teams=teams, lists=LISTS, now=now()
        )


def _chosen() -> tuple[str, str]:
    which = request.args.get("show", "all")
    return which if which in LISTS else "all", request.args.get("team", "")


@bp.get("/<number>")
@permission("task.view")
def show(number: str) -> ResponseReturnValue:
    """Show one task."""
    looked_at(number)
    return _page(number)


@bp.post("/<number>/take")
@permission("task.take")
def take(number: str) -> ResponseReturnValue:
    """Make the task mine."""
    with unit_of_work(me()) as uow:
        services.take(uow, number, version=request.form.get("version", type=int))
    flash(say(t("%(number)s is yours now.", number=number)), "success")
    return see_other(".board") if request.form.get("back") == "board" else see_other(".show", number=number)


@bp.post("/<number>/assign")
@permission("task.assign")
def assign(number: str) -> ResponseReturnValue:
    """Give the task to a member of its team."""
    with unit_of_work(me()) as uow:
        task = services.assign(uow, number, request.form.get("assignee", 0, type=int), version=request.form.get("version", type=int))
        name = task.assignee.name if task.assignee else ""
    return done(t("%(number)s was given to %(name)s.", number=number, name=name), ".show", number=number)


@bp.post("/<number>/hand-over")
@permission("task.assign")
def hand_over(number: str) -> ResponseReturnValue:
    """Give the task to another team."""
    with unit_of_work(me()) as uow:
        team, why = request.form.get("team", ""), request.form.get("body", "")
        task = services.hand_over(uow, number, team, why, version=request.form.get("version", type=int))
        name = team_name(task.team) if task.team else ""
    return done(t("%(number)s was given to %(name)s.", number=number, name=name), ".worklist")


@bp.post("/<number>/close")
@permission("task.complete")
def close(number: str) -> ResponseReturnValue:
    """End the task as done, not done or not needed."""
    how, note = request.form.get("how", ""), request.form.get("note", "")
    try:
        with unit_of_work(me()) as uow:
            services.close(uow, number, how, note, version=request.form.get("version", type=int))
    except Invalid as wrong:
        return _page(number, {name: say(text) for name, text in wrong.fields.items()}, how, note), 422
    return done(t("%(number)s is closed.", number=number), ".worklist")


@bp.post("/<number>/notes")
@permission("task.note")
def note(number: str) -> ResponseReturnValue:
    """Write a note that only those who work here see."""
    with unit_of_work(me()) as uow:
        services.note(uow, number, request.form.get("body", ""))
    return see_other(".show", number=number, _anchor="notes")


@bp.post("/<number>/calls")
@permission("task.call")
def call(number: str) -> ResponseReturnValue:
    """Write down a call about it; whoever waits for the task does not see it."""
    try:
        with unit_of_work(me()) as uow:
            calls.log(uow, number, request.form.get("body", ""), request.form.get("channel", ""))
    except Invalid as wrong:
        return _page(number, {f"call-{name}": say(text) for name, text in wrong.fields.items()}), 422
    return done(t("The call is written down; only those who work here see it."), ".show", number=number, _anchor="notes")


def _page(number: str, errors: dict[str, str] | None = None, how: str = "complete", note: str = "") -> str:
    with unit_of_work(me()) as uow:
        task, notes = tasks.whole(uow.session, uow.actor, number)
        may = allowed(uow, task, *ACTS)
        return render_template(
            "tasks/show.html", task=task, notes=notes, members=tasks.members(uow.session, task.team_id), errors=errors or {},
            others=tasks.others(uow.session, task.team_id),
            due_calendar=due.calendars(uow.session, [task]).get(task.id), may=may, work=work_time.standing(uow.session, uow.actor, task.id) if may & INSIDE else None, how=how, note=note, is_open=task.state in tasks.OPEN, now=now(),
        )  # fmt: skip
