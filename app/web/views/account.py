"""One's own account: preferences, password, second factor, sessions, and who decides while one is away."""

from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import database
from app.forms.account import ChangePasswordForm, ConfirmForm, DelegationForm, PreferencesForm
from app.models.people import Person
from app.queries import identity
from app.queries import people as found_people
from app.queries.identity import Identity
from app.rules.errors import Invalid, NotFound
from app.rules.words import Text, t
from app.services import accounts, people, sessions
from app.unit_of_work import unit_of_work
from app.web import proof, second_factor, signin
from app.web.current import me
from app.web.permission import permission
from app.web.preferences import current_language, zone
from app.web.shown import say
from app.web.views import signin as steps

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
        form.refuse(wrong.fields)
        return _account(preferences=form)
    return _done(t("Your preferences are saved."))


@bp.route("/password", methods=["GET", "POST"])
@permission("account.manage")
def password() -> ResponseReturnValue:
    """Change the password of a local account."""
    form = ChangePasswordForm(request.form if request.method == "POST" else None, language=current_language())
    if request.method == "POST" and form.validate() and _is_still_me(form):
        try:
            with unit_of_work(me()) as uow:
                token = accounts.change_password(uow, form.new_password.data, _here().sign_in.id)
        except Invalid as wrong:
            form.refuse(wrong.fields)
        else:
            signin.enter(token)
            return _done(t("Your password is changed. Other browsers are signed out."))
    return steps._page("account/password.html", form, person=_person())


@bp.route("/second-factor", methods=["GET", "POST"])
@permission("account.manage")
def second_step() -> ResponseReturnValue:
    """Ask for the password, then lead to the set-up of a device."""
    form = ConfirmForm(request.form if request.method == "POST" else None, language=current_language())
    if request.method == "POST" and form.validate() and _is_still_me(form):
        with unit_of_work(me()) as uow:
            if request.form.get("act") == "remove":
                accounts.remove_second_factor(uow, _person().id)
            else:
                sessions.remember(uow, _here().sign_in.id, totp=second_factor.new_secret())
        if request.form.get("act") == "remove":
            return _done(t("The second step is switched off."))
        return redirect(url_for(".device"), code=303)
    needed = identity.needs_second_factor(me().roles)
    return steps._page("account/second_factor.html", form, person=_person(), needed=needed)


@bp.route("/second-factor/device", methods=["GET", "POST"])
@permission("account.manage")
def device() -> ResponseReturnValue:
    """Scan, try a code, keep the recovery codes."""
    if not _here().sign_in.data.get("totp"):
        return redirect(url_for(".second_step"), code=303)
    return steps.enrolment(_here(), "account/device.html", url_for(".show"))


@bp.route("/recovery-codes", methods=["GET", "POST"])
@permission("account.manage")
def recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them once."""
    form = ConfirmForm(request.form if request.method == "POST" else None, language=current_language())
    if request.method == "POST" and form.validate() and _is_still_me(form):
        codes = second_factor.recovery_codes()
        with unit_of_work(me()) as uow:
            accounts.new_recovery_codes(uow, codes)
        return steps._unkept(render_template("signin/recovery_codes.html", codes=codes, way=url_for(".show")))
    return steps._page("account/recovery_codes.html", form)


@bp.post("/sessions/<int:number>/end")
@permission("account.manage")
def end_session(number: int) -> ResponseReturnValue:
    """Sign another browser out."""
    with database.sessions()() as db:
        if number not in {row.id for row in found_people.sessions(db, _person().id)}:
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


@bp.post("/delegations")
@permission("delegation.set")
def delegate() -> ResponseReturnValue:
    """Name somebody who decides in one's place for some days."""
    form = DelegationForm(request.form, language=current_language())
    lost = form.delegate.resolve(Lookup())
    if form.validate() and lost is None:
        try:
            with unit_of_work(me()) as uow:
                _delegate(uow, form)
        except Invalid as wrong:
            form.refuse(wrong.fields)
        else:
            return _done(t("That is noted. Approvals for you go to both of you during that time."))
    if lost is not None:
        form.refuse({"delegate": lost})
    return _account(delegation=form)


@bp.post("/delegations/<int:number>/end")
@permission("delegation.set")
def end_delegation(number: int) -> ResponseReturnValue:
    """End a delegation now."""
    with unit_of_work(me()) as uow:
        people.cancel_delegation(uow, number)
    return _done(t("You decide yourself again."))


class Lookup:
    """Finds people by the words somebody typed, as forms want it."""

    def groups(self, among: Any = ()) -> list[tuple[str, str]]:
        """No groups are asked for here."""
        return []

    def people(self, words: str) -> list[tuple[str, str]]:
        """Return whom the words mean: one when they are a user name, several when they fit several."""
        with database.sessions()() as db:
            found = found_people.find(db, words)
        exact = [person for person in found if words.strip().lower() in {person.login, person.email}]
        return [(person.login, person.name) for person in exact or found]


def _delegate(uow: Any, form: DelegationForm) -> None:
    """Days are the person's own: from the first midnight to the one after the last day."""
    person = found_people.by_login(uow.session, form.delegate.data)
    if person is None:
        raise Invalid({"delegate": t("Choose somebody from the list.")})
    starts = datetime.combine(form.starts_on.data, time.min, zone())
    ends = datetime.combine(form.ends_on.data + timedelta(days=1), time.min, zone())
    people.delegate(uow, person.id, starts, ends)


def _account(preferences: PreferencesForm | None = None, delegation: DelegationForm | None = None) -> ResponseReturnValue:
    person, found = _person(), _here()
    with database.sessions()() as db:
        open_sessions = found_people.sessions(db, person.id)
        delegations = found_people.delegations(db, person.id)
    chosen = {"language": current_language(), "timezone": str(zone()), "theme": person.theme, "density": person.density}
    page = render_template(
        "account/show.html", person=person, here_id=found.sign_in.id, sessions=open_sessions, delegations=delegations,
        now=found.desk_now, real_now=found.real_now, wrong=bool(preferences or delegation), browser=browser,
        preferences=preferences or PreferencesForm(None, language=current_language(), data=chosen),
        delegation=delegation or DelegationForm(None, language=current_language()),
        needed=identity.needs_second_factor(found.actor.roles),
    )  # fmt: skip
    return page, 422 if preferences or delegation else 200


def browser(agent: str) -> str:
    """Return what one calls the browser of a User-Agent: `Firefox, Windows`."""
    names = {"Edg/": "Edge", "Firefox/": "Firefox", "OPR/": "Opera", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux"}
    found = [next((name for sign, name in each.items() if sign in agent), "") for each in (names, systems)]
    return ", ".join(filter(None, found)) or say(t("Another program"))


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
