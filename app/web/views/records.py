"""Any record by its number: to its own page, or its timeline for those who work here."""

from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.models.records import Record
from app.queries import timeline
from app.rules.errors import NotFound
from app.unit_of_work import unit_of_work
from app.web import moments
from app.web.current import me, now
from app.web.permission import permission

bp = Blueprint("records", __name__, url_prefix="/records")
# Where each kind has its page; other practices enter theirs.
PAGES: Final = {"REQ": "requests.show", "RIT": "requests.of_item", "TSK": "tasks.show", "INC": "incidents.show"}


@bp.get("/<number>")
@permission("portal.use")
def show(number: str) -> ResponseReturnValue:
    """Go to the page of the record."""
    page = PAGES.get(number[:3])
    if page is None:
        raise NotFound(number)
    return redirect(url_for(page, number=number), code=303)


@bp.get("/<number>/timeline")
@permission("record.timeline")
def tell(number: str) -> ResponseReturnValue:
    """Show everything that happened to a record and its parts."""
    which = request.args.get("show", "all")
    with unit_of_work(me()) as uow:
        uow.check("record.timeline", uow.get(Record, number, lock=False))  # of an own record nobody reads what is inside
        found = timeline.of(uow.session, uow.actor, number, before_id=request.args.get("before", type=int))
        entries = moments.entries(found, which)
        older = found[-1].id if len(found) == timeline.SHOWN else None
        return render_template("records/timeline.html", number=number, entries=entries, which=which, older=older, now=now())
