"""What waits for my decision, and deciding: what it is, who asks, why, what will be done."""

from collections.abc import Callable

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.forms.approvals import NamedForm
from app.models.people import Person
from app.models.requests import Item
from app.queries import approvals, catalog, people, reviews
from app.queries.choices import Choices
from app.rules.approvals import Choice
from app.rules.errors import DeskError, Invalid, NotFound
from app.rules.words import Text, t
from app.services import requests as services
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import decision_page, navigation
from app.web.answers import shown
from app.web.current import me, now
from app.web.navigation import looked_at
from app.web.permission import permission
from app.web.preferences import current_language
from app.web.redirects import done, see_other
from app.web.shown import say

bp = Blueprint("approvals", __name__, url_prefix="/approvals")
CHOICES = {"approve": Choice.APPROVE, "reject": Choice.REJECT}
navigation.WAITING["approvals.waiting"] = approvals.counting


@bp.get("/")
@permission("portal.use")
def waiting() -> ResponseReturnValue:
    """List what waits for me, the oldest first."""
    with unit_of_work(me()) as uow:
        page = approvals.waiting_for(uow.session, uow.actor, bookmark=request.args.get("page"))
        accesses = reviews.count_for(uow.session, uow.actor)
        return render_template("approvals/waiting.html", page=page, accesses=accesses, now=now())


@bp.get("/<number>")
@permission("item.view")
def show(number: str) -> ResponseReturnValue:
    """Show everything one needs to decide."""
    looked_at(number)
    return _page(number)


@bp.post("/<number>")
@permission("item.vote")
def decide(number: str) -> ResponseReturnValue:
    """Take the decision; a refusal that lacks its reason comes back with the page."""
    choice, comment = CHOICES.get(request.form.get("choice", "")), request.form.get("comment", "")
    if choice is None:
        return _page(number, {"choice": say(t("Choose yes or no."))}, comment, status=422)
    try:
        with unit_of_work(me()) as uow:
            version, subject = request.form.get("version", type=int), request.form.get("subject")
            services.decide(uow, number, choice, comment, version=version, subject=subject)
    except Invalid as wrong:
        return _page(number, {name: say(text) for name, text in wrong.fields.items()}, comment, status=422)
    flash(said(number, choice), "success")
    return see_other(".waiting")


def said(number: str, choice: Choice) -> str:
    """Return the words that confirm a decision."""
    yes = choice is Choice.APPROVE
    return say(t("You approved %(number)s.", number=number) if yes else t("You rejected %(number)s.", number=number))


@bp.post("/<number>/ask")
@permission("item.question")
def ask(number: str) -> ResponseReturnValue:
    """Ask the requester a question instead of deciding now."""
    with unit_of_work(me()) as uow:
        services.ask(uow, number, request.form.get("body", ""))
    return done(t("Your question was sent. The decision still waits for you."), ".show", number=number)


@bp.post("/<number>/answer")
@permission("item.answer")
def answer(number: str) -> ResponseReturnValue:
    """Answer an approver's question about what I ordered."""
    with unit_of_work(me()) as uow:
        services.answer_question(uow, number, request.form.get("body", ""))
    return done(t("Your answer was sent to whoever decides."), "requests.of_item", number=number)


@bp.post("/<number>/hand-over")
@permission("item.vote")
def hand_over(number: str) -> ResponseReturnValue:
    """Let somebody decide this one in my place."""
    words = t("%(name)s may decide now in your place. You may still decide yourself.")
    return _name(number, words, lambda uow, person: services.hand_over(uow, number, person))


@bp.post("/<number>/approver/<int:approval>")
@permission("item.name_approver")
def name(number: str, approval: int) -> ResponseReturnValue:
    """Name who decides where nobody may."""
    words = t("%(name)s was asked to decide.")
    return _name(number, words, lambda uow, person: services.name_approver(uow, number, approval, person))


def _name(number: str, words: Text, act: Callable[[UnitOfWork, int], Person]) -> ResponseReturnValue:
    form = NamedForm(request.form, language=current_language())
    try:
        with unit_of_work(me()) as uow:
            if not form.validate() or not form.find(Choices(uow.session)):
                return _page(number, named=form, status=422)
            found = people.by_login(uow.session, str(form.person.data))
            named = act(uow, found.id if found else 0).name
    except Invalid as wrong:
        form.refuse(wrong.fields)
        return _page(number, named=form, status=422)
    return done(t(words.msgid, name=named), ".show", number=number)


@bp.post("/<number>/approver/<int:approval>/find")
@permission("item.name_approver")
def find(number: str, approval: int) -> ResponseReturnValue:
    """Look anew for whoever decides, after the cause was mended."""
    with unit_of_work(me()) as uow:
        found = services.find_approver(uow, number, approval)
    if found:
        flash(say(t("Somebody was found and asked.")), "success")
    else:
        flash(say(t("Still nobody was found who may decide.")), "warning")
    return see_other(".show", number=number)


@bp.get("/<number>/equal")
@permission("item.vote")
def equal(number: str) -> ResponseReturnValue:
    """Show exactly which equal ones one would approve together."""
    with unit_of_work(me()) as uow:
        asked = approvals.question(uow.session, uow.actor, number)
        if asked is None:
            raise NotFound(number)
        offer = catalog.version(uow.session, asked.catalog_hash)
        rows = [(each, shown(uow.session, offer, each.answers)) for each in approvals.equals(uow.session, uow.actor, asked.shape)]
        item = uow.get(Item, number, lock=False)
        return render_template("approvals/equal.html", number=number, rows=rows, offer=offer, item=item, now=now())


@bp.post("/equal")
@permission("item.vote")
def approve_equal() -> ResponseReturnValue:
    """Approve those that were ticked, each a vote and a transaction of its own, and say of each how it went."""
    results: list[tuple[str, Text | None]] = []
    for one in dict.fromkeys(request.form.getlist("one")[: approvals.EQUALS]):
        number, _, subject = one.partition(":")
        results.append((number, _approve(number, subject, request.form.get("comment", ""))))
    return render_template("approvals/equal_done.html", results=results, failed=sum(why is not None for _, why in results))


def _approve(number: str, subject: str, comment: str) -> Text | None:
    try:
        with unit_of_work(me()) as uow:
            services.decide(uow, number, Choice.APPROVE, comment, subject=subject)
    except DeskError as refused:
        return refused.text
    return None


def _page(
    number: str, errors: dict[str, str] | None = None, comment: str = "", named: NamedForm | None = None, status: int = 200
) -> ResponseReturnValue:
    address = url_for(".decide", number=number)
    return decision_page.page(number, address=address, errors=errors, comment=comment, named=named, status=status)
