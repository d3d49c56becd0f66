"""Working hours: which calendars there are, and one with its week and its days off. Read only: they stand in config/calendars.toml."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from app import calendars
from app.web import calendar_page
from app.web.current import now
from app.web.permission import permission

bp = Blueprint("calendars", __name__, url_prefix="/calendars")


@bp.get("/")
@permission("calendar.view")
def index() -> ResponseReturnValue:
    """List the calendars, each with its week and what is now."""
    return render_template("calendars/index.html", calendars=calendar_page.views(now()))


@bp.get("/<key>")
@permission("calendar.view")
def show(key: str) -> ResponseReturnValue:
    """Show one: its week, its days off this year and next, and what counts in it."""
    calendar = calendars.all_of_them().get(key)
    if calendar is None:
        abort(404)
    shown = calendar_page.view(calendar, now())
    today = shown.there.date()
    years = {year: calendar_page.days_off(calendar, year, today) for year in (today.year, today.year + 1)}
    return render_template("calendars/show.html", shown=shown, years=years, clocks=calendar_page.counting(calendar))
