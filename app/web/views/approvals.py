"""What waits for my decision, and deciding: what it is, who asks, why, what will be done."""

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from app.queries import access, approvals, catalog, progress, requests, reviews
from app.rules.approvals import Choice
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import requests as services
from app.unit_of_work import unit_of_work
from app.web import navigation
from app.web.answers import shown
from app.web.current import me, now
from app.web.permission import permission
from app.web.preferences import current_language
from app.web.redirects import see_other
from app.web.shown import say

bp = Blueprint("approvals", __name__, url_prefix="/approvals")
CHOICES = {"approve": Choice.APPROVE, "reject": Choice.REJECT}


def _count() -> int:
    with unit_of_work(me()) as uow:
        return approvals.count_for(uow.session, uow.actor)


navigation.WAITING["approvals.waiting"] = _count


@bp.get("/")
@permission("portal.use")
def waiting() -> ResponseReturnValue:
    """List what waits for me, the oldest first."""
    with unit_of_work(me()) as uow:
        rows, accesses = approvals.waiting_for(uow.session, uow.actor), reviews.count_for(uow.session, uow.actor)
        return render_template("approvals/waiting.html", rows=rows, accesses=accesses, now=now())


@bp.get("/<number>")
@permission("item.view")
def show(number: str) -> ResponseReturnValue:
    """Show everything one needs to decide."""
    return _page(number)


@bp.post("/<number>")
@permission("item.vote")
def decide(number: str) -> ResponseReturnValue:
    """Take the decision; a refusal that lacks its reason comes back with the page."""
    choice, comment = CHOICES.get(request.form.get("choice", "")), request.form.get("comment", "")
    if choice is None:
        return _page(number, {"choice": say(t("Choose yes or no."))}, comment), 422
    try:
        with unit_of_work(me()) as uow:
            services.decide(uow, number, choice, comment, version=request.form.get("version", type=int))
    except Invalid as wrong:
        return _page(number, {name: say(text) for name, text in wrong.fields.items()}, comment), 422
    flash(say(t("You approved %(number)s.", number=number) if choice is Choice.APPROVE else t("You rejected %(number)s.", number=number)), "success")
    return see_other(".waiting")


@bp.post("/<number>/ask")
@permission("request.reply")
def ask(number: str) -> ResponseReturnValue:
    """Ask the requester a question instead of deciding now."""
    with unit_of_work(me()) as uow:
        item, _ = requests.item_with_rounds(uow.session, uow.actor, number)
        services.reply(uow, item.request.number, request.form.get("body", ""))
    flash(say(t("Your question was sent. The decision still waits for you.")), "success")
    return see_other(".show", number=number)


def _page(number: str, errors: dict[str, str] | None = None, comment: str = "") -> str:
    with unit_of_work(me()) as uow:
        item, rounds = requests.item_with_rounds(uow.session, uow.actor, number)
        offer = catalog.version(uow.session, item.catalog_hash)
        return render_template(
            "approvals/show.html", item=item, rounds=rounds, offer=offer, errors=errors or {}, comment=comment, now=now(),
            does=progress.words(uow.session, item, offer, current_language()), rows=shown(uow.session, offer, item.answers),
            extends=access.extended_by(uow.session, item.id),
            seat=next((each for each in approvals.waiting_for(uow.session, uow.actor) if each.number == number), None),
        )  # fmt: skip
