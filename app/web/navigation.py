"""What the frame offers to whom. A link shows when its page exists and a role of the person opens it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from flask import Flask, current_app, g, request
from sqlalchemy import ScalarSelect, Select, func, select

from app.rules.permissions import Matrix
from app.rules.words import Text, t
from app.services import inbox
from app.settings import matrix, settings
from app.unit_of_work import unit_of_work
from app.visibility import Actor
from app.web.current import current_person, me
from app.web.permission import holds


@dataclass(frozen=True)
class Link:
    """One place in the rail; `short` is its name where there is little room."""

    endpoint: str
    label: Text
    icon: str
    permission: str
    on_phone: bool = False
    short: Text | None = None


@dataclass(frozen=True)
class Section:
    """Links under one heading."""

    title: Text
    links: tuple[Link, ...]


SECTIONS: Final = (
    Section(
        t("My things"),
        (
            Link("portal.home", t("Home"), "house", "portal.use", on_phone=True),
            Link("requests.mine", t("My requests"), "bag-check", "portal.use", on_phone=True, short=t("Requests")),
            Link("reports.mine", t("My reports"), "lightning-charge", "incident.report", on_phone=True, short=t("Reported")),
            Link("access.mine", t("My access"), "key", "access.own"),
            Link("approvals.waiting", t("Approvals"), "check2-circle", "portal.use", on_phone=True),
        ),
    ),
    Section(
        t("Work"),
        (
            Link("queues.show", t("Incidents"), "inbox", "work.view", on_phone=True),
            Link("tasks.worklist", t("Tasks"), "list-task", "work.view", on_phone=True),
            Link("calls.new", t("New incident"), "telephone", "incident.open_for"),
            Link("majors.index", t("Major incidents"), "megaphone", "major.view"),
            Link("quality.index", t("Quality reviews"), "clipboard-check", "quality.view"),
            Link("stuck.show", t("What is stuck"), "exclamation-triangle", "stuck.view"),
            Link("assets.index", t("Services"), "hdd-network", "ci.view"),
            Link("calendars.index", t("Working hours"), "calendar-event", "ci.view"),
            Link("kpis.index", t("Reports"), "bar-chart", "report.view"),
        ),
    ),
    Section(
        t("Admin"),
        (
            Link("people.index", t("People"), "people", "people.view"),
            Link("teams.index", t("Teams"), "diagram-3", "people.view"),
            Link("roles.index", t("Roles"), "person-badge", "people.view"),
            Link("access.register", t("Who holds what"), "shield-lock", "access.view"),
            Link("recertification.index", t("Reviews of access"), "clipboard-check", "access.view"),
            Link("catalog_health.show", t("Catalogue"), "box-seam", "catalog.health"),
            Link("directory.status", t("Directory"), "hdd-network", "directory.view"),
        ),
    ),
)


PERMISSIONS: Final = {link.endpoint: link.permission for section in SECTIONS for link in section.links}

# How many things wait for the person behind a link: a view module enters a scalar query here. All are asked at once, once per page.
WAITING: Final[dict[str, Callable[[Actor], ScalarSelect[int]]]] = {}


def init_app(app: Flask) -> None:
    """Let templates draw the frame."""
    app.jinja_env.globals.update(
        navigation=sections, on_phone=on_phone, has_page=has_page, person_here=current_person, here=here, waiting=waiting, holds=holds, DEMO=settings().demo
    )


def waiting(endpoint: str) -> int:
    """Return how many things wait behind a link."""
    if "waiting" not in g:
        g.waiting = _all_waiting() if current_person() else {}
    return int(g.waiting.get(endpoint) or 0)


def looked_at(number: str) -> None:
    """Note whose page this is: what the inbox says of it is read, as the frame counts what is not."""
    g.looked_at = number


def _all_waiting() -> dict[str, int]:
    asked = tuple(endpoint for endpoint in WAITING if has_page(endpoint))
    number = g.get("looked_at")
    with unit_of_work(me()) as uow:
        row = uow.session.execute(_question(matrix(), uow.actor, asked, number is not None), {"number": number} if number else {}).one()
    return dict(zip(asked, row, strict=True))


@lru_cache(256)
def _question(rules: Matrix, actor: Actor, asked: tuple[str, ...], looks: bool) -> Select[*tuple[Any, ...]]:
    counts: dict[str, Any] = {endpoint: WAITING[endpoint](actor) for endpoint in asked}
    if not looks or actor.id is None:
        return select(*counts.values())
    looked = inbox.look(actor.id)
    counts["inbox.show"] = func.greatest(counts["inbox.show"] - select(func.count()).select_from(looked).scalar_subquery(), 0)
    return select(*counts.values())


def has_page(endpoint: str) -> bool:
    """Answer whether this installation has that page."""
    return endpoint in current_app.view_functions


def sections() -> list[Section]:
    """Return the sections that the person has something in."""
    if current_person() is None:
        return []
    found = (
        Section(section.title, tuple(link for link in section.links if has_page(link.endpoint) and holds(link.permission)))
        for section in SECTIONS
    )
    return [section for section in found if section.links]


# The page of one record belongs to the list that its reader has: the queue of whoever works here, one's own reports otherwise.
LISTS: Final = {"incidents": ("queues.show", "reports.mine"), "incident_parts": ("queues.show", "reports.mine"), "closure": ("queues.show",), "bulk": ("queues.show",), "conversions": ("queues.show",)}
NOWHERE: Final = frozenset({"portal.find"})


def here(endpoint: str) -> bool:
    """Answer whether the page belongs to this link: the same view, another of its blueprint, or one of a record that it lists."""
    if request.endpoint == endpoint or request.blueprint is None or _named(request.endpoint) or request.endpoint in NOWHERE:
        return request.endpoint == endpoint
    lists = (each for each in LISTS.get(request.blueprint, ()) if holds(PERMISSIONS[each]))
    return endpoint == next(lists, None) or request.blueprint == endpoint.partition(".")[0]


ON_PHONE: Final = 4


def on_phone(found: list[Section]) -> list[Link]:
    """Return what stands in the bar of a phone: work before one's own things for those who work here, so that it fits."""
    links = [link for section in found for link in section.links if link.on_phone]
    first = [link for link in links if link.endpoint == "portal.home"]
    work = [link for link in links if link.permission == "work.view"]
    rest = [link for link in links if link not in first and link not in work]
    kept = {link.endpoint for link in [*first, *work, *(reversed(rest) if work else rest)][:ON_PHONE]}
    return [link for link in links if link.endpoint in kept]


def _named(endpoint: str | None) -> bool:
    return endpoint in PERMISSIONS
