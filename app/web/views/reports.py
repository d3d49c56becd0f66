"""Something does not work: say it in one box, see what is known, add what is needed, and follow what one reported."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.forms.catalog import PREFIX, ItemForm
from app.forms.incidents import ReportForm
from app.queries import due, known, search
from app.queries import incidents as queries
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import attachments, reporting
from app.services import known as services
from app.services.reporting import Report
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import category_form
from app.web.current import me, now
from app.web.permission import permission
from app.web.preferences import current_language
from app.web.redirects import done

bp = Blueprint("reports", __name__, url_prefix="/report")
LONGEST = 200
SUGGESTED = 3


@bp.get("")
@permission("incident.report")
def start() -> ResponseReturnValue:
    """Ask what is wrong, and show what is known."""
    words = request.args.get("title", "").strip()[:LONGEST]
    with unit_of_work(me()) as uow:
        return render_template("reports/start.html", words=words, **_known(uow, words))


@bp.get("/suggest")
@permission("incident.report")
def suggest() -> ResponseReturnValue:
    """Show what is known and what can be ordered instead: a part of the page, while one types."""
    words = request.args.get("title", "").strip()[:LONGEST]
    with unit_of_work(me()) as uow:
        return render_template("reports/known.html", words=words, **_known(uow, words))


@bp.get("/details")
@permission("incident.report")
def details() -> ResponseReturnValue:
    """Ask for the rest; `?title=` and `?category=` fill it."""
    given = MultiDict({name: value for name, value in request.args.items() if name in ("title", "category")})
    with unit_of_work(me()) as uow:
        return _page(uow, ReportForm(language=current_language(), data=given.to_dict()))


@bp.get("/questions")
@permission("incident.report")
def questions() -> ResponseReturnValue:
    """Show what a category asks: a part of the page, when it was chosen."""
    with unit_of_work(me()) as uow:
        form = category_form.questions(uow, request.args.get("category"))
        return render_template("incidents/questions.html", questions=form.asked_fields() if form else [], form=form)


@bp.post("/details")
@permission("incident.report")
def send() -> ResponseReturnValue:
    """Report it; the same form a second time is the same incident."""
    form = ReportForm(request.form, language=current_language())
    with unit_of_work(me()) as uow:
        asked = category_form.questions(uow, form.category.data, request.form)
        if not form.validate():
            return _page(uow, form, asked), 422
    said = Report(
        form.title.data or "", form.description.data or "", int(form.urgency.data), form.category.data or None, category_form.answers(asked),
        submission_key=form.submission_key.data,
    )  # fmt: skip
    try:
        with unit_of_work(me()) as uow:
            incident = reporting.report(uow, said)
            for file in request.files.getlist("file"):
                if file.filename:
                    attachments.store(uow, incident, file.filename, file.stream, public=True)
            number = incident.number
    except Invalid as wrong:
        theirs = {name for name in wrong.fields if asked and PREFIX + name in asked}
        form.refuse({name: words for name, words in wrong.fields.items() if name not in theirs})
        with unit_of_work(me()) as uow:
            asked = category_form.questions(uow, form.category.data, request.form)
            if asked:
                asked.refuse({PREFIX + name: wrong.fields[name] for name in theirs})
            return _page(uow, form, asked), 422
    return done(t("We have your report. Its number is %(number)s.", number=number), "incidents.show", number=number)


@bp.post("/me-too/<number>")
@permission("incident.me_too")
def join(number: str) -> ResponseReturnValue:
    """Say that a known outage hurts me, too."""
    with unit_of_work(me()) as uow:
        services.join(uow, number)
    return done(t("Noted. You are told how it goes on, and when it works again."), "incidents.show", number=number)


@bp.get("/mine")
@permission("incident.report")
def mine() -> ResponseReturnValue:
    """List what I reported, what was reported for me, and the outages that I am on."""
    only_open = request.args.get("show") != "all"
    with unit_of_work(me()) as uow:
        page = queries.mine(uow.session, uow.actor, only_open=only_open, bookmark=request.args.get("page"))
        promised = due.promised(uow.session, [row.id for row in page.rows])
        return render_template("reports/mine.html", page=page, promised=promised, only_open=only_open, now=now())


def _known(uow: UnitOfWork, words: str) -> dict[str, Any]:
    found = search.matching(search.offered_to(uow.session, uow.actor.id), words)[:SUGGESTED] if len(words) > 2 else []
    return {"outages": known.outages(uow.session, uow.actor, words), "offers": found, "now": now()}


def _page(uow: UnitOfWork, form: ReportForm, asked: ItemForm | None = None) -> str:
    form.category.choices = category_form.options()
    asked = asked or category_form.questions(uow, form.category.data, request.form if request.method == "POST" else None)
    wrong = [*form.error_summary(), *(asked.error_summary() if asked else [])]
    return render_template(
        "reports/details.html", form=form, asked=asked, questions=asked.asked_fields() if asked else [], wrong=bool(wrong), summary=wrong,
        outages=known.outages(uow.session, uow.actor, form.title.data or "") if form.title.data else [], offers=[], words=form.title.data or "", now=now(),
    )  # fmt: skip
