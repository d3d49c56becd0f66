"""Queues of incidents: what is open, whose, and in which order; the address says it all, so it can be sent to somebody."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.practice import practice
from app.queries import people, queues
from app.rules.queues import INCIDENT_STATES, NAMES, SORTS, Queue, read
from app.unit_of_work import unit_of_work
from app.web import navigation
from app.web.current import me, now
from app.web.permission import permission

bp = Blueprint("queues", __name__, url_prefix="/incidents")
navigation.WAITING["queues.show"] = queues.mine_waiting


@bp.get("/")
@permission("work.view")
def show() -> ResponseReturnValue:
    """Show a queue."""
    wanted = read(request.args.to_dict(flat=False))
    if "show" not in request.args and not wanted.is_filtered:
        wanted = read({"show": [Queue.TEAM.value], "sort": ["priority"]})
    with unit_of_work(me()) as uow:
        page = queues.listed(uow.session, uow.actor, wanted, bookmark=request.args.get("page"))
        return render_template(
            "queues/show.html", page=page, wanted=wanted, counts=queues.counts(uow.session, uow.actor), names=NAMES, sorts=SORTS,
            states=INCIDENT_STATES, teams=[row.team for row in people.teams(uow.session)], practice=practice(), Queue=Queue, now=now(),
        )  # fmt: skip
