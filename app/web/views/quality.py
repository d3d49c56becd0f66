"""Reviews of quality: which closed incidents wait to be read again, one of them with its questions, and what was answered."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app import closure
from app.queries import quality as queries
from app.rules.closure import ANSWERS, Answer
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import quality
from app.unit_of_work import unit_of_work
from app.web import incident_words
from app.web.allowed import allowed
from app.web.current import me, now
from app.web.navigation import WAITING
from app.web.permission import permission
from app.web.redirects import done
from app.web.shown import say

bp = Blueprint("quality", __name__, url_prefix="/quality")
WAITING["quality.index"] = queries.waiting


@bp.get("/")
@permission("quality.view")
def index() -> ResponseReturnValue:
    """List what waits for a review, or what was reviewed."""
    is_done = request.args.get("show") == "done"
    with unit_of_work(me()) as uow:
        page = queries.listed(uow.session, uow.actor, done=is_done, bookmark=request.args.get("page"))
        return render_template("quality/index.html", page=page, is_done=is_done, now=now(), share=closure.quality(), path=incident_words.category_path)


@bp.get("/<number>")
@permission("quality.view")
def show(number: str) -> ResponseReturnValue:
    """Show the questions about one, or how they were answered."""
    return _page(number)


@bp.post("/<number>")
@permission("incident.assess")
def assess(number: str) -> ResponseReturnValue:
    """Take the answers."""
    answers = {key: (request.form.get(f"answer-{key}", ""), request.form.get(f"comment-{key}", "")) for key in closure.quality().questions}
    try:
        with unit_of_work(me()) as uow:
            quality.assess(uow, number, answers)
    except Invalid as wrong:
        return _page(number, wrong), 422
    return done(t("Thank you. The review of %(number)s is stored.", number=number), ".index")


def _page(number: str, wrong: Invalid | None = None) -> str:
    with unit_of_work(me()) as uow:
        whole = queries.whole(uow.session, uow.actor, number)
        mine = uow.actor.id in {whole.incident.resolved_by_id, whole.incident.assignee_id}
        may = bool(allowed(uow, whole.incident, "incident.assess")) and not mine and whole.review.done_at is None
        return render_template(
            "quality/show.html", whole=whole, incident=whole.incident, may=may, mine=mine, questions=closure.quality().questions, answers=ANSWERS, Answer=Answer,
            errors={name: say(words) for name, words in wrong.fields.items()} if wrong else {}, typed=request.form, now=now(),
        )  # fmt: skip
