"""Worked time of a record: what was written down, one's timer, and the forms for both. Only those who work on it see it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.forms.work_time import StopForm, TimeForm
from app.queries import record_clocks, work_time
from app.rules.errors import Forbidden, Invalid, NotFound
from app.rules.words import Text, t
from app.services import timers
from app.services import work_time as services
from app.services.work_time import ALLOWED, KINDS, OF_OTHERS, Work
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web.allowed import allowed
from app.web.current import me, now
from app.web.permission import holds, permission
from app.web.preferences import current_language, zone
from app.web.redirects import done
from app.web.views.records import PAGES

bp = Blueprint("work_time", __name__, url_prefix="/records")
READ = (ALLOWED, "record.timeline")


@bp.get("/<number>/time")
@permission(ALLOWED)
def show(number: str) -> ResponseReturnValue:
    """Show what was worked on a record and its tasks."""
    return _page(number)


@bp.post("/<number>/time")
@permission(ALLOWED)
def log(number: str) -> ResponseReturnValue:
    """Write down how long I worked on it."""
    wrong = _taken(number, "log", lambda uow, work: services.log(uow, number, work))
    return wrong or _back(number, t("Your time is written down."))


@bp.post("/<number>/time/<int:worked>")
@permission(ALLOWED)
def correct(number: str, worked: int) -> ResponseReturnValue:
    """Say how long it really was, or take the entry off."""
    if "drop" in request.form:
        with unit_of_work(me()) as uow:
            services.remove(uow, number, worked)
        return _to_its_time(number, t("The entry is gone."))
    wrong = _taken(number, str(worked), lambda uow, work: services.correct(uow, number, worked, work))
    return wrong or _to_its_time(number, t("Saved."))


@bp.post("/<number>/timer")
@permission(ALLOWED)
def start(number: str) -> ResponseReturnValue:
    """Let my timer run on it."""
    with unit_of_work(me()) as uow:
        stopped = timers.start(uow, number)
        words = t("Your timer runs.") if stopped is None else t("Your timer runs here now; what it measured before is written down.")
    return _back(number, words)


@bp.post("/timer/stop")
@permission("time.own")
def stop() -> ResponseReturnValue:
    """Stop my timer and write down what it measured, or what I say instead; or forget it."""
    number = request.form.get("number", "")
    if request.form.get("then") == "discard":
        with unit_of_work(me()) as uow:
            timers.discard(uow)
        return _back(number, t("The timer is forgotten; nothing is written down."))
    form = StopForm(request.form, language=current_language())
    try:
        if form.validate():
            with unit_of_work(me()) as uow:
                timers.stop(uow, _work(form))
    except Invalid as wrong:
        form.refuse(wrong.fields)
    return (_page(number, form, "stop"), 422) if form.errors else _back(number, t("Your time is written down."))


def _taken(number: str, act: str, do: Callable[[UnitOfWork, Work], object]) -> ResponseReturnValue | None:
    """Do it with what the form says; return the page with what is wrong, if anything. Who may not do it is told so first."""
    form = TimeForm(request.form, language=current_language())
    try:
        with unit_of_work(me()) as uow:
            services.of(uow, number)
            if form.validate():
                do(uow, _work(form))
    except Invalid as wrong:
        form.refuse(wrong.fields)
    return (_page(number, form, act), 422) if form.errors else None


def _work(form: TimeForm) -> Work:
    return Work(form.minutes, form.on.data, form.note.data or "")


def _back(number: str, words: Text) -> Response:
    """To the page of the record, or of its time, wherever the form stood."""
    if request.form.get("back") == "time":
        return _to_its_time(number, words)
    page = PAGES.get(number[:3])
    return done(words, page, number=number, _anchor="work-time") if page else done(words, "portal.home")


def _to_its_time(number: str, words: Text) -> Response:
    return done(words, ".show", number=number)


def _page(number: str, wrong: TimeForm | None = None, act: str = "") -> str:
    """Draw it; with `act`, its form open as it was sent: `log`, `stop` or the id of an entry."""
    errors = {str(name): str(words[0]) for name, words in wrong.errors.items()} if wrong else {}
    with unit_of_work(me(), now=now()) as uow:
        row: Any = record_clocks.record(uow.session, uow.actor, number)
        may = allowed(uow, row, *READ)
        if row.kind not in KINDS:
            raise NotFound(number)
        if not may:
            raise Forbidden(t("You may not do this."))
        page = work_time.entries(uow.session, uow.actor, row.id, request.args.get("page"))
        return render_template(
            "work_time/show.html", record=row, page=page, work=work_time.standing(uow.session, uow.actor, row.id), now=now(), errors=errors, open_act=act,
            typed=request.form, may_log=ALLOWED in may, may_correct=holds(OF_OTHERS), me_id=uow.actor.id, today=now().astimezone(zone()).date(),
            record_page=PAGES[number[:3]],
        )  # fmt: skip
