"""The page of an incident: one for those who work on it, a plainer one for whoever has it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import render_template, request

from app import canned, practice, priorities
from app.closure import closing
from app.models.incidents import Incident
from app.queries import assets, due, incident_page, neighbours
from app.queries.timeline import Moment
from app.rules import closure
from app.rules.assets import CLASSES, CRITICALITIES
from app.rules.closure import Outcome, closes_at
from app.rules.errors import Forbidden, Invalid
from app.rules.graphs import BOX_HEIGHT, BOX_WIDTH, Place, drawing
from app.rules.incidents import Major
from app.rules.lifecycle import FINAL, Action, RecordKind, actions
from app.rules.mentions import filled
from app.rules.surveys import FACES
from app.rules.words import t
from app.services import visits
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import category_form, incident_words, moments
from app.web.allowed import allowed
from app.web.answers import shown
from app.web.current import me, now
from app.web.preferences import current_language
from app.web.shown import say

INSIDE: Final = frozenset({"incident.note", "record.timeline"})
ACTS: Final = (
    "start", "assign", "change", "hold", "resume", "resolve", "reopen", "close", "cancel", "follow", "reply", "note", "call", "link", "task", "tag", "watch", "invite", "waive_review",
)  # fmt: skip
UPDATE: Final = "incident.major_update"
FILTERS: Final = ("all", "talk", "changes")
WORDED: Final = {"closing": closing, "check_names": closure.NAMES, "check_mends": closure.MENDS, "incident_words": incident_words, "practice": practice.practice, "matrix": priorities.matrix}


def page(number: str, wrong: Invalid | None = None, act: str = "", inserted: str = "") -> str:
    """Draw it; with `act`, its form open, as it was sent, and `wrong`, what is wrong with it; `inserted`: a canned answer."""
    which = request.args.get("show", "all")
    which = which if which in FILTERS else "all"
    errors = {name: say(text) for name, text in wrong.fields.items()} if wrong else {}
    with unit_of_work(me(), now=now()) as uow:
        incident = incident_page.of(uow.session, uow.actor, number)
        may = allowed(uow, incident, *(f"incident.{act}" for act in ACTS), "record.timeline", "survey.view", "record.log_time")
        inside = bool(may & INSIDE)
        before = request.args.get("before", type=int)
        told = incident_page.moments(uow.session, incident, inside=inside, which=which, before_id=before)
        parts = incident_page.parts(uow.session, uow.actor, incident, inside=inside)
        since = parts.since if not told or before or request.headers.get("HX-Request") else visits.note(uow, incident, told[-1].id)
        ready = answers_for(incident, uow.actor.name) if inside else []
        values = {
            "incident": incident, "may": may, "can": doable(incident, may, uow.actor.id, is_returned=bool(parts.review) and parts.review.state == Outcome.RETURNED), "inside": inside, "which": which, "now": now(),
            "parts": parts, "entries": moments.entries(in_one_language(told)), "since": since, "canned": ready,
            "older": told[0].id if len(told) == incident_page.SHOWN else None, "errors": errors, "open_act": act, "typed": request.form,
            "answers": _answers(uow.session, incident), "category": incident_words.category_path(incident.category), **WORDED,
            "ends_at": closes_at(incident.resolved_at, closing().window) if incident.resolved_at else None,
            "faces": FACES,
            "texts": _texts(parts.drafts, act, inserted, ready),
        }  # fmt: skip
        if not inside:
            promise = due.promised(uow.session, [incident.id]).get(incident.id)
            return render_template("incidents/mine.html", **values, promise=promise)
        return render_template("incidents/show.html", **values, **_around(uow, incident, parts, act))


def in_one_language(told: Sequence[Moment]) -> list[Moment]:
    """Leave out the update to everybody affected that is there in the reader's language, too."""
    mine = current_language()
    there = {moment.at for moment in told if moment.name == UPDATE and moment.after.get("language") == mine}
    return [moment for moment in told if moment.name != UPDATE or moment.at not in there or moment.after.get("language") == mine]


