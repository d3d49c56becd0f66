"""An incident that is a request: choose the service, answer its questions for the caller, check, send; the incident ends with it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.forms.catalog import ItemForm
from app.models.incidents import Incident
from app.models.people import Person
from app.queries import catalog, search
from app.rules.catalog.items import Item
from app.rules.errors import NotFound
from app.rules.words import t
from app.services import conversions, requests
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import ordering
from app.web.current import me
from app.web.permission import permission
from app.web.redirects import done

bp = Blueprint("conversions", __name__, url_prefix="/incidents")
FITTING = 4


@bp.get("/<number>/request")
@permission("request.open_for")
def choose(number: str) -> ResponseReturnValue:
    """Show what the caller may order, first what the incident's words fit; `?q=` those that fit other words."""
    words = request.args.get("q", "").strip()
    with unit_of_work(me()) as uow:
        incident, caller = _of(uow, number)
        offered = search.offered_to(uow.session, caller.id)
        found = search.matching(offered, words) if words else offered
        groups = [(each, [item for item in found if item.category == each.slug]) for each in catalog.categories(uow.session)]
        likely = [] if words else _likely(offered, incident.title)
        return render_template("incidents/as_request.html", incident=incident, words=words, likely=likely, groups=[(each, items) for each, items in groups if items])


@bp.get("/<number>/request/<path:slug>")
@permission("request.open_for")
def order(number: str, slug: str) -> ResponseReturnValue:
    """Show the form of a service for the caller, with what was reported in its first long answer."""
    with unit_of_work(me()) as uow:
        incident, caller, item = _item_of(uow, number, slug)
        return ordering.form_page(item, ordering.carried_over(uow, item, incident, caller), incident=incident)


@bp.post("/<number>/request/<path:slug>")
@permission("request.open_for")
def check(number: str, slug: str) -> ResponseReturnValue:
    """Show the answers to check, and what would happen; or the form again."""
    with unit_of_work(me()) as uow:
        incident, item, form = _sent_back(uow, number, slug)
        if "change" in request.form:
            return ordering.form_page(item, form, incident=incident)
        if not form.validate():
            return ordering.form_page(item, form, incident=incident), 422
        return ordering.check_page(uow, item, form, incident=incident)


@bp.post("/<number>/request/<path:slug>/send")
@permission("request.open_for")
def send(number: str, slug: str) -> ResponseReturnValue:
    """Send it: the request is there, and the incident is cancelled as none."""
    with unit_of_work(me()) as uow:
        incident, item, form = _sent_back(uow, number, slug)
        if not form.validate():
            return ordering.form_page(item, form, incident=incident), 422
        line = requests.Line(item.slug, request.form.get("catalog_hash", ""), form.answers)
        sent = conversions.to_request(uow, number, requests.Order(str(form.submission_key.data), [line], ordering.beneficiary_of(uow, form)))
        made = sent.number
    return done(t("%(number)s goes on as %(other)s.", number=number, other=made), "requests.show", number=made)


def _of(uow: UnitOfWork, number: str) -> tuple[Incident, Person]:
    incident = conversions.replaceable(uow, number)
    if incident.requester is None:
        raise NotFound(number)
    return incident, incident.requester


def _item_of(uow: UnitOfWork, number: str, slug: str) -> tuple[Incident, Person, Item]:
    incident, caller = _of(uow, number)
    return incident, caller, ordering.item_for(uow, slug, caller)


def _sent_back(uow: UnitOfWork, number: str, slug: str) -> tuple[Incident, Item, ItemForm]:
    incident, caller, item = _item_of(uow, number, slug)
    return incident, item, ordering.sent_back(uow, item, caller)


def _likely(offered: list[Item], title: str) -> list[Item]:
    """Return the few services that most words of the title fit."""
    hits: dict[str, int] = {}
    for word in {each for each in search.fold(title).split() if len(each) >= search.SHORTEST_SLIP}:
        for item in search.matching(offered, word):
            hits[item.slug] = hits.get(item.slug, 0) + 1
    return sorted((item for item in offered if item.slug in hits), key=lambda item: -hits[item.slug])[:FITTING]
