"""Forms of the catalogue as pages use them: opened, sent back, kept as a draft, taken from the cart."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from app.forms.base import options
from app.forms.catalog import ME, PREFIX, SOMEBODY_ELSE, ItemForm, as_posted, form_of
from app.models.access import Grant
from app.models.baskets import CartLine, Draft
from app.models.incidents import Incident
from app.models.people import Person
from app.queries import catalog, catalog_health, defaults, people
from app.queries.choices import Choices
from app.rules.catalog.items import Item, Kind
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import attachments, baskets, forecast
from app.unit_of_work import UnitOfWork
from app.web.answers import shown
from app.web.current import now
from app.web.preferences import current_language
from app.web.shown import say

LATELY = timedelta(days=90)
KEPT = ("for_whom", "beneficiary", "filled_for")
BUTTONS = frozenset({"csrf_token", "change", "keep", "cart"})


# who: whoever asked, where somebody else writes the order down; the form made for an order knows.


def item_for(uow: UnitOfWork, slug: str, who: Person | None = None) -> Item:
    """Return an item that the actor, or whoever asked, may order, as it is now."""
    return catalog.orderable(uow.session, slug, who.id if who else uow.actor.id)


def carried_over(uow: UnitOfWork, item: Item, incident: Incident, who: Person) -> ItemForm:
    """Return the form as its caller would open it, with what was reported in the first long answer there is."""
    form = _form(uow, item, None, who)
    if incident.beneficiary and incident.beneficiary_id != who.id:
        form.for_whom.data, form.beneficiary.data = SOMEBODY_ELSE, incident.beneficiary.login
    for question, field in form.asked_fields():
        if question.kind is Kind.LONG_TEXT and not field.data:
            said = "\n\n".join(filter(None, (incident.title, incident.description)))
            field.data = said[: question.max_length] if question.max_length else said
            break
    return form


def opened(uow: UnitOfWork, item: Item, typed: Mapping[str, Any] | None = None) -> ItemForm:
    """Return the form of an item: as it was typed before, or with its defaults."""
    return _form(uow, item, MultiDict([(name, each) for name, many in typed.items() for each in many]) if typed else None)


def sent_back(uow: UnitOfWork, item: Item, who: Person | None = None) -> ItemForm:
    """Return the form as it was sent, with the files that came along put down, and defaults for whoever gets it."""
    form = _form(uow, item, request.form, who)
    for field in form.uploads():
        file = request.files.get(field.upload_name)
        if file is not None and file.filename:
            question = item.field(field.name.removeprefix(PREFIX))
            types, most = (question.types, question.max_mb) if question else ((), None)
            file.stream.seek(0)  # read before, when somebody else was faster
            try:
                with uow.session.begin_nested():  # a file that is refused half way leaves nothing
                    kept = attachments.put_down(uow, field.name, file.filename, file.stream, types=types, max_mb=most)
                field.put(kept.key)
            except Invalid as refused:
                form.refuse_upload(field.name, refused.fields)
    _refill(uow, form)
    return form


def from_line(uow: UnitOfWork, item: Item, line: CartLine) -> ItemForm:
    """Return the form with the answers of a line of the cart."""
    typed = as_posted(item, line.answers)
    if line.beneficiary_id and line.beneficiary_id != uow.actor.id:
        person = people.by_id(uow.session, line.beneficiary_id)
        typed |= {"for_whom": ["other"], "beneficiary": [person.login if person else ""]}
    return opened(uow, item, typed)


def typed_so_far() -> dict[str, list[str]]:
    """Return what stands in the form that was sent, as a draft keeps it."""
    return {name: request.form.getlist(name) for name in request.form if name.startswith(PREFIX) or name in KEPT}


def beneficiary_of(uow: UnitOfWork, form: ItemForm) -> int:
    """Return the id of whoever gets it."""
    login = form.beneficiary_login()
    person = people.by_login(uow.session, login) if login else None
    if login and person is None:
        raise Invalid({})
    return person.id if person else form.asked_by.id or 0


def form_page(
    item: Item, form: ItemForm, draft: Draft | None = None, usual: Sequence[timedelta] | None = None, held: Grant | None = None,
    *, incident: Incident | None = None,
) -> str:  # fmt: skip
    """Draw the form; `draft` is what it was filled from, `usual` how long the item takes, `held` what it would extend, `incident` what it replaces."""
    line = request.values.get("line", "")
    parts = {"questions": form.asked_fields(), "wrong": bool(form.error_summary()), "line": line}
    return render_template("catalog/order.html", item=item, form=form, draft=draft, usual=usual, held=held, incident=incident, **parts)


def check_page(uow: UnitOfWork, item: Item, form: ItemForm, *, incident: Incident | None = None) -> str:
    """Draw the answers to check, and what would happen."""
    expected = forecast.of(uow, item, form.answers, beneficiary_of(uow, form), current_language(), requester_id=form.asked_by.id)
    files = {field.name: field.data or "" for field in form.uploads()}
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in BUTTONS | files.keys()]
    rows = shown(uow.session, item, form.answers)
    fields = [*sent, *files.items()]
    return render_template("catalog/check.html", item=item, form=form, expected=expected, rows=rows, sent=fields, incident=incident)


def draft_of(uow: UnitOfWork, item: Item) -> tuple[ItemForm, Draft | None]:
    """Return the form of an item as the actor left it, and the draft; a fresh form and None where there is none."""
    kept = baskets.draft(uow, item.slug)
    return opened(uow, item, kept.answers if kept else None), kept


def usual_times(uow: UnitOfWork, item: Item) -> Sequence[timedelta] | None:
    """Return how long orders of the item took lately, where there were enough of them."""
    return catalog_health.usual(uow.session, [item.slug], now() - LATELY).get(item.slug)


def _form(uow: UnitOfWork, item: Item, posted: object, who: Person | None = None) -> ItemForm:
    today = now().astimezone(ZoneInfo(uow.actor.timezone)).date()
    language = current_language()
    asks = who or uow.actor
    facts = defaults.of(uow.session, asks.id, asks.id) if any(each.default for each in item.fields) else {}
    lookup = Choices(uow.session, uow.actor.id)
    made = form_of(item, language=language, lookup=lookup, today=today, facts=facts)
    form = made(posted, language=language)
    form.asked_by = asks
    if who:
        form.for_whom.choices = options([(ME, who.name), (SOMEBODY_ELSE, say(t("For somebody else")))])
    return form


def _refill(uow: UnitOfWork, form: ItemForm) -> None:
    """Where it is for somebody else now, defaults that nobody changed become that person's."""
    if not any(each.default for each in form.item.fields):
        return
    mine, asks = form.asked_by.login, form.asked_by.id
    login = form.beneficiary_login() or mine
    before, now_for = (people.by_login(uow.session, each) for each in (form.filled_for.data or mine, login))
    if before and now_for and before.id != now_for.id:
        old, new = (defaults.of(uow.session, asks, person.id) for person in (before, now_for))
        form.refill(old, new)
        form.filled_for.data = now_for.login
