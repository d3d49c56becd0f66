"""Does it work again? The page behind the link of a mail: looking at it changes nothing, one press answers."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app import database
from app.rules.errors import DeskError, Invalid, NotFound
from app.services import confirmation_links, incidents
from app.unit_of_work import unit_of_work
from app.web.form_pages import unkept
from app.web.permission import public
from app.web.shown import say

bp = Blueprint("confirmations", __name__, url_prefix="/works")


@bp.get("/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """Ask."""
    try:
        with database.sessions()() as session:
            _, incident = confirmation_links.find(session, token)
            return unkept(render_template("reports/works.html", token=token, title=incident.title, number=incident.number, errors={}, typed={}))
    except NotFound:
        return _gone()


@bp.post("/<token>")
@public
def answer(token: str) -> ResponseReturnValue:
    """Take the answer, in the name of whom the link was written to, and use the link up with it."""
    works, words = request.form.get("works") == "yes", request.form.get("body", "")
    try:
        with database.sessions()() as session:
            link, incident = confirmation_links.find(session, token)
            person, title, number = link.person_id or 0, incident.title, incident.number
        with unit_of_work(person) as uow:
            confirmation_links.use(uow, token)
            if works:
                incidents.close(uow, number)
            else:
                incidents.reopen(uow, number, words)
    except Invalid as wrong:
        errors = {name: say(text) for name, text in wrong.fields.items()}
        return unkept(render_template("reports/works.html", token=token, title=title, number=number, errors=errors, typed=request.form), 422)
    except NotFound:
        return _gone()
    except DeskError as refused:
        return unkept(render_template("reports/works_said.html", works=None, number=number, refused=refused.text), refused.status)
    return unkept(render_template("reports/works_said.html", works=works, number=number))


def _gone() -> ResponseReturnValue:
    return unkept(render_template("reports/works_gone.html"), 404)
