"""What one can order: the services, the form of each, its answers to check, and sending it."""

from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.forms.catalog import PREFIX, ItemForm, form_of
from app.queries import audiences, catalog, people, search
from app.queries.choices import Choices
from app.rules.catalog.items import Item, is_offered_to
from app.rules.errors import Invalid, NotFound
from app.services import forecast, requests
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web.answers import shown
from app.web.current import me, now
from app.web.permission import permission
from app.web.preferences import current_language
from app.web.redirects import see_other

bp = Blueprint("catalog", __name__, url_prefix="/catalog")


@bp.get("/")
@permission("catalog.order")
def index() -> ResponseReturnValue:
    """Show every service this person may order, by category."""
    with unit_of_work(me()) as uow:
        offered = search.offered_to(uow.session, uow.actor)
        groups = [(each, [item for item in offered if item.category == each.slug]) for each in catalog.categories(uow.session)]
    return render_template("catalog/index.html", groups=[(each, items) for each, items in groups if items])


@bp.get("/<path:slug>")
@permission("catalog.order")
def order(slug: str) -> ResponseReturnValue:
    """Show the form of a service."""
    with unit_of_work(me()) as uow:
        item = _item(uow, slug)
        return _form_page(item, _form(uow, item, None))


@bp.post("/<path:slug>")
@permission("catalog.order")
def check(slug: str) -> ResponseReturnValue:
    """Show the answers to check, and what would happen; or the form again, with what is wrong or to change."""
    with unit_of_work(me()) as uow:
        item = _item(uow, slug)
        form = _form(uow, item, request.form)
        if "change" in request.form:
            return _form_page(item, form)
        if not form.validate():
            return _form_page(item, form), 422
        return _check_page(uow, item, form)


@bp.post("/<path:slug>/send")
@permission("catalog.order")
def send(slug: str) -> ResponseReturnValue:
    """Send the order; a second time answers with what the first one made."""
    with unit_of_work(me()) as uow:
        item = _item(uow, slug)
        form = _form(uow, item, request.form)
        if not form.validate():
            return _form_page(item, form), 422
        line = requests.Line(item.slug, request.form.get("catalog_hash", ""), form.answers)
        sent = requests.submit(uow, requests.Order(str(form.submission_key.data), [line], _beneficiary(uow, form)))
    return see_other("requests.show", number=sent.number, sent=1)


def _item(uow: UnitOfWork, slug: str) -> Item:
    item = catalog.current(uow.session, slug)
    if not is_offered_to(item, audiences.of(uow.session, uow.actor.id)):
        raise NotFound(slug)
    return item


def _form(uow: UnitOfWork, item: Item, posted: object) -> ItemForm:
    today = now().astimezone(ZoneInfo(uow.actor.timezone)).date()
    language = current_language()
    return form_of(item, language=language, lookup=Choices(uow.session), today=today)(posted, language=language)


def _form_page(item: Item, form: ItemForm) -> str:
    return render_template("catalog/order.html", item=item, form=form, wrong=bool(form.error_summary()))


def _check_page(uow: UnitOfWork, item: Item, form: ItemForm) -> str:
    expected = forecast.of(uow, item, form.answers, _beneficiary(uow, form), current_language())
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in {"csrf_token", "change"}]
    rows = shown(uow.session, item, form.answers)
    return render_template("catalog/check.html", item=item, form=form, expected=expected, rows=rows, sent=sent, prefix=PREFIX)


def _beneficiary(uow: UnitOfWork, form: ItemForm) -> int:
    login = form.beneficiary_login()
    person = people.by_login(uow.session, login) if login else None
    if login and person is None:
        raise Invalid({})
    return person.id if person else uow.actor.id or 0
