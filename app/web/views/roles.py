"""Roles: what each may do, as config/roles.toml says, and who holds it."""

from itertools import groupby

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.queries import people
from app.settings import matrix
from app.unit_of_work import unit_of_work
from app.web.current import me
from app.web.permission import permission

bp = Blueprint("roles", __name__, url_prefix="/roles")


@bp.get("/")
@permission("people.view")
def index() -> ResponseReturnValue:
    """List every role with its holders and permissions."""
    rules = matrix()
    with unit_of_work(me()) as uow:
        found = people.holders(uow.session)
    holders = {role: [person for _, person in rows] for role, rows in groupby(found, lambda row: row[0].role)}
    permissions = {key: sorted(name for name in rules.grants if key in rules.grants[name]) for key in rules.roles}
    return render_template("roles/index.html", roles=rules.roles, holders=holders, permissions=permissions)
