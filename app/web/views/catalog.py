"""What one can order: the services, the form of each, its answers to check, and sending it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.queries import catalog, search
from app.rules.words import t
from app.services import baskets, requests
from app.unit_of_work import unit_of_work
from app.web import ordering
from app.web.current import me
from app.web.permission import permission
from app.web.redirects import done, see_other

bp = Blueprint("catalog", __name__, url_prefix="/catalog")


@bp.get("/")
@permission("catalog.order")
def index() -> ResponseReturnValue:
    """Show every service this person may order, by category; `?q=` those that fit the words."""
    words = request.args.get("q", "").strip()
    with unit_of_work(me()) as uow:
        offered = search.offered_to(uow.session, uow.actor.id)
        fitting = search.matching(offered, words) if words else offered
        groups = [(each, [item for item in fitting if item.category == each.slug]) for each in catalog.categories(uow.session)]
    found = [(each, items) for each, items in groups if items]
    return render_template("catalog/index.html", groups=found, words=words, any_offered=bool(offered))


@bp.get("/<path:slug>")
@permission("catalog.order")
def order(slug: str) -> ResponseReturnValue:
    """Show the form of a service: as it was left, with the answers of a line of the cart (`?line=`), or fresh."""
    with unit_of_work(me()) as uow:
        item = ordering.item_for(uow, slug)
        if line := request.args.get("line", type=int):
            return ordering.form_page(item, ordering.from_line(uow, item, baskets.own_line(uow, line)))
        form, draft = ordering.draft_of(uow, item)
        return ordering.form_page(item, form, draft, ordering.usual_times(uow, item))


@bp.post("/<path:slug>")
@permission("catalog.order")
def check(slug: str) -> ResponseReturnValue:
    """Show the answers to check, and what would happen; or the form again, with what is wrong or to change."""
    with unit_of_work(me()) as uow:
        item = ordering.item_for(uow, slug)
        form = ordering.sent_back(uow, item)
        if "change" in request.form:
            return ordering.form_page(item, form)
        if not form.validate():
            return ordering.form_page(item, form), 422
        return ordering.check_page(uow, item, form)


@bp.post("/<path:slug>/keep")
@permission("catalog.order")
def keep(slug: str) -> ResponseReturnValue:
    """Keep what was typed so far, to go on with later; the page itself does so while one types."""
    with unit_of_work(me()) as uow:
        baskets.save_draft(uow, slug, ordering.typed_so_far())
    if request.headers.get("X-Autosave"):
        return "", 204
    return done(t("Kept. You can go on whenever you like."), ".index")


@bp.post("/<path:slug>/forget")
@permission("catalog.order")
def forget(slug: str) -> ResponseReturnValue:
    """Throw away what was kept, and start anew."""
    with unit_of_work(me()) as uow:
        baskets.forget_draft(uow, slug)
    return see_other(".order", slug=slug)


@bp.post("/<path:slug>/send")
@permission("catalog.order")
def send(slug: str) -> ResponseReturnValue:
    """Send the order; a second time answers with what the first one made."""
    with unit_of_work(me()) as uow:
        item = ordering.item_for(uow, slug)
        form = ordering.sent_back(uow, item)
        if not form.validate():
            return ordering.form_page(item, form), 422
        line = requests.Line(item.slug, request.form.get("catalog_hash", ""), form.answers)
        order = requests.Order(str(form.submission_key.data), [line], ordering.beneficiary_of(uow, form))
        sent = requests.submit(uow, order)
    return see_other("requests.show", number=sent.number, sent=1)
