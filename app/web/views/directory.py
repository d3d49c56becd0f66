"""The company's directory: does it answer, and what came of the last readings."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app import directory
from app.queries import directory as known
from app.unit_of_work import unit_of_work
from app.web.current import me
from app.web.permission import permission

bp = Blueprint("directory", __name__, url_prefix="/directory")


@bp.get("/")
@permission("directory.view")
def status() -> ResponseReturnValue:
    """Show how the directory is now (asked with short timeouts) and what the desk has read from it."""
    now = directory.directory().ping()
    with unit_of_work(me()) as uow:
        return render_template(
            "directory/status.html", status=now, known=known.known(uow.session), readings=known.readings(uow.session), now=uow.now
        )
