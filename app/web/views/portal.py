"""The portal: search first, then what one's colleagues order most, what is on its way, and what waits for a decision."""

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.queries import approvals, catalog, requests, search, standing
from app.rules.catalog.items import Item
from app.unit_of_work import unit_of_work
from app.web.current import me, now
from app.web.permission import permission
from app.web.shown import say, titled

bp = Blueprint("portal", __name__)
SUGGESTED = 5


@bp.get("/")
@permission("portal.use")
def home() -> ResponseReturnValue:
    """Show the home page."""
    with unit_of_work(me()) as uow:
        on_its_way = requests.mine(uow.session, uow.actor, only_open=True, per_page=SUGGESTED).rows
        return render_template(
            "portal/home.html",
            now=now(),
            popular=search.popular(uow.session, uow.actor),
            icons={each.slug: each.icon for each in catalog.categories(uow.session)},
            open_requests=on_its_way,
            standing=standing.of(uow.session, [row.id for row in on_its_way]),
            asked=approvals.waiting_for(uow.session, uow.actor, per_page=SUGGESTED).rows,
        )


@bp.get("/search")
@permission("portal.use")
def find() -> ResponseReturnValue:
    """Show what fits the words; a whole number opens its record at once."""
    words = request.args.get("q", "").strip()
    with unit_of_work(me()) as uow:
        found = search.find(uow.session, uow.actor, words)
        if search.full_number(words) and found.records:
            return redirect(url_for("records.show", number=found.records[0].number), code=303)
        stands = standing.of(uow.session, [row.id for row in found.records])
        icons = {each.slug: each.icon for each in catalog.categories(uow.session)}
        return render_template("portal/search.html", words=words, found=found, icons=icons, standing=stands, now=now())


@bp.get("/search/suggest")
@permission("portal.use")
def suggest() -> ResponseReturnValue:
    """Return the first few that fit: for the list under the search box, or as JSON for the palette."""
    words = request.args.get("q", "").strip()
    with unit_of_work(me()) as uow:
        found = search.find(uow.session, uow.actor, words, SUGGESTED)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(results=[*map(_as_place, found.services), *map(_as_record, found.records)])
    return render_template("portal/suggestions.html", words=words, found=found)


def _as_place(item: Item) -> dict[str, str]:
    return {"text": say(item.name), "href": url_for("catalog.order", slug=item.slug)}


def _as_record(record: Any) -> dict[str, str]:
    return {"text": titled(record), "number": record.number, "href": url_for("records.show", number=record.number)}
