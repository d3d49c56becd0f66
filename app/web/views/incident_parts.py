"""What hangs on an incident: its category, what is affected, links, family, tasks, tags, watchers, drafts; merging and splitting."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.forms.catalog import PREFIX
from app.models.incidents import Incident
from app.queries import assets, live, people
from app.queries.choices import Choices
from app.rules.errors import Invalid, NotFound
from app.rules.words import t
from app.services import (
    affected,
    calls,
    conversations,
    families,
    incident_details,
    incidents,
    merging,
    records,
    relations,
    tags,
    watching,
)
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import category_form, markdown
from app.web.current import me
from app.web.permission import permission
from app.web.redirects import done, see_other
from app.web.views.incidents import act, said, version

bp = Blueprint("incident_parts", __name__, url_prefix="/incidents")


@bp.post("/<number>/describe")
@permission("incident.change")
def describe(number: str) -> ResponseReturnValue:
    """Change title, category, and what the category asks."""
    category = said("category") or None

    def change(uow: UnitOfWork) -> None:
        form = category_form.questions(uow, category, request.form)
        asked = {name for name in request.form if name.startswith(PREFIX)}
        fields = category_form.answers(form) if asked else {}
        incident_details.change(uow, number, title=said("title"), category=category, fields=fields if category else None, version=version())

    return act("describe", number, change, t("Saved."), _anchor="incident-context")


@bp.post("/<number>/affected")
@permission("incident.change")
def affect(number: str) -> ResponseReturnValue:
    """Name one more thing that is affected, or take one off the list."""
    more, less = said("add").strip(), said("drop")

    def change(uow: UnitOfWork) -> None:
        if not more and not less:
            raise Invalid({"add": t("Choose one from the list.")})
        found = uow.get(Incident, number)
        keys = [key for key in affected.keys(uow, found) if key != less]
        try:
            incident_details.change(uow, number, cis=[*keys, more] if more else keys, version=version())
        except Invalid as wrong:
            raise Invalid({"add": next(iter(wrong.fields.values()))}) from wrong

    return act("affect", number, change, t("Saved."), _anchor="incident-context")


@bp.get("/affected/suggest")
@permission("ci.view")
def suggest() -> ResponseReturnValue:
    """Return services and configuration items that fit, as options of a picker."""
    words = request.args.get("q", "")
    with unit_of_work(me()) as uow:
        found = assets.listed(uow.session, words=words, per_page=8).rows if words.strip() else []
        return render_template("incidents/suggestions.html", found=found)


@bp.post("/<number>/links")
@permission("incident.link")
def link(number: str) -> ResponseReturnValue:
    """Link it to another record, or take a link back."""
    type_, other = said("type"), said("other")

    def change(uow: UnitOfWork) -> None:
        try:
            if said("drop"):
                relations.remove(uow, number, type_, other)
            else:
                relations.add(uow, number, type_, other)
        except NotFound as gone:
            raise Invalid({"other": t("There is no such record, or you may not see it.")}) from gone

    return act("link", number, change, t("Saved."), _anchor="incident-context")


@bp.post("/<number>/family")
@permission("incident.link")
def family(number: str) -> ResponseReturnValue:
    """Make it part of another incident, or let it go."""
    parent = said("parent").strip().upper()

    def change(uow: UnitOfWork) -> None:
        try:
            families.adopt(uow, number, parent) if parent else families.release(uow, number)
        except NotFound as gone:
            raise Invalid({"parent": t("There is no such record, or you may not see it.")}) from gone

    return act("family", number, change, t("Saved."), _anchor="incident-context")


@bp.post("/<number>/tasks")
@permission("incident.task")
def task(number: str) -> ResponseReturnValue:
    """Give a team a part of the work."""

    def change(uow: UnitOfWork) -> None:
        incidents.add_task(uow, number, said("title"), said("team"), instructions=said("instructions"), mandatory="mandatory" in request.form)

    return act("task", number, change, t("The team has it."), _anchor="incident-context")


@bp.post("/<number>/tags")
@permission("incident.tag")
def tag(number: str) -> ResponseReturnValue:
    """Put a tag on it, or take one off."""

    drop, told = said("drop"), {}

    def change(uow: UnitOfWork) -> None:
        told["tag"] = tags.remove(uow, number, drop) if drop else tags.add(uow, number, said("tag"))

    return act("tag", number, change, t("The tag is gone.") if drop else t("The tag is there."), told=told, _anchor="incident-context")


@bp.post("/<number>/watch")
@permission("incident.watch")
def watch(number: str) -> ResponseReturnValue:
    """Be told how it goes on, or no more."""
    leaves, still = said("leave"), [number]

    def change(uow: UnitOfWork) -> None:
        watching.leave(uow, number) if leaves else watching.watch(uow, number)
        uow.session.flush()
        still[:] = live.visible(uow.session, uow.actor, [number])

    words = t("You are told no more.") if leaves else t("You are told how it goes on.")
    answer = act("watch", number, change, words, _anchor="incident-context")
    return answer if still else see_other("portal.home")


@bp.post("/<number>/watchers")
@permission("incident.invite")
def invite(number: str) -> ResponseReturnValue:
    """Let somebody else watch it, or take somebody off the list."""

    def change(uow: UnitOfWork) -> None:
        if said("drop"):
            watching.remove(uow, number, request.form.get("drop", 0, type=int))
            return
        found = Choices(uow.session).people(said("person"))
        person = people.by_login(uow.session, found[0][0]) if len(found) == 1 else None
        if person is None:
            raise Invalid({"person": t("Several people fit. Choose one of them.") if found else t("Choose somebody from the list.")})
        watching.invite(uow, number, person.id)

    return act("invite", number, change, t("This person watches it no more.") if said("drop") else t("This person watches it now."), _anchor="incident-context")


@bp.post("/<number>/draft")
@permission("incident.view")
def draft(number: str) -> ResponseReturnValue:
    """Keep what was typed so far into the reply, or with `?kind=note` into the note; the page does so by itself while one types."""
    kind = "note" if request.args.get("kind") == "note" else "reply"
    with unit_of_work(me()) as uow:
        conversations.keep_draft(uow, number, kind, said("body"))
    if request.headers.get("X-Autosave"):
        return "", 204
    return done(t("Kept. You can go on whenever you like."), "incidents.show", number=number, _anchor="composer")


@bp.post("/<number>/preview")
@permission("incident.view")
def preview(number: str) -> ResponseReturnValue:
    """Show what was typed as it will be read."""
    with unit_of_work(me()) as uow:
        uow.get(Incident, number, lock=False)
    return markdown.html(records.clean(said("body")))


@bp.post("/<number>/merge")
@permission("incident.link")
def merge(number: str) -> ResponseReturnValue:
    """Let another incident stand for this one."""
    into = said("into").strip().upper()

    def change(uow: UnitOfWork) -> None:
        try:
            merging.merge(uow, number, into, said("body"), version=version())
        except NotFound as gone:
            raise Invalid({"into": t("There is no such record, or you may not see it.")}) from gone

    return act("merge", number, change, t("%(number)s stands for it now.", number=into))


@bp.post("/<number>/split")
@permission("incident.link")
def split(number: str) -> ResponseReturnValue:
    """Make a second incident of a part of it."""
    made: list[str] = []

    def change(uow: UnitOfWork) -> None:
        made.append(merging.split(uow, number, said("title"), note_id=request.form.get("note", type=int), submission_key=said("submission_key") or None).number)

    answer = act("split", number, change, t("Saved."))
    return see_other("incidents.show", number=made[0]) if made else answer


@bp.post("/<number>/calls")
@permission("incident.call")
def call(number: str) -> ResponseReturnValue:
    """Write down a call; in one click its recap goes to the caller."""
    recap = said("then") == "recap"
    words = t("Written down and sent.") if recap else t("The call is written down; only those who work here see it.")
    return act("call", number, lambda uow: calls.log(uow, number, said("body"), said("channel"), recap=recap), words)
