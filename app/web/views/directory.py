"""The company's directory: does it answer, and what came of the last readings."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app import directory
from app.queries import directory as known
from app.rules.words import t
from app.services import directory_sync
from app.unit_of_work import unit_of_work
from app.web.current import me, now
from app.web.permission import permission
from app.web.redirects import done
from app.web.remembered import Remembered

bp = Blueprint("directory", __name__, url_prefix="/directory")
# What a reading counts (services/directory_sync.py), in words.
COUNTED = {
    "addresses_taken": t("addresses taken"),
    "groups_changed": t("groups changed"),
    "groups_gone": t("groups gone"),
    "groups_new": t("new groups"),
    "managers_changed": t("managers changed"),
    "managers_refused": t("managers refused"),
    "members_changed": t("memberships changed"),
    "names_taken": t("names taken"),
    "owners_changed": t("owners changed"),
    "people_changed": t("people changed"),
    "people_disabled": t("people disabled"),
    "people_enabled": t("people enabled"),
    "people_new": t("new people"),
    "roles_ended": t("roles ended"),
    "roles_given": t("roles given"),
    "roles_kept": t("roles kept"),
}
_status = Remembered(lambda: directory.directory().ping(), good=lambda status: status.works)


@bp.get("/")
@permission("directory.view")
def status() -> ResponseReturnValue:
    """Show how the directory answered last, asked in the background, and what the desk has read from it."""
    with unit_of_work(me()) as uow:
        return render_template(
            "directory/status.html", status=_status.now(), known=known.known(uow.session), readings=known.readings(uow.session),
            counted=COUNTED, now=now(),
        )  # fmt: skip


@bp.post("/sync")
@permission("directory.sync")
def sync() -> ResponseReturnValue:
    """Ask for a reading now; a flow makes it."""
    with unit_of_work(me()) as uow:
        directory_sync.ask(uow)
    return done(t("The directory is being read; what came of it is shown here in a moment."), ".status")
