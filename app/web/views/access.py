"""What I hold and until when; and the register of who holds what."""

from datetime import date, datetime
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.forms.catalog import as_posted
from app.queries import access, reviews, stuck
from app.queries.access import Wanted
from app.rules import access as rules
from app.rules.errors import Invalid, NotFound
from app.rules.words import t
from app.services import access as services
from app.services import extensions
from app.settings import settings
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import ordering
from app.web.current import me, now
from app.web.permission import holds, permission
from app.web.redirects import done
from app.web.shown import say, titled
from app.web.table_file import csv_of

bp = Blueprint("access", __name__, url_prefix="/access")
MOST_ROWS: Final = 20_000


@bp.get("/")
@permission("access.own")
def mine() -> ResponseReturnValue:
    """Show what I hold, what I asked to keep longer, and what has ended lately."""
    with unit_of_work(me()) as uow:
        held, over = access.mine(uow.session, uow.actor)
        asked = access.extensions(uow.session, held)
        groups = access.groups_of(uow.session, uow.actor)
        left = reviews.count_for(uow.session, uow.actor)
        return _page("access/mine.html", held=held, over=over, asked=asked, owns=bool(groups), left=left)


@bp.get("/<int:grant>")
@permission("access.own")
def show(grant: int) -> ResponseReturnValue:
    """Show one access: why, since when, until when, what happened, and what can be done."""
    with unit_of_work(me()) as uow:
        return _one(uow, grant)


@bp.get("/<int:grant>/extend")
@permission("access.own")
def extend(grant: int) -> ResponseReturnValue:
    """Show the form of what gave it, filled as it was but for the days: its approval leads to the later end."""
    with unit_of_work(me()) as uow:
        held, slug, answers = extensions.order_again(uow, grant)
        item = ordering.item_for(uow, slug)
        return ordering.form_page(item, ordering.opened(uow, item, as_posted(item, answers)), held=held)


@bp.post("/<int:grant>/give-back")
@permission("access.own")
def give_back(grant: int) -> ResponseReturnValue:
    """End my own access now."""
    with unit_of_work(me()) as uow:
        target = services.give_back(uow, grant).target
    return done(t("Given back: your access to %(group)s is being taken away.", group=target), ".mine")


@bp.post("/<int:grant>/revoke")
@permission("access.revoke")
def revoke(grant: int) -> ResponseReturnValue:
    """End somebody's access now, with the reason."""
    try:
        with unit_of_work(me()) as uow:
            services.take_away(uow, grant, request.form.get("reason", ""))
    except Invalid as wrong:
        with unit_of_work(me()) as uow:
            return _one(uow, grant, say(next(iter(wrong.fields.values())))), 422
    return done(t("The access is being taken away."), ".show", grant=grant)


@bp.post("/<int:grant>/retry")
@permission("access.revoke")
def retry(grant: int) -> ResponseReturnValue:
    """Try at once to end what could not be ended."""
    with unit_of_work(me()) as uow:
        services.try_again(uow, grant)
    return done(t("It is being tried again."), ".show", grant=grant)


@bp.get("/register")
@permission("access.groups")
def register() -> ResponseReturnValue:
    """Show who holds what: all of it, or what belongs to the groups one owns."""
    wanted, given = _wanted()
    with unit_of_work(me()) as uow:
        groups = _groups(uow)
        page = access.register(uow.session, uow.actor, wanted, request.args.get("page"))
        return _page("access/register.html", page=page, wanted=wanted, given=given, groups=groups)


@bp.get("/register.csv")
@permission("access.groups")
def export() -> ResponseReturnValue:
    """Give the same rows as a file."""
    wanted, _ = _wanted()
    with unit_of_work(me()) as uow:
        _groups(uow)
        rows = access.every(uow.session, uow.actor, wanted, MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise Invalid({}, t("That is more than %(most)s rows. Choose a person, a group or a day first.", most=MOST_ROWS))
    columns = (t("Person"), t("User name"), t("Department"), t("Access to"), t("Given by"), t("Since"), t("Until"), t("Request"), t("Ended"), t("Why"))
    cells = (
        (row.name, row.login, row.department, row.target, titled(row), _day(row.granted_at), _last(row.ends_at), row.request,
         _day(row.ended_at), say(rules.ENDED_WHY[row.ended_why]) if row.ended_why else "")
        for row in rows
    )  # fmt: skip
    return csv_of(f"access-{now().date().isoformat()}", [say(column) for column in columns], cells)


def _one(uow: UnitOfWork, grant_id: int, wrong: str = "") -> str:
    grant = services.seen(uow, grant_id)
    asked = access.extensions(uow.session, [grant]).get(grant.id)
    told = access.history(uow.session, grant)
    return _page("access/show.html", grant=grant, asked=asked, told=told, errors=[wrong] if wrong else [], wrong=bool(wrong))


def _groups(uow: UnitOfWork) -> list[str]:
    """Return the groups a reader may choose from; for whoever has none there is no register."""
    found = list(access.groups_of(uow.session, uow.actor))
    if not found and not holds("access.view"):
        raise NotFound("register")
    return found


def _wanted() -> tuple[Wanted, dict[str, str]]:
    """Return what the address asks for, and the same as it stands in the address."""
    given = {name: request.args.get(name, "").strip() for name in ("q", "group", "before", "show")}
    try:
        before = rules.end_of(date.fromisoformat(given["before"]), settings().timezone) if given["before"] else None
    except ValueError:
        raise Invalid({"before": t("Write the day as YYYY-MM-DD.")}) from None
    show = given["show"] if given["show"] in access.SHOWS else "held"
    return Wanted(given["q"], given["group"], before, show), {name: words for name, words in given.items() if words}


def _page(template: str, **values: object) -> str:
    words = {"why": rules.ENDED_WHY, "happened": rules.HAPPENED, "reason": lambda error: stuck.reason(error, None)}
    return render_template(template, now=now(), last_day=_last, moment_of=datetime.fromisoformat, **words, **values)


def _last(ends_at: datetime | None) -> date | None:
    return rules.last_day(ends_at, settings().timezone) if ends_at else None


def _day(at: datetime | None) -> date | None:
    return _last(at) if at else None
