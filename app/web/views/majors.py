"""Major incidents: the list, the page of one, and every act on it; and the banner that everybody affected sees."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, g, render_template, request
from flask.typing import ResponseReturnValue

from app.queries import major_page as queries
from app.queries import majors as known
from app.queries.majors import Known
from app.rules.errors import Invalid
from app.rules.words import Text, t
from app.services import incidents, major_reports, major_updates, majors
from app.services.majors import Terms
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import major_page
from app.web.current import current_actor, me, now
from app.web.navigation import WAITING, looked_at, waiting
from app.web.permission import permission
from app.web.redirects import done

bp = Blueprint("majors", __name__)
HERE = "majors.show"
WAITING[HERE] = known.count  # asked with what waits behind the links: most pages ask nothing more


@bp.record_once
def _register(state: Any) -> None:
    application: Flask = state.app
    application.jinja_env.globals.update(outages_here=outages_here, now_here=now)


def outages_here() -> list[Known]:
    """Return the major incidents that affect the reader: one more question only where there is one."""
    if current_actor() is None or not waiting(HERE):
        return []
    if "outages" not in g:
        with unit_of_work(me()) as uow:
            g.outages = known.concerning(uow.session, uow.actor)
    found: list[Known] = g.outages
    return found


@bp.get("/outages")
@permission("portal.use")
def outages() -> ResponseReturnValue:
    """Show what does not work now: a part of every page, when it has changed; `?besides=` leaves one out, whose page it is."""
    return render_template("frame/outages.html")


@bp.get("/incidents/major")
@permission("major.view")
def index() -> ResponseReturnValue:
    """List what goes on now, or all there ever was."""
    everything = request.args.get("show") == "all"
    with unit_of_work(me()) as uow:
        page = queries.listed(uow.session, uow.actor, now_only=not everything, bookmark=request.args.get("page"))
        return render_template("majors/index.html", page=page, everything=everything, now=now())


@bp.get("/incidents/<number>/major")
@permission("incident.view")
def show(number: str) -> ResponseReturnValue:
    """Show one to those who lead it, or in plain words to those it affects."""
    looked_at(number)
    return major_page.page(number)


@bp.post("/incidents/<number>/major/propose")
@permission("incident.propose_major")
def propose(number: str) -> ResponseReturnValue:
    """Put it before those who decide."""
    reason, impact = said("reason"), said("impact")
    return act("propose", number, lambda uow: majors.propose(uow, number, reason, impact, version=version()), t("Proposed. Those who decide were told."))


@bp.post("/incidents/<number>/major/accept")
@permission("incident.accept_major")
def accept(number: str) -> ResponseReturnValue:
    """Take it on, with those who lead it."""
    reason, impact = said("reason"), said("impact")
    return act("accept", number, lambda uow: majors.accept(uow, number, _terms(), reason=reason, impact=impact, version=version()),
               t("It is a major incident. Those you named were told."))  # fmt: skip


@bp.post("/incidents/<number>/major/appoint")
@permission("incident.accept_major")
def appoint(number: str) -> ResponseReturnValue:
    """Name others."""
    return act("appoint", number, lambda uow: majors.appoint(uow, number, _terms(), version=version()), t("Saved."))


@bp.post("/incidents/<number>/major/reject")
@permission("incident.reject_major")
def reject(number: str) -> ResponseReturnValue:
    """Say that it is none."""
    return act("reject", number, lambda uow: majors.reject(uow, number, said("body"), version=version()), t("Rejected. Whoever proposed it was told."))


@bp.post("/incidents/<number>/major/demote")
@permission("incident.demote_major")
def demote(number: str) -> ResponseReturnValue:
    """Make it one like others again."""
    return act("demote", number, lambda uow: majors.demote(uow, number, said("body"), version=version()), t("It is an incident like others again."))


@bp.post("/incidents/<number>/major/updates")
@permission("incident.tell_affected")
def tell(number: str) -> ResponseReturnValue:
    """Tell everybody affected."""
    key, minutes = said("submission_key") or None, request.form.get("minutes", type=int)
    return act("tell", number, lambda uow: major_updates.write(uow, number, said("words"), said("words_pt"), minutes=minutes, submission_key=key),
               t("Everybody affected is told."))  # fmt: skip


@bp.post("/incidents/<number>/major/log")
@permission("incident.tell_affected")
def log(number: str) -> ResponseReturnValue:
    """Write down what happens."""
    return act("log", number, lambda uow: major_updates.log(uow, number, said("body")), t("Written down."))


@bp.post("/incidents/<number>/major/report")
@permission("incident.write_report")
def write(number: str) -> ResponseReturnValue:
    """Store the next version of the report."""
    base = request.form.get("base", 0, type=int)
    return act("write", number, lambda uow: major_reports.write(uow, number, said("report"), base), t("The next version of the report is stored."))


@bp.post("/incidents/<number>/major/file")
@permission("incident.file_report")
def file(number: str) -> ResponseReturnValue:
    """Be content with the report."""
    return act("file", number, lambda uow: major_reports.file(uow, number), t("The report is filed. %(number)s can be closed now.", number=number))


@bp.post("/incidents/<number>/major/close")
@permission("incident.close")
def close(number: str) -> ResponseReturnValue:
    """Close it for good."""
    return act("close", number, lambda uow: incidents.close(uow, number, version=version()), t("%(number)s is closed.", number=number))


def act(name: str, number: str, do: Callable[[UnitOfWork], Any], words: Text) -> ResponseReturnValue:
    """Do one thing to it and show it again; what was wrong stands in its form, with what was typed."""
    try:
        with unit_of_work(me()) as uow:
            do(uow)
    except Invalid as wrong:
        return major_page.page(number, wrong, name), 422
    return done(words, ".show", number=number)


def said(name: str) -> str:
    """Return what was typed into a field."""
    return request.form.get(name, "")


def version() -> int | None:
    """Return which version of it the page showed."""
    return request.form.get("version", type=int)


def _terms() -> Terms:
    commander, communicator, scribe = (request.form.get(name, 0, type=int) for name in ("commander", "communicator", "scribe"))
    return Terms(commander, communicator, scribe, headline=said("headline"), headline_pt=said("headline_pt"), everybody=bool(said("everybody")))
