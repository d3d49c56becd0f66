"""The closure review of an incident: its owner completes what is missing, or a lead lets it go."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.rules.words import t
from app.services import closure_reviews
from app.web.permission import permission
from app.web.views.incidents import act, said, version

bp = Blueprint("closure", __name__, url_prefix="/incidents")


@bp.post("/<number>/correct")
@permission("incident.change")
def correct(number: str) -> ResponseReturnValue:
    """Complete how it was resolved, and have the record looked at again."""
    code, notes, cause = said("code"), said("notes"), said("cause")
    return act("correct", number, lambda uow: closure_reviews.correct(uow, number, code, notes, cause, version=version()), t("Saved, and looked at again."), _anchor="closure")


@bp.post("/<number>/waive")
@permission("incident.waive_review")
def waive(number: str) -> ResponseReturnValue:
    """Let it close though something is missing."""
    return act("waive", number, lambda uow: closure_reviews.waive(uow, number, said("body"), version=version()), t("It closes as it is."), _anchor="closure")