def _texts(drafts: Mapping[str, str], act: str, inserted: str, ready: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """What stands in the boxes: what was sent and came back, else what was kept; with a canned answer behind it."""
    texts = {kind: request.form.get("body", "") if act == kind else drafts.get(kind, "") for kind in ("reply", "note")}
    if more := next((text for key, _, text in ready if key == inserted), ""):
        texts["reply"] = "\n\n".join(filter(None, (texts["reply"].strip(), more)))
    return texts


def answers_for(incident: Incident, mine: str) -> list[tuple[str, str, str]]:
    """Return the canned answers of the incident's team with their gaps filled: key, name, text in the caller's language."""
    caller, team = incident.requester, incident.team
    language = (caller.language if caller else None) or current_language()
    values = {
        "caller": (caller.given_name or caller.name) if caller else "", "number": incident.number, "title": incident.title, "me": mine,
        "team": (team.name_pt if language == "pt" else team.name) if team else "",
    }  # fmt: skip
    fitting = (each for each in canned.answers() if each.team in ("", team.key if team else ""))
    return [(each.key, say(each.name), filled(each.text.get(language) or each.text["en"], values)) for each in fitting]


def _around(uow: UnitOfWork, incident: Incident, parts: incident_page.Parts, act: str) -> dict[str, Any]:
    """What stands around it, for those who work on it: its caller's other records, what is like it, what fails with it."""
    about = [item.id for item in parts.about]
    hurt = assets.impact(uow.session, about)
    posted = request.form if act == "describe" else None
    asked = category_form.questions(uow, incident.category, posted, incident.fields)
    return {
        "hurt": hurt, "graph": drawing([Place(each.id, each.steps, each.through) for each in hurt]) if hurt else None, "box": (BOX_WIDTH, BOX_HEIGHT),
        "classes": CLASSES, "criticalities": CRITICALITIES, "beside": _neighbours(uow, incident, about) if "beside" in request.args else None, "asked": asked, "categories": category_form.options(),
        "link_types": [(key, words[0]) for key, words in incident_words.LINKS.items()],
    }  # fmt: skip


def beside(number: str) -> str:
    """Draw what stands beside it: a part of its page that comes after the page."""
    with unit_of_work(me()) as uow:
        incident = incident_page.of(uow.session, uow.actor, number)
        if not allowed(uow, incident, *INSIDE):
            raise Forbidden(t("You may not do this."))
        return render_template("incidents/neighbours.html", beside=_neighbours(uow, incident, assets.about(uow.session, incident.id)))


def _neighbours(uow: UnitOfWork, incident: Incident, about: Sequence[int]) -> neighbours.Beside:
    return neighbours.of(
        uow.session, uow.actor, person_id=incident.requester_id, words=incident.title, category=incident.category, cis=about, besides=incident.id,
    )  # fmt: skip


def doable(incident: Incident, may: frozenset[str], me_id: int | None, *, is_returned: bool = False) -> frozenset[str]:
    """Return which acts the page offers: what the state allows, of what this person may do."""
    state, past = incident.state, _is_past(incident)
    allows = {action.value for action in actions(RecordKind.INCIDENT, state)} - ({Action.REOPEN.value} if past else set())
    open_ = state not in FINAL and state != "resolved"
    if open_:
        allows |= {"assign", "hand_over", "change", "task"}
    elif is_returned:
        allows |= {"change"}
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
    return frozenset(found | {"note", "call", "link", "tag", "watch", "invite"} & {name.partition(".")[2] for name in may})


def _is_past(incident: Incident) -> bool:
    return incident.resolved_at is not None and incident.state == "resolved" and now() > closes_at(incident.resolved_at, closing().window)


def _answers(session: Any, incident: Incident) -> list[Any]:
    category = practice.practice().categories.get(incident.category or "")
    fields: Mapping[str, Any] = incident.fields
    return shown(session, category.form, fields) if category and fields else []
