"""My requests, and where each one stands: who it waits for and since when, and what I can do about it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.models.requests import Item, Request
from app.queries import catalog_health, due, incident_page, progress, requests, standing, stuck, work_time
from app.rules.errors import Invalid
from app.rules.lifecycle import FINAL
from app.rules.words import t
from app.services import calls
from app.services import requests as services
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import ordering
from app.web.allowed import allowed_each
from app.web.answers import shown
from app.web.current import me, now
from app.web.incident_words import CHANNELS, LINKS
from app.web.navigation import looked_at
from app.web.permission import permission
from app.web.preferences import current_language
from app.web.redirects import done, see_other
from app.web.shown import say

bp = Blueprint("requests", __name__, url_prefix="/requests")
ACTS = (
    "request.cancel", "request.reply", "request.remind", "item.retry", "item.change", "item.cancel", "item.hold",
    "item.resume", "item.compensate", "item.answer", "item.name_approver", "record.timeline", "request.call", "request.convert", "record.log_time",
)  # fmt: skip


@bp.get("/")
@permission("portal.use")
def mine() -> ResponseReturnValue:
    """List what I asked for, or what was asked for me."""
    words, only_open = request.args.get("q", ""), request.args.get("show") != "all"
    with unit_of_work(me()) as uow:
        page = requests.mine(uow.session, uow.actor, only_open=only_open, words=words, bookmark=request.args.get("page"))
        stands = standing.of(uow.session, [row.id for row in page.rows])
        return render_template("requests/mine.html", page=page, standing=stands, words=words, only_open=only_open, now=now())


@bp.get("/<number>")
@permission("request.view")
def show(number: str) -> ResponseReturnValue:
    """Show where a request stands."""
    looked_at(number)
    return _page(number)


def _page(number: str, wrong: Invalid | None = None) -> str:
    """Draw it; with what is `wrong` in a call that was to be written down."""
    with unit_of_work(me()) as uow:
        whole = requests.whole(uow.session, uow.actor, number)
        parts = progress.of(uow.session, whole, current_language())
        rows = {part.item.id: shown(uow.session, part.offer, part.item.answers) for part in parts}
        may = allowed_each(uow, [whole.request, *whole.request.items], *ACTS)
        reasons = stuck.why_failed([item for item in whole.request.items if "item.retry" in may[item.id]])
        is_open = whole.request.state not in FINAL
        called = requests.calls(uow.session, whole.request) if "request.call" in may[whole.request.id] else {}
        links = incident_page.links(uow.session, uow.actor, whole.request.id)
        talk = sorted({note.id: note for note in (*whole.notes, *(note for note, _ in called.values()))}.items())
        begun = {part.item.id for part in parts if services.is_past_recall(part.item)}
        inside = may[whole.request.id] & {"record.log_time", "record.timeline"}
        usual = catalog_health.usual(uow.session, [part.item.slug for part in parts], now() - ordering.LATELY) if is_open else {}
        work, calendars = _work(uow, whole.request) if inside else (None, {})
        return render_template(
            "requests/show.html", due_calendars=calendars, whole=whole, parts=parts, rows=rows, may=may[whole.request.id], each_may=may, is_open=is_open,
            begun=begun, work=work, reasons=reasons, usual=usual, now=now(), talk=[note for _, note in talk], CHANNELS=CHANNELS, links=links, LINKS=LINKS,
            called={id_: channel for id_, (_, channel) in called.items()}, errors={name: say(text) for name, text in wrong.fields.items()} if wrong else {},
        )  # fmt: skip


def _work(uow: UnitOfWork, asked: Request) -> tuple[work_time.Standing, dict[int, str]]:
    """Return the time worked on it, and the calendars in which what is due next counts, by item."""
    work, found = work_time.standing_and(uow.session, uow.actor, asked.id, due.calendars_of([item.id for item in asked.items if item.next_due_at]))
    return work, {int(id_): calendar for id_, calendar in (found or {}).items()}


@bp.get("/items/<number>")
@permission("item.view")
def of_item(number: str) -> ResponseReturnValue:
    """Go to the request an item belongs to."""
    with unit_of_work(me()) as uow:
        item = uow.get(Item, number, lock=False)
        return see_other(".show", number=item.request.number, _anchor=number)


@bp.post("/<number>/reply")
@permission("request.reply")
def reply(number: str) -> ResponseReturnValue:
    """Write on the request."""
    with unit_of_work(me()) as uow:
        services.reply(uow, number, request.form.get("body", ""))
    return done(t("Your message was sent."), ".show", number=number, _anchor="talk")


@bp.post("/<number>/calls")
@permission("request.call")
def call(number: str) -> ResponseReturnValue:
    """Write down a call; in one click its recap goes to whoever asked."""
    recap = request.form.get("then") == "recap"
    try:
        with unit_of_work(me()) as uow:
            calls.log(uow, number, request.form.get("body", ""), request.form.get("channel", ""), recap=recap)
    except Invalid as wrong:
        return _page(number, wrong), 422
    words = t("Written down and sent.") if recap else t("The call is written down; only those who work here see it.")
    return done(words, ".show", number=number, _anchor="talk")


@bp.post("/<number>/cancel")
@permission("request.cancel")
def cancel(number: str) -> ResponseReturnValue:
    """Cancel the whole request."""
    with unit_of_work(me()) as uow:
        services.cancel(uow, number, request.form.get("reason", ""), version=request.form.get("version", type=int))
    return done(t("The request was cancelled."), ".show", number=number)


@bp.post("/items/<number>/cancel")
@permission("item.cancel")
def cancel_item(number: str) -> ResponseReturnValue:
    """Cancel one thing of a request; the others go on."""
    with unit_of_work(me()) as uow:
        services.cancel_item(uow, number, request.form.get("reason", ""), version=request.form.get("version", type=int))
    return done(t("%(number)s was cancelled.", number=number), ".of_item", number=number)


@bp.post("/items/<number>/remind")
@permission("request.remind")
def remind(number: str) -> ResponseReturnValue:
    """Write again to whoever the item waits for."""
    with unit_of_work(me()) as uow:
        reminded = services.remind(uow, number)
    return done(t("%(names)s got a reminder.", names=", ".join(person.name for person in reminded)), ".of_item", number=number)
