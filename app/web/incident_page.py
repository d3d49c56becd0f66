"""The page of an incident: one for those who work on it, a plainer one for whoever has it."""

from collections.abc import Mapping
from typing import Any, Final

from flask import render_template, request

from app import practice, priorities
from app.models.incidents import Incident
from app.queries import incident_page
from app.rules.errors import Invalid
from app.rules.incidents import Major, closes_at
from app.rules.lifecycle import FINAL, Action, RecordKind, actions
from app.unit_of_work import unit_of_work
from app.web import incident_words, moments
from app.web.allowed import allowed
from app.web.answers import shown
from app.web.current import me, now
from app.web.shown import say

INSIDE: Final = frozenset({"incident.note", "record.timeline"})
ACTS: Final = (
    "start", "assign", "change", "hold", "resume", "resolve", "reopen", "close", "cancel", "follow", "reply", "note", "link", "task", "tag", "watch", "invite",
)  # fmt: skip
FILTERS: Final = ("all", "talk", "changes")
WORDED: Final = {"incident_words": incident_words, "practice": practice.practice, "matrix": priorities.matrix, "SCALE": incident_words.SCALE}


def page(number: str, wrong: Invalid | None = None, act: str = "") -> str:
    """Draw it; with `wrong`, the form of `act` open, as it was sent, and what is wrong with it."""
    which = request.args.get("show", "all")
    which = which if which in FILTERS else "all"
    errors = {name: say(text) for name, text in wrong.fields.items()} if wrong else {}
    with unit_of_work(me()) as uow:
        incident = incident_page.of(uow.session, uow.actor, number)
        may = allowed(uow, incident, *(f"incident.{act}" for act in ACTS), "record.timeline")
        inside = bool(may & INSIDE)
        before = request.args.get("before", type=int)
        told = incident_page.moments(uow.session, incident, inside=inside, which=which, before_id=before)
        values = {
            "incident": incident, "may": may, "can": doable(incident, may, uow.actor.id), "inside": inside, "which": which, "now": now(),
            "parts": incident_page.parts(uow.session, uow.actor, incident, inside=inside), "entries": moments.entries(told),
            "older": told[0].id if len(told) == incident_page.SHOWN else None, "errors": errors, "open_act": act, "typed": request.form,
            "answers": _answers(uow.session, incident), "category": incident_words.category_path(incident.category), **WORDED,
            "ends_at": closes_at(incident.resolved_at, practice.practice().window) if incident.resolved_at else None,
        }  # fmt: skip
        return render_template("incidents/show.html" if inside else "incidents/mine.html", **values)


def doable(incident: Incident, may: frozenset[str], me_id: int | None) -> frozenset[str]:
    """Return which acts the page offers: what the state allows, of what this person may do."""
    state, past = incident.state, _is_past(incident)
    allows = {action.value for action in actions(RecordKind.INCIDENT, state)} - ({Action.REOPEN.value} if past else set())
    open_ = state not in FINAL and state != "resolved"
    if open_:
        allows |= {"assign", "hand_over", "change", "task"}
    if state not in FINAL:
        allows |= {"reply"}
    if state in FINAL or past:
        allows |= {"follow"}
    needs = {"hand_over": "assign"}
    found = {act for act in allows if f"incident.{needs.get(act, act)}" in may}
    if incident.major == Major.ACCEPTED:
        found -= {"close"}
    if open_ and incident.assignee_id != me_id and f"incident.{'start' if state == 'new' else 'assign'}" in may:
        found |= {"take"}
    if incident.assignee_id is None:
        found -= {"start"}
    return frozenset(found | {"note", "link", "tag", "watch", "invite"} & {name.partition(".")[2] for name in may})


def _is_past(incident: Incident) -> bool:
    return incident.resolved_at is not None and incident.state == "resolved" and now() > closes_at(incident.resolved_at, practice.practice().window)


def _answers(session: Any, incident: Incident) -> list[Any]:
    category = practice.practice().categories.get(incident.category or "")
    fields: Mapping[str, Any] = incident.fields
    return shown(session, category.form, fields) if category and fields else []
