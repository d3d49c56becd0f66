"""The portal: search first, then what one's team uses most and what is on its way."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.web.permission import permission

bp = Blueprint("portal", __name__)


@bp.get("/")
@permission("portal.use")
def home() -> ResponseReturnValue:
    """Show the home page."""
    return render_template("portal/home.html")


@bp.get("/search")
@permission("portal.use")
def search() -> ResponseReturnValue:
    """Show what fits the words: services, and records one may see."""
    return render_template("portal/search.html", words=request.args.get("q", "").strip())


@bp.get("/search/suggest")
@permission("portal.use")
def suggest() -> ResponseReturnValue:
    """Return the first few that fit, for the list under the search box."""
    return render_template("portal/suggestions.html", words=request.args.get("q", "").strip())
