"""A second thought: other answers while something is being decided, or a new try of what was rejected."""

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.forms.catalog import ItemForm, as_posted
from app.models.requests import Item
from app.queries import catalog
from app.rules.catalog.items import Item as Offer
from app.rules.errors import ActionNotAllowed, Stale
from app.rules.words import t
from app.services import revisions
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import ordering
from app.web.answers import Row, shown
from app.web.current import me
from app.web.permission import permission
from app.web.redirects import done
from app.web.shown import say

Pair = tuple[str, Row | None, Row | None]  # a question, its answer as it is stored now, and as it was sent

bp = Blueprint("revisions", __name__, url_prefix="/requests/items/<number>/answers")


@bp.get("")
@permission("item.change")
def show(number: str) -> ResponseReturnValue:
    """Show the form again with the answers that were sent."""
    with unit_of_work(me()) as uow:
        item = _changeable(uow, number)
        offer = _offer(uow, item)
        return _page(item, ordering.opened(uow, offer, as_posted(offer, item.answers)), item.version)


@bp.post("")
@permission("item.change")
def save(number: str) -> ResponseReturnValue:
    """Take the new answers: whoever decides is asked about them; a rejected item is sent once more."""
    seen = request.form.get("version", type=int)
    try:
        with unit_of_work(me()) as uow:
            item = _changeable(uow, number)
            form = ordering.sent_back(uow, _offer(uow, item))
            if "change" in request.form:
                return _page(item, form, seen)
            if not form.validate():
                return _page(item, form, seen), 422
            if item.state == "rejected":
                form_of = request.form.get("catalog_hash", "")
                sent = revisions.resubmit(uow, number, form.answers, str(form.submission_key.data), version=seen, catalog_hash=form_of)
            else:
                sent = revisions.change(uow, number, form.answers, version=seen).request
            number = sent.number
    except Stale:
        return _both(number), 409
    return done(t("Your new answers were sent."), "requests.show", number=number)


def _changeable(uow: UnitOfWork, number: str) -> Item:
    item = uow.get(Item, number, lock=False)
    uow.check("item.change", item)
    if item.state not in {"requested", "awaiting_approval", "rejected"}:
        raise ActionNotAllowed(t("It is too late to change the answers: this has been decided."))
    return item


def _offer(uow: UnitOfWork, item: Item) -> Offer:
    """What was rejected is asked for anew, in today's version; else the version that is being decided on counts."""
    return catalog.current(uow.session, item.slug) if item.state == "rejected" else catalog.version(uow.session, item.catalog_hash)


def _both(number: str) -> str:
    """Show what somebody else saved meanwhile beside what was typed, which stays in the form: to be sent again, or not."""
    with unit_of_work(me()) as uow:
        item = _changeable(uow, number)
        offer = _offer(uow, item)
        form = ordering.sent_back(uow, offer)
        form.validate()
        theirs, yours = ({row.name: row for row in shown(uow.session, offer, each)} for each in (item.answers, form.answers))
        pairs = [(say(field.label), theirs.get(field.name), yours.get(field.name)) for field in offer.fields]
        return _page(item, form, item.version, [(label, old, new) for label, old, new in pairs if old != new])


def _page(item: Item, form: ItemForm, seen: int | None, both: Sequence[Pair] | None = None) -> str:
    parts = {"questions": form.asked_fields(), "wrong": bool(form.error_summary()), "request_": item.request, "both": both, "hash": form.item.hash}
    return render_template("requests/answers.html", item=item, form=form, version=seen, **parts)
