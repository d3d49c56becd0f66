"""Taking a call: an analyst writes down what somebody reports, sees what that person has open and what is like it."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.forms.catalog import PREFIX, ItemForm
from app.forms.incidents import CallForm
from app.models.requests import Request
from app.priorities import matrix
from app.queries import assets, neighbours, people
from app.queries.choices import Choices
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import conversions, reporting
from app.services.reporting import Report
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import carried, category_form
from app.web.current import me, now
from app.web.permission import permission
from app.web.preferences import current_language
from app.web.redirects import done
from app.web.shown import say

bp = Blueprint("calls", __name__, url_prefix="/incidents/new")


@bp.get("")
@permission("incident.open_for")
def new() -> ResponseReturnValue:
    """Show the form; `?caller=`, `?title=` and `?category=` fill it, or all that was said on the request `?origin=`."""
    given = {name: value for name, value in request.args.items() if name in ("caller", "title", "category")}
    with unit_of_work(me()) as uow:
        origin, said = carried.from_request(uow, request.args["origin"]) if request.args.get("origin") else (None, given)
        return _page(uow, _form(data=said), origin=origin)


@bp.post("")
@permission("incident.open_for")
def create() -> ResponseReturnValue:
    """Open the incident; with `look`, only show who that is and what is like it (for a browser without script)."""
    form = _form(request.form)
    with unit_of_work(me()) as uow:
        unknown = form.caller.resolve(Choices(uow.session))
        if "look" in request.form:
            return _page(uow, form)
        right = form.validate()
        if unknown is not None:
            form.refuse({"caller": unknown})
        if not right or unknown is not None:
            return _page(uow, form), 422
        caller = people.by_login(uow.session, form.caller.data or "")
        questions = category_form.questions(uow, form.category.data, request.form)
    try:
        with unit_of_work(me()) as uow:
            number = _open(uow, form, caller.id if caller else 0, _report(form, questions))
    except Invalid as wrong:
        theirs = {name for name in wrong.fields if questions and PREFIX + name in questions}
        form.refuse({name: text for name, text in wrong.fields.items() if name not in theirs})
        with unit_of_work(me()) as uow:
            asked = category_form.questions(uow, form.category.data, request.form)
            if asked:
                asked.refuse({PREFIX + name: wrong.fields[name] for name in theirs})
            return _page(uow, form, asked), 422
    return done(t("%(number)s is written down.", number=number), "incidents.show", number=number)


@bp.get("/beside")
@permission("incident.open_for")
def beside() -> ResponseReturnValue:
    """Show who calls, what that person has open, what is like it, and the priority that follows: a part of the page, while one types."""
    with unit_of_work(me()) as uow:
        return render_template("incidents/beside.html", **_beside(uow, request.args))


@bp.get("/questions")
@permission("incident.open_for")
def questions() -> ResponseReturnValue:
    """Show what a category asks: a part of the page, when it was chosen."""
    with unit_of_work(me()) as uow:
        form = category_form.questions(uow, request.args.get("category"))
        return render_template("incidents/questions.html", questions=form.asked_fields() if form else [], form=form)


def _form(posted: Any = None, data: Any = None) -> CallForm:
    form = CallForm(posted, language=current_language(), data=data)
    if form.origin.data:
        form.came_through_the_portal()
    return form


def _open(uow: UnitOfWork, form: CallForm, caller: int, said: Report) -> str:
    """Open it, from a request or by itself, and return its number."""
    impact = int(form.impact.data)
    if form.origin.data:
        return conversions.to_incident(uow, form.origin.data, caller, said, impact=impact, cancels=form.cancels.data).number
    return reporting.open_for(uow, caller, said, impact=impact).number


def _page(uow: UnitOfWork, form: CallForm, asked: ItemForm | None = None, *, origin: Request | None = None) -> str:
    if form.origin.data and origin is None:
        origin, _ = carried.from_request(uow, form.origin.data)
    form.category.choices = category_form.options()
    services = assets.listed(uow.session, class_="service", per_page=200).rows
    form.service.choices = [("", say(t("Not known yet"))), *((row.key, row.name) for row in services)]
    asked = asked or category_form.questions(uow, form.category.data, request.form if request.method == "POST" else None)
    typed = {name: form[name].data or "" for name in ("caller", "title", "category", "impact", "urgency", "service")}
    wrong = [*form.error_summary(), *(asked.error_summary() if asked else [])]
    return render_template(
        "incidents/new.html", form=form, asked=asked, questions=asked.asked_fields() if asked else [], wrong=bool(wrong), summary=wrong, origin=origin,
        **_beside(uow, typed),
    )  # fmt: skip


def _beside(uow: UnitOfWork, typed: Any) -> dict[str, Any]:
    login, title = str(typed.get("caller") or "").strip(), str(typed.get("title") or "")
    caller = people.by_login(uow.session, login) if login else None
    words = title if len(title.strip()) >= 4 else ""
    found = neighbours.of(uow.session, uow.actor, person_id=caller.id if caller else None, words=words, category=typed.get("category") or None)
    level = matrix().get(f"{typed.get('impact') or 3}{typed.get('urgency') or 3}")
    if caller and caller.vip and typed.get("urgency") in ("2", "3"):
        level = matrix().get(f"{typed.get('impact') or 3}{int(typed['urgency']) - 1}")
    return {"caller": caller, "beside": found, "level": level, "now": now()}


def _report(form: CallForm, questions: ItemForm | None) -> Report:
    return Report(
        title=form.title.data or "", description=form.description.data or "", urgency=int(form.urgency.data), category=form.category.data or None,
        fields=category_form.answers(questions), cis=[form.service.data] if form.service.data else [], channel=form.channel.data, submission_key=form.submission_key.data,
    )  # fmt: skip
