"""Changes to many incidents at once: look at what would happen, do it, follow it, take it back in time."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from app.models.queues import BulkLine
from app.models.records import Record
from app.practice import practice
from app.queries import people, queues
from app.rules.bulk import MOST, WAYS, Act, refusal
from app.rules.errors import Invalid, NotFound
from app.rules.queues import read
from app.rules.words import t
from app.services import bulk as services
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web.allowed import allowed_each
from app.web.current import me, now
from app.web.permission import permission
from app.web.redirects import done, see_other

bp = Blueprint("bulk", __name__, url_prefix="/incidents/bulk")


@bp.post("")
@permission("work.view")
def look() -> ResponseReturnValue:
    """Show what would happen to each; nothing is changed."""
    return _page(_act())


@bp.post("/begin")
@permission("work.view")
def begin() -> ResponseReturnValue:
    """Take it in; it begins in some seconds."""
    act = _act()
    try:
        with unit_of_work(me()) as uow:
            job = services.begin(uow, request.form.getlist("number"), act, {name: request.form.get(name, "") for name in WAYS[act].fields})
    except Invalid as wrong:
        return _page(act, wrong), 422
    return see_other(".show", job_id=job.id)


@bp.get("/<int:job_id>")
@permission("work.view")
def show(job_id: int) -> ResponseReturnValue:
    """Show how far it is, and what was refused and why."""
    with unit_of_work(me()) as uow:
        job = services.own(uow, job_id)
        counted = select(BulkLine.state, func.count()).where(BulkLine.job_id == job_id).group_by(BulkLine.state)
        counts = {state: count for state, count in uow.session.execute(counted)}  # noqa: C416
        failed = select(Record.number, Record.title, BulkLine.reason).join(Record, Record.id == BulkLine.record_id)
        refused = uow.session.execute(failed.where(BulkLine.job_id == job_id, BulkLine.state == "failed").order_by(Record.id)).all()
        return render_template("queues/job.html", job=job, counts=counts, refused=refused, way=WAYS[Act(job.action)], total=sum(counts.values()), now=now())


@bp.post("/<int:job_id>/undo")
@permission("work.view")
def undo(job_id: int) -> ResponseReturnValue:
    """Take it back before it begins."""
    with unit_of_work(me()) as uow:
        services.undo(uow, job_id)
    return done(t("Taken back: nothing was changed."), "queues.show")


def _act() -> Act:
    try:
        return Act(request.form.get("act", ""))
    except ValueError:
        raise NotFound("act") from None


def _page(act: Act, wrong: Invalid | None = None) -> str:
    with unit_of_work(me()) as uow:
        rows = _rows(uow)
        may = allowed_each(uow, rows, WAYS[act].permission)
        verdicts = [(row, refusal(act, row.state, may=bool(may[row.id]))) for row in rows]
        return render_template(
            "queues/bulk.html", act=act, way=WAYS[act], verdicts=verdicts, fits=sum(reason is None for _, reason in verdicts), most=MOST,
            errors=wrong.fields if wrong else {}, typed=request.form, teams=[row.team for row in people.teams(uow.session)], practice=practice(), now=now(),
        )  # fmt: skip


def _rows(uow: UnitOfWork) -> list[Any]:
    """Return those that were ticked, or all of the queue they stood in."""
    if "all" in request.form:
        wanted = read({name: request.form.getlist(f"q-{name}") for name in ("show", "state", "priority", "team", "assignee", "caller", "category", "tag", "ci", "not", "sort")})
        return queues.everything(uow.session, uow.actor, wanted, limit=MOST)
    return queues.some(uow.session, uow.actor, request.form.getlist("number")[:MOST])
