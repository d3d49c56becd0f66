"""Teams and who is in them."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.queries import people
from app.queries.people import TeamRow
from app.rules.errors import Invalid, NotFound
from app.rules.words import t
from app.services import teams as services
from app.unit_of_work import unit_of_work
from app.web.current import me
from app.web.permission import permission
from app.web.redirects import done

bp = Blueprint("teams", __name__, url_prefix="/teams")
NEW = ("key", "name", "name_pt", "email")


@bp.get("/")
@permission("people.view")
def index() -> ResponseReturnValue:
    """List the teams."""
    with unit_of_work(me()) as uow:
        return render_template("teams/index.html", rows=people.teams(uow.session, active=None))


@bp.get("/new")
@permission("teams.manage")
def new() -> ResponseReturnValue:
    """Show the form of a new team."""
    return render_template("teams/new.html", given={}, errors={})


@bp.post("/new")
@permission("teams.manage")
def create() -> ResponseReturnValue:
    """Make a team."""
    given = {name: request.form.get(name, "").strip() for name in NEW}
    try:
        with unit_of_work(me()) as uow:
            services.create(uow, given["key"], given["name"], given["name_pt"], email=given["email"] or None)
    except Invalid as wrong:
        return render_template("teams/new.html", given=given, errors=wrong.fields, wrong=True), 422
    return done(t("The team was made. Now add its members."), ".show", key=given["key"])


@bp.get("/<key>")
@permission("people.view")
def show(key: str) -> ResponseReturnValue:
    """Show a team and its members."""
    with unit_of_work(me()) as uow:
        row = _row(uow.session, key)
        return render_template("teams/show.html", row=row, members=people.members(uow.session, row.team.id))


@bp.post("/<key>/members")
@permission("teams.manage")
def add(key: str) -> ResponseReturnValue:
    """Put somebody into the team."""
    with unit_of_work(me()) as uow:
        person = people.by_login(uow.session, request.form.get("person", ""))
        if person is None:
            raise Invalid({"person": t("Choose somebody from the list.")})
        services.add_member(uow, key, person.id)
    return done(t("%(name)s is in the team now.", name=person.name), ".show", key=key)


@bp.post("/<key>/members/remove")
@permission("teams.manage")
def remove(key: str) -> ResponseReturnValue:
    """Take somebody out of the team."""
    with unit_of_work(me()) as uow:
        services.remove_member(uow, key, request.form.get("person_id", 0, type=int))
    return done(t("The person left the team."), ".show", key=key)


@bp.post("/<key>/lead")
@permission("teams.manage")
def lead(key: str) -> ResponseReturnValue:
    """Say who leads the team."""
    with unit_of_work(me()) as uow:
        services.set_lead(uow, key, request.form.get("person_id", type=int))
    return done(t("The team has a new lead."), ".show", key=key)


def _row(session: Any, key: str) -> TeamRow:
    row = next((row for row in people.teams(session, active=None) if row.team.key == key), None)
    if row is None:
        raise NotFound(key)
    return row
