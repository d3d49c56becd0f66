"""The link of an approver's mail: through sign-in straight to the question it is about; only sending the form decides.

Opening it (also by a mail scanner, signed in or not) changes nothing. It shows nothing to anybody but its reader.
"""

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.rules.errors import Invalid, NotFound
from app.rules.words import t
from app.services import decision_links
from app.services import requests as services
from app.unit_of_work import unit_of_work
from app.web import decision_page
from app.web.current import me
from app.web.form_pages import unkept
from app.web.permission import permission
from app.web.redirects import see_other
from app.web.shown import say
from app.web.views.approvals import CHOICES, said

bp = Blueprint("decisions", __name__, url_prefix="/decide")


@bp.get("/<token>")
@permission("item.vote")
def show(token: str) -> ResponseReturnValue:
    """Show the question of the link to whom it was written."""
    try:
        with unit_of_work(me()) as uow:
            number = decision_links.find(uow, token)[1].number
    except NotFound:
        return _gone()
    return _page(token, number)


@bp.post("/<token>")
@permission("item.vote")
def decide(token: str) -> ResponseReturnValue:
    """Take the decision, bound to the seat and to what was shown, and use the link up with it."""
    choice, comment = CHOICES.get(request.form.get("choice", "")), request.form.get("comment", "")
    try:
        with unit_of_work(me()) as uow:
            seat, record = decision_links.find(uow, token)
            number, seat_id = record.number, seat.id
            if choice is not None:
                version, subject = request.form.get("version", type=int), request.form.get("subject", "")
                services.locked(uow, number)
                decision_links.use(uow, token)
                services.decide(uow, number, choice, comment, version=version, subject=subject, seat_id=seat_id)
    except NotFound:
        return _gone()
    except Invalid as wrong:
        return _page(token, number, {name: say(text) for name, text in wrong.fields.items()}, comment, 422)
    if choice is None:
        return _page(token, number, {"choice": say(t("Choose yes or no."))}, comment, 422)
    flash(said(number, choice), "success")
    return see_other("approvals.waiting")


def _page(token: str, number: str, errors: dict[str, str] | None = None, comment: str = "", status: int = 200) -> ResponseReturnValue:
    return decision_page.page(number, address=url_for(".decide", token=token), errors=errors, comment=comment, status=status)


def _gone() -> ResponseReturnValue:
    return unkept(render_template("approvals/link_gone.html"), 404)
