"""People: the picker's suggestions for everybody; the list, one person, roles and access for administrators."""

from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from app.models.people import Person
from app.queries import people
from app.rules.errors import Invalid, NotFound
from app.rules.words import Text, t
from app.services import accounts
from app.services import people as services
from app.settings import matrix
from app.unit_of_work import unit_of_work
from app.visibility import EMPLOYEE
from app.web.current import me, now
from app.web.permission import holds, permission
from app.web.redirects import done, see_other
from app.web.shown import say

bp = Blueprint("people", __name__, url_prefix="/people")


@bp.get("/suggest")
@permission("people.find")
def suggest() -> ResponseReturnValue:
    """Return the people whose names the words begin, as options of a picker."""
    with unit_of_work(me()) as uow:
        return render_template("people/suggestions.html", found=people.find(uow.session, request.args.get("q", "")))


@bp.get("/")
@permission("people.view")
def index() -> ResponseReturnValue:
    """List people."""
    words, role, active = request.args.get("q", ""), request.args.get("role", ""), request.args.get("show") != "disabled"
    with unit_of_work(me()) as uow:
        page = people.page(uow.session, words, role=role, active=active, bookmark=request.args.get("page", ""))
        roles = people.roles_of(uow.session, [person.id for person in page.people])
        return render_template("people/index.html", page=page, roles=roles, words=words, role=role, active=active, all_roles=matrix().roles)


@bp.get("/new")
@permission("people.manage")
def new() -> ResponseReturnValue:
    """Show the form of a new person."""
    return render_template("people/new.html", given={}, errors={})


@bp.post("/new")
@permission("people.manage")
def create() -> ResponseReturnValue:
    """Bring somebody into the desk."""
    given = {name: request.form.get(name, "") for name in ("login", "name", "email")}
    try:
        with unit_of_work(me()) as uow:
            person = services.create(uow, given["login"], given["name"], email=given["email"] or None)
    except Invalid as wrong:
        return render_template("people/new.html", given=given, errors=wrong.fields, wrong=True), 422
    return done(t("%(name)s was added.", name=person.name), ".show", login=person.login)


@bp.get("/<login>")
@permission("people.view")
def show(login: str) -> ResponseReturnValue:
    """Show one person: who it is, roles, sessions."""
    with unit_of_work(me()) as uow:
        person = _person(uow.session, login)
        roles = people.roles_of(uow.session, [person.id])[person.id]
        free = [role for key, role in matrix().roles.items() if key != EMPLOYEE and key not in {grant.role for grant in roles}]
        sessions = people.sessions(uow.session, person.id) if holds("people.manage") else ()
        return render_template("people/show.html", person=person, roles=roles, free=free, sessions=sessions, now=now(), all_roles=matrix().roles)


@bp.post("/<login>/roles")
@permission("roles.grant")
def grant(login: str) -> ResponseReturnValue:
    """Give a role."""
    return _done(login, t("The role was given."), services.grant, request.form.get("role", ""))


@bp.post("/<login>/roles/revoke")
@permission("roles.grant")
def revoke(login: str) -> ResponseReturnValue:
    """Take a role back."""
    return _done(login, t("The role was taken back."), services.revoke, request.form.get("role", ""))


@bp.post("/<login>/disable")
@permission("people.manage")
def disable(login: str) -> ResponseReturnValue:
    """Let somebody in no more."""
    return _done(login, t("The account is disabled and signed out everywhere."), services.disable)


@bp.post("/<login>/enable")
@permission("people.manage")
def enable(login: str) -> ResponseReturnValue:
    """Let somebody in again."""
    return _done(login, t("The account works again."), services.enable)


@bp.post("/<login>/sign-out")
@permission("people.manage")
def end_sessions(login: str) -> ResponseReturnValue:
    """End all sessions of somebody."""
    return _done(login, t("All sessions were ended."), services.end_sessions)


@bp.post("/<login>/invite")
@permission("people.manage")
def invite(login: str) -> ResponseReturnValue:
    """Mail the link by which somebody with a local account chooses a first password."""
    return _done(login, t("A link to choose a password is on its way."), accounts.invite)


@bp.post("/<login>/second-factor/remove")
@permission("people.manage")
def remove_second_factor(login: str) -> ResponseReturnValue:
    """Take the second factor of somebody away who lost the device."""
    return _done(login, t("The second factor was taken away, and all sessions were ended."), accounts.remove_second_factor)


@bp.post("/<login>/manager")
@permission("people.manage")
def set_manager(login: str) -> ResponseReturnValue:
    """Say who leads somebody; nobody, when left empty."""
    words = request.form.get("manager", "").strip()
    with unit_of_work(me()) as uow:
        manager = _person(uow.session, words).id if words else None
    return _done(login, t("The manager was changed."), services.set_manager, manager)


def _person(session: Any, login: str) -> Person:
    person = people.by_login(session, login)
    if person is None:
        raise NotFound(login)
    return person


def _done(login: str, words: Text, act: Any, *more: Any) -> ResponseReturnValue:
    with unit_of_work(me()) as uow:
        act(uow, _person(uow.session, login).id, *more)
    flash(say(words), "success")
    return see_other(".show", login=login)
