"""Services and what they stand on: the list, one with what it hurts when it fails, and its upkeep."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.queries import assets, people
from app.rules.assets import CLASSES, CRITICALITIES, RELATIONS
from app.rules.errors import Invalid
from app.rules.graphs import BOX_HEIGHT, BOX_WIDTH, Place, drawing
from app.rules.words import t
from app.services import assets as services
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web.current import me, now
from app.web.permission import permission
from app.web.redirects import done

bp = Blueprint("assets", __name__, url_prefix="/services")
FIELDS = ("key", "name", "class", "criticality", "owner", "team", "description")


@bp.get("/")
@permission("ci.view")
def index() -> ResponseReturnValue:
    """List services and configuration items."""
    class_, words, retired = request.args.get("class", ""), request.args.get("q", ""), request.args.get("show") == "all"
    with unit_of_work(me()) as uow:
        page = assets.listed(uow.session, class_=class_, words=words, with_retired=retired, bookmark=request.args.get("page"))
        return render_template(
            "assets/index.html", page=page, counts=assets.counted(uow.session), class_=class_, words=words, retired=retired,
            classes=CLASSES, criticalities=CRITICALITIES, teams={row.team.id: row.team for row in people.teams(uow.session, active=None)},
        )  # fmt: skip


@bp.get("/new")
@permission("ci.manage")
def new() -> ResponseReturnValue:
    """Show the form of a new one."""
    return _form({}, {})


@bp.post("/new")
@permission("ci.manage")
def create() -> ResponseReturnValue:
    """Make one."""
    given = _given()
    try:
        with unit_of_work(me()) as uow:
            services.create(uow, given["key"], given["name"], given["class"], **_values(uow, given))
    except Invalid as wrong:
        return _form(given, wrong.fields), 422
    return done(t("%(name)s is known now. Say what it stands on.", name=given["name"]), ".show", key=given["key"])


@bp.get("/<key>")
@permission("ci.view")
def show(key: str) -> ResponseReturnValue:
    """Show one, its neighbours, what fails with it, and what is open about it."""
    with unit_of_work(me()) as uow:
        whole = assets.whole(uow.session, key)
        hurt = assets.impact(uow.session, [whole.item.id])
        return render_template(
            "assets/show.html", whole=whole, item=whole.item, hurt=hurt, graph=drawing([Place(each.id, each.steps, each.through) for each in hurt]),
            box=(BOX_WIDTH, BOX_HEIGHT), records=assets.open_records(uow.session, uow.actor, [whole.item.id]), classes=CLASSES,
            criticalities=CRITICALITIES, relations=RELATIONS, now=now(),
        )  # fmt: skip


@bp.get("/<key>/change")
@permission("ci.manage")
def edit(key: str) -> ResponseReturnValue:
    """Show what is known of one, to change it."""
    with unit_of_work(me()) as uow:
        item = assets.whole(uow.session, key).item
        given = {
            "key": item.key, "name": item.name, "class": item.kind, "criticality": str(item.criticality), "description": item.description,
            "owner": item.owner.login if item.owner else "", "team": item.team.key if item.team else "",
        }  # fmt: skip
        return _form(given, {}, key, is_active=item.active)


@bp.post("/<key>/change")
@permission("ci.manage")
def change(key: str) -> ResponseReturnValue:
    """Change what is known of one."""
    given = _given()
    try:
        with unit_of_work(me()) as uow:
            services.change(uow, key, **_values(uow, given), **{"name": given["name"], "class": given["class"], "active": "active" in request.form})
    except Invalid as wrong:
        return _form(given, wrong.fields, key, is_active="active" in request.form), 422
    return done(t("Saved."), ".show", key=key)


@bp.post("/<key>/relations")
@permission("ci.manage")
def relate(key: str) -> ResponseReturnValue:
    """Say on what it stands, or that it does no more."""
    type_, target = request.form.get("type", ""), request.form.get("target", "").strip()
    with unit_of_work(me()) as uow:
        if "remove" in request.form:
            services.unrelate(uow, key, type_, target)
        else:
            services.relate(uow, key, type_, target)
    return done(t("Saved."), ".show", key=key)


def _given() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in FIELDS}


def _values(uow: UnitOfWork, given: dict[str, str]) -> dict[str, Any]:
    """Return what the service takes; people and teams by id. Invalid where somebody is not known."""
    wrong = {}
    owner = people.by_login(uow.session, given["owner"]) if given["owner"] else None
    team = next((row.team for row in people.teams(uow.session) if row.team.key == given["team"]), None)
    if given["owner"] and owner is None:
        wrong["owner"] = t("Choose somebody from the list.")
    if given["team"] and team is None:
        wrong["team"] = t("Choose one from the list.")
    if wrong:
        raise Invalid(wrong)
    criticality = int(given["criticality"]) if given["criticality"].isdecimal() else 0
    return {
        "criticality": criticality, "owner_id": owner.id if owner else None, "team_id": team.id if team else None,
        "description": given["description"][:2000],
    }  # fmt: skip


def _form(given: dict[str, str], errors: Any, key: str = "", *, is_active: bool = True) -> str:
    with unit_of_work(me()) as uow:
        return render_template(
            "assets/form.html", given=given, errors=errors, key=key, is_active=is_active, classes=CLASSES, criticalities=CRITICALITIES,
            teams=[row.team for row in people.teams(uow.session)],
        )  # fmt: skip
