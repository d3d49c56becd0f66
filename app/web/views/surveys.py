"""How did it go? Behind the link of a mail, without signing in, and on a page for whoever was asked: looking stores nothing."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app import database
from app.models.records import Record
from app.rules import surveys as rules
from app.rules.errors import DeskError, Invalid, NotFound
from app.services import survey_links, surveys
from app.unit_of_work import unit_of_work
from app.web.current import me
from app.web.form_pages import unkept
from app.web.permission import permission, public
from app.web.shown import say, titled

bp = Blueprint("surveys", __name__)
FIELDS = ("csat", "nps", "comment")


@bp.get("/survey/<token>")
@public
def by_mail(token: str) -> ResponseReturnValue:
    """Ask; a face chosen in the mail is chosen here, and stored only with the form."""
    try:
        with database.sessions()() as session:
            _, record = survey_links.find(session, token)
            return _form(record.number, titled(record), request.args)
    except NotFound:
        return _gone()


@bp.post("/survey/<token>")
@public
def answer_by_mail(token: str) -> ResponseReturnValue:
    """Take the answer, in the name of whom the link was written to, and use the link up with it."""
    try:
        with database.sessions()() as session:
            link, record = survey_links.find(session, token)
            person, number, title = link.person_id or 0, record.number, titled(record)
        with unit_of_work(person) as uow:
            said = _said()
            survey_links.use(uow, token)
            surveys.answer(uow, number, said)
    except Invalid as wrong:
        return _form(number, title, request.form, wrong)
    except NotFound:
        return _gone()
    except DeskError as refused:
        return unkept(render_template("surveys/done.html", refused=refused.text), refused.status)
    return unkept(render_template("surveys/done.html", refused=None))


@bp.get("/surveys/<number>")
@permission("survey.answer")
def show(number: str) -> ResponseReturnValue:
    """Ask somebody who is signed in."""
    with unit_of_work(me()) as uow:
        record = uow.get(Record, number, lock=False)
        survey = surveys.asked(uow, record)
        if survey is None or survey.person_id != uow.actor.id:
            raise NotFound(number)
        if not survey_links.is_open(record, survey, uow.now):
            return _gone()
        return _form(number, titled(record), request.args)


@bp.post("/surveys/<number>")
@permission("survey.answer")
def answer(number: str) -> ResponseReturnValue:
    """Take the answer of somebody who is signed in."""
    try:
        with unit_of_work(me()) as uow:
            title = titled(uow.get(Record, number, lock=False))
            surveys.answer(uow, number, _said())
    except Invalid as wrong:
        return _form(number, title, request.form, wrong)
    return unkept(render_template("surveys/done.html", refused=None))


def _said() -> rules.Answer:
    return rules.answer(*(request.form.get(name, "") for name in FIELDS))


def _form(number: str, title: str, typed: object, wrong: Invalid | None = None) -> ResponseReturnValue:
    errors = {name: say(text) for name, text in wrong.fields.items()} if wrong else {}
    page = render_template("surveys/form.html", number=number, title=title, typed=typed, errors=errors, faces=rules.FACES, scale=rules.NPS)
    return unkept(page, 422 if wrong else 200)


def _gone() -> ResponseReturnValue:
    return unkept(render_template("surveys/gone.html"), 404)
