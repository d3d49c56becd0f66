"""The cart: several things chosen, looked at once more, and sent together."""

from uuid import uuid4

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.rules.errors import Invalid
from app.rules.words import t
from app.services import baskets, requests
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import navigation, ordering
from app.web.answers import shown
from app.web.current import me
from app.web.permission import permission
from app.web.redirects import done, see_other

bp = Blueprint("cart", __name__, url_prefix="/cart")
navigation.WAITING["cart.show"] = baskets.counting


@bp.get("/")
@permission("catalog.order")
def show() -> ResponseReturnValue:
    """Show what is in the cart, and what must be looked at before it can be sent."""
    with unit_of_work(me()) as uow:
        return _page(uow, uuid4().hex)


@bp.post("/add/<path:slug>")
@permission("catalog.order")
def add(slug: str) -> ResponseReturnValue:
    """Put a checked form into the cart; `line` gives a line that is there other answers."""
    with unit_of_work(me()) as uow:
        item = ordering.item_for(uow, slug)
        form = ordering.sent_back(uow, item)
        if not form.validate():
            return ordering.form_page(item, form), 422
        line = requests.Line(item.slug, request.form.get("catalog_hash", ""), form.answers)
        _put(uow, request.form.get("line", type=int), line, ordering.beneficiary_of(uow, form))
    return done(t("It is in your cart."), ".show")


@bp.post("/<int:line>/remove")
@permission("catalog.order")
def remove(line: int) -> ResponseReturnValue:
    """Take a line out."""
    with unit_of_work(me()) as uow:
        baskets.remove(uow, line)
    return see_other(".show")


@bp.post("/send")
@permission("catalog.order")
def send() -> ResponseReturnValue:
    """Order everything; a second time answers with what the first one made."""
    key = request.form.get("submission_key", "")
    try:
        with unit_of_work(me()) as uow:
            numbers = [each.number for each in baskets.submit(uow, key)]
    except Invalid as refused:
        with unit_of_work(me()) as uow:
            return _page(uow, key, refused), 422
    return see_other("requests.show", number=numbers[0], sent=1) if len(numbers) == 1 else see_other("requests.mine")


def _put(uow: UnitOfWork, number: int | None, line: requests.Line, beneficiary: int) -> None:
    if number:
        baskets.change(uow, number, line, beneficiary)
    else:
        baskets.add(uow, line, beneficiary)


def _page(uow: UnitOfWork, key: str, refused: Invalid | None = None) -> str:
    entries = [(entry, shown(uow.session, entry.item, entry.line.answers)) for entry in baskets.cart(uow)]
    return render_template("cart/show.html", entries=entries, key=key or uuid4().hex, refused=refused)
