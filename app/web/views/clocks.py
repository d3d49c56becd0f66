"""The clocks of a record: what each promises, what it did when and why, and what would be if it paused now."""

from datetime import timedelta

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from app.queries import record_clocks
from app.rules import hours
from app.unit_of_work import unit_of_work
from app.web import clock_words
from app.web.allowed import allowed
from app.web.calendar_page import title
from app.web.current import me, now
from app.web.permission import permission

bp = Blueprint("clocks", __name__, url_prefix="/records")
LATER = timedelta(hours=1)


@bp.get("/<number>/clocks")
@permission("portal.use")
def show(number: str) -> ResponseReturnValue:
    """Explain every clock of a record to whoever may see it; those between teams only to the desk."""
    at = now()
    with unit_of_work(me()) as uow:
        row = record_clocks.record(uow.session, uow.actor, number)
        inside = bool(allowed(uow, row, "record.timeline"))
        found = record_clocks.of(uow.session, row, at, inside=inside)
        teams = record_clocks.teams(uow.session, found) if inside else {}
    resumed = [each.if_paused.due_if_resumed(hours.add(each.clock.calendar, at, LATER)) if each.if_paused else None for each in found]
    page = url_for("records.show", number=number)
    return render_template("clocks/show.html", record=row, found=found, teams=teams, resumed=resumed, inside=inside, now=at, words=clock_words, page=page, calendar_title=title)
