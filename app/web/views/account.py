"""One's own account: preferences, password, second factor, sessions, and who decides while one is away."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import database, escalations
from app.forms.account import ChangePasswordForm, ConfirmForm, NewsForm, PreferencesForm, news_as_chosen
from app.models.people import Person
from app.queries import identity, people
from app.queries.identity import Identity
from app.rules.errors import Invalid, NotFound
from app.rules.words import Text, t
from app.services import accounts, sessions
from app.unit_of_work import unit_of_work
from app.web import proof, second_factor, signin
from app.web.current import me
from app.web.form_pages import form_page, posted, unkept
from app.web.permission import permission
from app.web.preferences import current_language, zone
from app.web.shown import browser, say
from app.web.views.signin import enrolment

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
@permission("account.manage")
def show() -> ResponseReturnValue:
    """Show everything about the own account."""
    return _account()


@bp.post("/preferences")
@permission("account.manage")
def prefer() -> ResponseReturnValue:
    """Keep language, time zone, theme and density with the person."""
    form = PreferencesForm(request.form, language=current_language())
    try:
        with unit_of_work(me()) as uow:
            accounts.prefer(uow, **form.chosen())
    except Invalid as wrong:
        form.refuse({"speaks" if name == "language" else name: text for name, text in wrong.fields.items()})
        return _account(preferences=form)
    return _done(t("Your preferences are saved."))


@bp.post("/news")
@permission("account.manage")
def hear() -> ResponseReturnValue:
    """Keep how the reader wants to be told, and when mail waits."""
    form = NewsForm(request.form, language=current_language())
    try:
        with unit_of_work(me()) as uow:
            accounts.hear(uow, form.ways(), form.quiet())
    except Invalid as wrong:
        form.refuse({{"from": "quiet_from", "until": "quiet_until"}.get(name, name): text for name, text in wrong.fields.items()})
        return _account(news=form)
    return _done(t("Your choice is saved."))


@bp.route("/password", methods=["GET", "POST"])
@permission("account.manage")
def password() -> ResponseReturnValue:
    """Change the password of a local account."""
    form = ChangePasswordForm(request.form if posted() else None, language=current_language())
    if posted() and form.validate() and _is_still_me(form):
        try:
            with unit_of_work(me()) as uow:
                token = accounts.change_password(uow, form.new_password.data, _here().sign_in.id)
        except Invalid as wrong:
            form.refuse(wrong.fields)
        else:
            signin.enter(token)
            return _done(t("Your password is changed. Other browsers are signed out."))
    return form_page("account/password.html", form, person=_person())


@bp.route("/second-factor", methods=["GET", "POST"])
@permission("account.manage")
def second_step() -> ResponseReturnValue:
    """Ask for the password, then lead to the set-up of a device."""
    form = ConfirmForm(request.form if posted() else None, language=current_language())
    if posted() and form.validate() and _is_still_me(form):
        with unit_of_work(me()) as uow:
            if request.form.get("act") == "remove":
                accounts.remove_second_factor(uow, _person().id)
            else:
                sessions.remember(uow, _here().sign_in.id, totp=second_factor.new_secret())
        if request.form.get("act") == "remove":
            return _done(t("The second step is switched off."))
        return redirect(url_for(".device"), code=303)
    needed = identity.needs_second_factor(me().roles)
    return form_page("account/second_factor.html", form, person=_person(), needed=needed)


@bp.route("/second-factor/device", methods=["GET", "POST"])
@permission("account.manage")
def device() -> ResponseReturnValue:
    """Scan, try a code, keep the recovery codes."""
    if not _here().sign_in.data.get("totp"):
        return redirect(url_for(".second_step"), code=303)
    return enrolment(_here(), "account/device.html", url_for(".show"))


@bp.route("/recovery-codes", methods=["GET", "POST"])
@permission("account.manage")
def recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them once."""
    form = ConfirmForm(request.form if posted() else None, language=current_language())
    if posted() and form.validate() and _is_still_me(form):
        codes = second_factor.recovery_codes()
        with unit_of_work(me()) as uow:
            accounts.new_recovery_codes(uow, codes)
        return unkept(render_template("signin/recovery_codes.html", codes=codes, way=url_for(".show")))
    return form_page("account/recovery_codes.html", form)


@bp.post("/sessions/<int:number>/end")
@permission("account.manage")
def end_session(number: int) -> ResponseReturnValue:
    """Sign another browser out."""
    with database.sessions()() as db:
        if number not in {row.id for row in people.sessions(db, _person().id)}:
            raise NotFound("session")
    with unit_of_work(me()) as uow:
        sessions.end(uow, number, "by_person")
    return _done(t("That browser is signed out."))


@bp.post("/sessions/end-others")
@permission("account.manage")
def end_other_sessions() -> ResponseReturnValue:
    """Sign all other browsers out."""
    with unit_of_work(me()) as uow:
        sessions.end_others(uow, _here().sign_in.id)
    return _done(t("All other browsers are signed out."))


def _account(preferences: PreferencesForm | None = None, news: NewsForm | None = None) -> ResponseReturnValue:
    person, found = _person(), _here()
    with database.sessions()() as db:
        open_sessions = people.sessions(db, person.id)
        delegations = people.delegations(db, person.id)
    chosen = {"speaks": current_language(), "timezone": str(zone()), "theme": person.theme, "density": person.density}
    page = render_template(
        "account/show.html", person=person, here_id=found.sign_in.id, sessions=open_sessions, delegations=delegations,
        real_now=found.real_now, wrong=preferences or news, browser=browser,
        news=news or NewsForm(None, language=current_language(), data=news_as_chosen(person.news)),
        preferences=preferences or PreferencesForm(None, language=current_language(), data=chosen),
        needed=identity.needs_second_factor(found.actor.roles), house_quiet=_house_quiet(),
    )  # fmt: skip
    return page, 422 if preferences or news else 200


def _house_quiet() -> dict[str, str] | None:
    quiet = escalations.ladders().quiet
    return {"from": f"{quiet.start:%H:%M}", "until": f"{quiet.end:%H:%M}"} if quiet else None


def _is_still_me(form: ConfirmForm) -> bool:
    if proof.is_still(_person(), form.current_password.data):
        return True
    form.refuse({"current_password": t("This is not your password.")})
    return False


def _done(text: Text) -> ResponseReturnValue:
    flash(say(text), "success")
    return redirect(url_for("account.show"), code=303)


def _here() -> Identity:
    found = signin.here()
    if found is None:
        raise RuntimeError("a view of the account was opened without @permission")
    return found


def _person() -> Person:
    return _here().person
