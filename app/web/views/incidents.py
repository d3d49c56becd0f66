"""One incident: its page for the desk and for whoever has it, and every act on it."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from app.models.incidents import Incident
from app.rules.errors import Invalid
from app.rules.words import Text, t
from app.services import attachments, conversations, incident_details, incidents, reporting, undoing
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import incident_page
from app.web.current import me
from app.web.navigation import looked_at
from app.web.permission import permission
from app.web.redirects import done, undoable

bp = Blueprint("incidents", __name__, url_prefix="/incidents")


@bp.get("/<number>")
@permission("incident.view")
def show(number: str) -> ResponseReturnValue:
    """Show an incident: to the desk with all that belongs to it, to its caller in plain words."""
    looked_at(number)
    return incident_page.page(number)


@bp.get("/<number>/beside")
@permission("incident.view")
def beside(number: str) -> ResponseReturnValue:
    """Show what else its caller has, and what is like it."""
    return incident_page.beside(number)


@bp.post("/<number>/reply")
@permission("incident.reply")
def reply(number: str) -> ResponseReturnValue:
    """Write to everybody on it; the desk may let it wait for the answer, or resolve it, with the same words."""
    then, body = said("then"), said("body")
    if then == "insert":
        return incident_page.page(number, act="reply", inserted=said("canned"))

    def write(uow: UnitOfWork) -> None:
        conversations.answer(uow, number, body, then, code=said("code"), version=version())
        _files(uow, number, public=True)

    words = {"hold": t("Sent. It waits for the answer now."), "resolve": t("%(number)s is resolved.", number=number)}
    return act("reply", number, write, words.get(then, t("Your message was sent.")), _anchor=None if then in words else "composer")


@bp.post("/<number>/notes")
@permission("incident.note")
def note(number: str) -> ResponseReturnValue:
    """Write down what only those who work here read."""

    def write(uow: UnitOfWork) -> None:
        conversations.note_internally(uow, number, said("body"))
        _files(uow, number, public=False)

    return act("note", number, write, t("Your note is there; only those who work here see it."), _anchor="composer")


@bp.post("/<number>/take")
@permission("incident.start")
def take(number: str) -> ResponseReturnValue:
    """Make it mine."""
    return act("take", number, lambda uow: incidents.take(uow, number, version=version()), t("%(number)s is yours now.", number=number))


@bp.post("/<number>/start")
@permission("incident.start")
def start(number: str) -> ResponseReturnValue:
    """Begin to work on what somebody has."""
    return act("start", number, lambda uow: incidents.start(uow, number, version=version()), t("%(number)s is in progress.", number=number))


@bp.post("/<number>/assign")
@permission("incident.assign")
def assign(number: str) -> ResponseReturnValue:
    """Give it to a member of its team."""
    person = request.form.get("assignee", 0, type=int)
    return act("assign", number, lambda uow: incidents.assign(uow, number, person, version=version()), t("%(number)s was given on.", number=number))


@bp.post("/<number>/hand-over")
@permission("incident.assign")
def hand_over(number: str) -> ResponseReturnValue:
    """Give it to another team."""
    team, why = said("team"), said("body")
    return act("hand_over", number, lambda uow: incidents.hand_over(uow, number, team, why, version=version()), t("%(number)s was given on.", number=number))


@bp.post("/<number>/hold")
@permission("incident.hold")
def hold(number: str) -> ResponseReturnValue:
    """Let it wait for something."""
    reason, words = said("reason"), said("comment")
    return act("hold", number, lambda uow: incidents.hold(uow, number, reason, words, version=version()), t("%(number)s is on hold.", number=number))


@bp.post("/<number>/resume")
@permission("incident.resume")
def resume(number: str) -> ResponseReturnValue:
    """Take it up again."""
    return act("resume", number, lambda uow: incidents.resume(uow, number, version=version()), t("%(number)s is in progress.", number=number))


@bp.post("/<number>/resolve")
@permission("incident.resolve")
def resolve(number: str) -> ResponseReturnValue:
    """Say that it works again."""
    code, notes = said("code"), said("notes")
    return act("resolve", number, lambda uow: incidents.resolve(uow, number, code, notes, version=version()), t("%(number)s is resolved.", number=number))


@bp.post("/<number>/undo")
@permission("incident.undo")
def undo(number: str) -> ResponseReturnValue:
    """Take back what I just did, within seconds."""
    with unit_of_work(me()) as uow:
        draft = undoing.undo(uow, number, request.form.get("step", 0, type=int), tag=said("tag"))
    if draft:
        return done(t("Taken back. Nothing was sent; your words are a draft again."), "incidents.show", number=number, _anchor=f"{draft}-body")
    if "queue" in request.form:
        return done(t("Taken back."), "queues.show", _anchor=number, **request.args.to_dict(flat=False))
    return done(t("Taken back."), "incidents.show", number=number)


@bp.post("/<number>/reopen")
@permission("incident.reopen")
def reopen(number: str) -> ResponseReturnValue:
    """Say that it does not work after all."""
    return act("reopen", number, lambda uow: incidents.reopen(uow, number, said("body"), version=version()), t("%(number)s is open again.", number=number))


@bp.post("/<number>/close")
@permission("incident.close")
def close(number: str) -> ResponseReturnValue:
    """Confirm that it works."""
    return act("close", number, lambda uow: incidents.close(uow, number, version=version()), t("Thank you. %(number)s is closed.", number=number))


@bp.post("/<number>/cancel")
@permission("incident.cancel")
def cancel(number: str) -> ResponseReturnValue:
    """Cancel it, or mark it as a duplicate."""
    why, reason, other = said("why"), said("body"), said("other") or None
    return act("cancel", number, lambda uow: incidents.cancel(uow, number, why, reason, other=other, version=version()), t("%(number)s was cancelled.", number=number))


@bp.post("/<number>/follow-up")
@permission("incident.follow")
def follow_up(number: str) -> ResponseReturnValue:
    """Open a new one that follows what is over."""
    try:
        with unit_of_work(me()) as uow:
            new = reporting.follow_up(uow, number, said("body"), submission_key=said("submission_key") or None).number
    except Invalid as wrong:
        return incident_page.page(number, wrong, "follow"), 422
    return done(t("%(number)s is there; it follows the one before.", number=new), ".show", number=new)


@bp.post("/<number>/weigh")
@permission("incident.change")
def weigh(number: str) -> ResponseReturnValue:
    """Change impact and urgency, from which priority follows, saying why."""
    scale: dict[str, Any] = {name: request.form.get(name, 0, type=int) for name in ("impact", "urgency")}
    return act("weigh", number, lambda uow: incident_details.change(uow, number, note=said("note"), **scale, version=version()), t("Saved."))


def act(
    name: str, number: str, do: Callable[[UnitOfWork], object], words: Text, *, told: Mapping[str, str] | None = None, **page: Any
) -> ResponseReturnValue:  # fmt: skip
    """Do one thing to it and show it again; what was wrong stands in its form, with what was typed.

    `told`: what it takes, beside the number of the step, to take it back.
    """
    try:
        with unit_of_work(me()) as uow:
            do(uow)
            step = undoing.offer(uow, number)
    except Invalid as wrong:
        return incident_page.page(number, wrong, name), 422
    if step is not None:
        return undoable(words, url_for("incidents.undo", number=number), {"step": step, **(told or {})}, "incidents.show", number=number, **page)
    return done(words, "incidents.show", number=number, **page)


def said(name: str) -> str:
    """Return what was typed into a field."""
    return request.form.get(name, "")


def version() -> int | None:
    """Return which version of it the page showed."""
    return request.form.get("version", type=int)


def _files(uow: UnitOfWork, number: str, *, public: bool) -> None:
    for sent in request.files.getlist("file"):
        if sent.filename:
            attachments.store(uow, uow.get(Incident, number), sent.filename, sent.stream, public=public)
