"""The portal: search first, then what one's colleagues order most, what is on its way, and what waits for a decision."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.models.people import Person
from app.practice import practice
from app.queries import approvals, catalog, due, incidents, record_search, requests, search, standing
from app.queries.record_search import AGES, FACETS, START, STOP, Facets
from app.rules.assets import CLASSES
from app.rules.catalog.items import Item
from app.rules.words import t
from app.unit_of_work import unit_of_work
from app.web.current import me, now
from app.web.permission import permission
from app.web.shown import STATES, say, titled

bp = Blueprint("portal", __name__)
SUGGESTED = 5
LONGEST = 200
KINDS = {"incident": t("Incidents"), "request": t("Requests"), "task": t("Tasks")}


@bp.get("/")
@permission("portal.use")
def home() -> ResponseReturnValue:
    """Show the home page."""
    with unit_of_work(me()) as uow:
        on_its_way = requests.mine(uow.session, uow.actor, only_open=True, per_page=SUGGESTED).rows
        reported = incidents.mine(uow.session, uow.actor, only_open=True, per_page=SUGGESTED).rows
        return render_template(
            "portal/home.html",
            now=now(),
            popular=search.popular(uow.session, uow.actor),
            icons={each.slug: each.icon for each in catalog.categories(uow.session)},
            open_requests=on_its_way,
            open_reports=reported,
            promised=due.promised(uow.session, [row.id for row in reported]),
            standing=standing.of(uow.session, [row.id for row in on_its_way]),
            asked=approvals.waiting_for(uow.session, uow.actor, per_page=SUGGESTED).rows,
        )


@bp.get("/search")
@permission("portal.use")
def find() -> ResponseReturnValue:
    """Show what fits the words; a whole number opens its record at once."""
    words = request.args.get("q", "").strip()[:LONGEST]
    facets = _facets()
    with unit_of_work(me()) as uow:
        found = search.find(uow.session, uow.actor, words, now(), facets)
        if search.full_number(words) and found.records.rows:
            return redirect(url_for("records.show", number=found.records.rows[0].number), code=303)
        fitting = [] if found.records.is_mended else [row.number for row in found.records.rows]
        lines = record_search.snippets(uow.session, uow.actor, fitting, words)
        icons = {each.slug: each.icon for each in catalog.categories(uow.session)} if found.services else {}
        return render_template(
            "portal/search.html", words=words, found=found, icons=icons, facets=facets, ages=AGES, kinds=KINDS, categories=practice().categories,
            snippets={number: pieces(line) for number, line in lines.items()}, classes=CLASSES, now=now(),
        )  # fmt: skip


@bp.get("/search/suggest")
@permission("portal.use")
def suggest() -> ResponseReturnValue:
    """Return the first few that fit: for the list under the search box, or as JSON for the palette."""
    words = request.args.get("q", "").strip()[:LONGEST]
    with unit_of_work(me()) as uow:
        found = search.find(uow.session, uow.actor, words, now(), limit=search.SUGGESTED, counted=False)
        if request.accept_mimetypes.best == "application/json":
            places = [*map(_as_record, found.records.rows), *map(_as_place, found.services), *map(_as_person, found.people), *map(_as_thing, found.things)]
            return jsonify(results=places)
        return render_template("portal/suggestions.html", words=words, found=found)


def _facets() -> Facets:
    """Return what the address narrows the search to; what there is not narrows nothing."""
    known: dict[str, Mapping[str, Any]] = {"kind": KINDS, "state": STATES, "age": AGES}
    asked = {name: request.args.get(name, "")[:LONGEST] for name in (*FACETS, "age")}
    return Facets(**{name: value for name, value in asked.items() if name not in known or value in known[name]})


def pieces(line: str) -> list[tuple[bool, str]]:
    """Return a snippet as (whether it fits, text), for a page to mark; every piece is plain text."""
    found = [(False, line.split(START)[0])]
    for part in line.split(START)[1:]:
        fits, _, rest = part.partition(STOP)
        found += [(True, fits), (False, rest)]
    return [(fits, text) for fits, text in found if text]


def _as_place(item: Item) -> dict[str, str]:
    return {"text": say(item.name), "href": url_for("catalog.order", slug=item.slug)}


def _as_record(record: Any) -> dict[str, str]:
    return {"text": titled(record), "number": record.number, "href": url_for("records.show", number=record.number)}


def _as_person(person: Person) -> dict[str, str]:
    return {"text": person.name, "href": url_for("people.show", login=person.login)}


def _as_thing(thing: Any) -> dict[str, str]:
    return {"text": thing.name, "href": url_for("assets.show", key=thing.key)}
