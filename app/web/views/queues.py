"""Queues of incidents: what is open, whose, and in which order; the address says it all, so it can be sent to somebody."""

from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.practice import practice
from app.queries import incident_page, people, queues
from app.rules.bulk import WAYS
from app.rules.errors import NotFound
from app.rules.incidents import Hold
from app.rules.queues import COLUMNS, FILTERED, INCIDENT_STATES, NAMES, SORTS, Queue, Wanted, read
from app.rules.words import t
from app.services import incident_details, incidents, undoing, views
from app.unit_of_work import unit_of_work
from app.web import incident_words, navigation, table_file
from app.web.allowed import allowed
from app.web.current import me, now
from app.web.permission import permission
from app.web.preferences import current_language, zone
from app.web.redirects import done, undoable
from app.web.shown import say, state_look

bp = Blueprint("queues", __name__, url_prefix="/incidents")
EXPORTED: Final = 20_000
COUNTED_VIEWS: Final = 12
PANEL_ACTS: Final = ("incident.start", "incident.assign", "incident.change", "incident.hold", "incident.resume", "incident.resolve")
navigation.WAITING["queues.show"] = queues.mine_waiting


@bp.get("/")
@permission("work.view")
def show() -> ResponseReturnValue:
    """Show a queue."""
    wanted = _wanted()
    with unit_of_work(me()) as uow:
        page = queues.listed(uow.session, uow.actor, wanted, bookmark=request.args.get("page"))
        saved = views.seen(uow.session, uow.actor)[:COUNTED_VIEWS]
        kept = [(view, view_of(view.arguments)) for view in saved]
        teams = people.team_names(uow.session)
        return render_template(
            "queues/show.html", page=page, wanted=wanted, counts=queues.counts(uow.session, uow.actor), names=NAMES, sorts=SORTS, columns=COLUMNS,
            states=INCIDENT_STATES, teams=teams, own_teams=[team for team in teams if team.id in uow.actor.team_ids], practice=practice(), Queue=Queue,
            views=list(zip(kept, queues.counted(uow.session, uow.actor, [each for _, each in kept]), strict=True)), filtered=FILTERED, ways=WAYS, now=now(),
        )  # fmt: skip


@bp.get("/export.<kind>")
@permission("work.view")
def export(kind: str) -> ResponseReturnValue:
    """Give the queue as it is seen as a file: csv or xlsx, at most EXPORTED rows."""
    if kind not in {"csv", "xlsx"}:
        raise NotFound(kind)
    wanted = _wanted()
    with unit_of_work(me()) as uow:
        rows = queues.everything(uow.session, uow.actor, wanted, limit=EXPORTED)
    file = table_file.csv_of if kind == "csv" else table_file.xlsx_of
    return file("incidents", [say(COLUMNS[name]) for name in wanted.shown], ([_cell(row, name, kind) for name in wanted.shown] for row in rows))


@bp.post("/views")
@permission("work.view")
def save_view() -> ResponseReturnValue:
    """Keep the queue as it is seen under a name."""
    wanted = read({name: request.form.getlist(name) for name in request.form})
    scope, _, team = request.form.get("scope", "mine").partition(":")
    with unit_of_work(me()) as uow:
        views.save(uow, request.form.get("name", ""), wanted.arguments(), scope=scope, team=team)
    return done(t("The view was saved."), ".show", **wanted.arguments())


@bp.post("/views/<int:view_id>/remove")
@permission("work.view")
def remove_view(view_id: int) -> ResponseReturnValue:
    """Take an own view away."""
    with unit_of_work(me()) as uow:
        views.remove(uow, view_id)
    return done(t("The view was taken away."), ".show")


@bp.get("/<number>/panel")
@permission("work.view")
def panel(number: str) -> ResponseReturnValue:
    """Show an incident beside the queue: what it is about, what was said last, and what can be changed at once."""
    with unit_of_work(me()) as uow:
        incident = incident_page.of(uow.session, uow.actor, number)
        may = allowed(uow, incident, *PANEL_ACTS, "record.timeline")
        inside = "record.timeline" in may
        parts = incident_page.parts(uow.session, uow.actor, incident, inside=inside)
        said = incident_page.moments(uow.session, incident, inside=inside, which="talk")[-3:]
        return render_template("queues/panel.html", incident=incident, may=may, parts=parts, said=said, practice=practice(), incident_words=incident_words, now=now())


@bp.post("/<number>/quick")
@permission("work.view")
def quick(number: str) -> ResponseReturnValue:
    """Change one thing of it from the queue; the service decides who may."""
    what, value, note = (request.form.get(name, "") for name in ("what", "value", "note"))
    version, queue = request.form.get("version", type=int), read({name: request.args.getlist(name) for name in request.args}).arguments()
    with unit_of_work(me()) as uow:
        match what:
            case "take":
                incidents.take(uow, number, version=version)
            case "assignee":
                incidents.assign(uow, number, int(value) if value.isdecimal() else 0, version=version)
            case "team":
                incidents.hand_over(uow, number, value, note, version=version)
            case "category":
                incident_details.change(uow, number, category=value, fields={}, version=version)
            case "impact" | "urgency":
                scale: dict[str, Any] = {what: int(value) if value.isdecimal() else 0}
                incident_details.change(uow, number, note=note, version=version, **scale)
            case "state" if value == "in_progress":
                incidents.resume(uow, number, version=version)
            case "state" if value == Hold.VENDOR:
                incidents.hold(uow, number, value, note, version=version)
            case _:
                raise NotFound(what)
        step = undoing.offer(uow, number)
    words = t("%(number)s was changed.", number=number)
    if step is None:
        return done(words, ".show", _anchor=number, **queue)
    return undoable(words, url_for("incidents.undo", number=number, **queue), {"step": step, "queue": 1}, ".show", _anchor=number, **queue)


def view_of(arguments: dict[str, Any]) -> Wanted:
    """Return what a saved view shows."""
    return read({name: [str(each) for each in value] if isinstance(value, list) else [str(value)] for name, value in arguments.items()})


def _wanted() -> Wanted:
    wanted = read(request.args.to_dict(flat=False))
    if "show" not in request.args and not wanted.is_filtered:
        return read({"show": [Queue.TEAM.value], "sort": ["priority"], "columns": request.args.getlist("columns")})
    return wanted


def _cell(row: Any, name: str, kind: str) -> Any:
    """Return a cell as a file has it: the words that are seen, times on the reader's clock."""
    if name in {"opened", "updated", "due"}:
        at = {"opened": row.opened_at, "updated": row.updated_at, "due": row.next_due_at}[name]
        if at is None:
            return ""
        at = at.astimezone(zone())
        return at if kind == "xlsx" else at.strftime("%Y-%m-%d %H:%M")
    known: dict[str, Any] = {
        "number": row.number, "title": row.title, "priority": f"P{row.priority}", "state": say(state_look(row.state).word), "who": row.assignee,
        "team": row.team_name_pt if current_language() == "pt" else row.team_name, "caller": row.requester, "category": row.category, "service": row.service,
    }  # fmt: skip
    return known[name]
