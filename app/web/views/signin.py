"""Signing in and out, the second factor, and a forgotten password."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app import database
from app.forms.account import CodeForm, ForgottenForm, NewPasswordForm
from app.queries.identity import Identity, Stage
from app.rules.errors import Invalid, NotFound, TooManyTries
from app.rules.words import t
from app.services import accounts, links, sessions, throttle
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from app.web import proof, second_factor, signin
from app.web.form_pages import form_page, posted, unkept
from app.web.permission import public
from app.web.preferences import current_language
from app.web.shown import say
from app.web.views.preferences import local_path

bp = Blueprint("security", __name__)
STEPS = {Stage.CODE: "security.code", Stage.ENROL: "security.enrol"}


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def login() -> ResponseReturnValue:
    """Ask who it is."""
    found = signin.here()
    if request.method == "GET" and found is not None:
        return onward(found.stage, local_path(request.args.get("next", "")))
    form = signin.SignInForm(request.form if posted() else None)
    if posted() and form.validate() and form.token:
        signin.enter(form.token, form.next.data)
        return redirect(url_for("security.next_step"), code=303)
    return form_page("signin/password.html", form, secure=settings().secure)


@bp.get("/sign-in/next")
@public
def next_step() -> ResponseReturnValue:
    """Go where this session has to go now: to its second factor, or to the page that was asked for."""
    found = signin.here()
    if found is None:
        return redirect(url_for("security.login"), code=303)
    return onward(found.stage, session.get("next", "/"))


def onward(stage: Stage, way: str) -> ResponseReturnValue:
    """Redirect to the next step, or to the way back when somebody is in."""
    if stage in STEPS:
        session["next"] = way
        return redirect(url_for(STEPS[stage]), code=303)
    session.pop("next", None)
    return redirect(local_path(way), code=303)


@bp.post("/sign-out")
@public
def logout() -> ResponseReturnValue:
    """End this session."""
    signin.leave()
    flash(say(t("You are signed out.")), "success")
    response = redirect(url_for("security.login"), code=303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
def code() -> ResponseReturnValue:
    """Ask for a code of the second factor, or a recovery code."""
    if (found := _waiting(Stage.CODE)) is None:
        return redirect(url_for("security.next_step"), code=303)
    form = CodeForm(request.form if posted() else None, language=current_language())
    if posted() and form.validate():
        if (token := second_factor.give(found, form.code.data)) is not None:
            signin.enter(token, session.get("next", ""))
            return redirect(url_for("security.next_step"), code=303)
        form.refuse({"code": t("This code is not right, or was used before. Wait for the next one.")})
    return form_page("signin/code.html", form)


@bp.route("/sign-in/second-factor", methods=["GET", "POST"])
@public
def enrol() -> ResponseReturnValue:
    """Set up the second factor that the roles ask for, before anything else opens."""
    if (found := _waiting(Stage.ENROL)) is None:
        return redirect(url_for("security.next_step"), code=303)
    return enrolment(found, "signin/enrol.html", session.get("next", "/"))


def enrolment(found: Identity, template: str, way: str) -> ResponseReturnValue:
    """Show a secret to scan, try a code of it, then show the recovery codes once."""
    secret = str(found.sign_in.data.get("totp", "")) or _new_secret(found)
    form = CodeForm(request.form if posted() else None, language=current_language())
    if posted() and form.validate():
        if (done := second_factor.enrol(found, form.code.data)) is not None:
            token, codes = done
            signin.enter(token)
            return unkept(render_template("signin/recovery_codes.html", codes=codes, way=local_path(way)))
        form.refuse({"code": t("This code is not right. Scan the picture again, and check the clock of your device.")})
    return form_page(template, form, **second_factor.setup_values(found.person, secret))


@bp.route("/password", methods=["GET", "POST"])
@public
def forgotten() -> ResponseReturnValue:
    """Send a link to set a new password; the answer never says whether there is such an account."""
    form = ForgottenForm(request.form if posted() else None, language=current_language())
    if not posted() or not form.validate():
        return form_page("signin/forgotten.html", form)
    _ask_reset(form.login.data)
    return render_template("signin/link_sent.html")


@bp.route("/password/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> ResponseReturnValue:
    """Set a new password by a link that was mailed; looking at the page uses nothing up."""
    form = NewPasswordForm(request.form if posted() else None, language=current_language())
    try:
        with database.sessions()() as db:
            links.find(db, token, links.RESET, links.INVITATION)
        if posted() and form.validate():
            with unit_of_work(SYSTEM) as uow:
                accounts.reset(uow, token, form.new_password.data)
            session.clear()
            flash(say(t("Your new password is set. Sign in with it.")), "success")
            return redirect(url_for("security.login"), code=303)
    except Invalid as wrong:
        form.refuse(wrong.fields)
    except NotFound:
        return render_template("signin/link_gone.html"), 404
    return form_page("signin/reset.html", form)


def _waiting(stage: Stage) -> Identity | None:
    found = signin.here()
    return found if found is not None and found.stage is stage else None


def _new_secret(found: Identity) -> str:
    secret = second_factor.new_secret()
    with unit_of_work(found.actor) as uow:
        sessions.remember(uow, found.sign_in.id, totp=secret)
    return secret


def _ask_reset(typed: str) -> None:
    """Count by address (said aloud) and by account (not said: it would tell that there is one)."""
    address = throttle.network_of(signin.caller().address)
    who = typed.strip().lower()
    with unit_of_work(SYSTEM) as uow:
        tried = proof.count(uow, throttle.RESET_ADDRESS, address)
    if tried.is_refused:
        raise TooManyTries(tried.seconds_left)
    with unit_of_work(SYSTEM) as uow:
        person = accounts.named(uow, who) if who.isprintable() else None
        mine = throttle.attempt(uow, throttle.RESET, f"people:{person.id}" if person else f"name:{who}")
        if not mine.is_refused:
            accounts.ask_reset(uow, who if who.isprintable() else "")

