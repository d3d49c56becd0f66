"""The first administrator comes in by a link that works once."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import database
from app.forms.account import SetUpForm
from app.rules.errors import Invalid, NotFound, TooManyTries
from app.rules.words import t
from app.services import links, people, throttle
from app.unit_of_work import SYSTEM, unit_of_work
from app.web import proof, signin
from app.web.form_pages import form_page, posted
from app.web.permission import public
from app.web.preferences import current_language
from app.web.shown import say

bp = Blueprint("setup", __name__)


@bp.route("/setup/<token>", methods=["GET", "POST"])
@public
def begin(token: str) -> ResponseReturnValue:
    """Make the first administrator; looking at the page uses nothing up."""
    _count()
    form = SetUpForm(request.form if posted() else None, language=current_language())
    try:
        with database.sessions()() as db:
            links.find(db, token, links.FIRST_ADMINISTRATOR)
        if posted() and form.validate():
            _make(token, form)
            flash(say(t("The desk is yours. Sign in with the account you have just made.")), "success")
            return redirect(url_for("security.login"), code=303)
    except Invalid as wrong:
        form.refuse({"new_password" if name == "password" else name: text for name, text in wrong.fields.items()})
    except NotFound:
        return render_template("signin/link_gone.html"), 404
    return form_page("signin/setup.html", form)


def _make(token: str, form: SetUpForm) -> None:
    with unit_of_work(SYSTEM) as uow:
        people.set_up(uow, token, form.login.data, form.name.data, form.email.data, form.new_password.data)


def _count() -> None:
    """Nobody guesses 256 bits, but nobody shall try for hours either."""
    with unit_of_work(SYSTEM) as uow:
        tried = proof.count(uow, throttle.SETUP, throttle.network_of(signin.caller().address))
    if tried.is_refused:
        raise TooManyTries(tried.seconds_left)
