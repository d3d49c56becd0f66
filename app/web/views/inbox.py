"""The inbox: what concerns the reader and was not the reader's own act."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.queries import inbox as queries
from app.queries.inbox import Part
from app.rules.errors import NotFound
from app.rules.words import t
from app.services import inbox
from app.unit_of_work import unit_of_work
from app.web import navigation, news
from app.web.current import me, now
from app.web.permission import permission
from app.web.redirects import done, see_other

bp = Blueprint("inbox", __name__, url_prefix="/inbox")
navigation.WAITING["inbox.show"] = queries.unread


@bp.get("")
@permission("inbox.own")
def show() -> ResponseReturnValue:
    """Show what is there, what was put off, or what is done."""
    part = _part()
    with unit_of_work(me()) as uow:
        page = queries.listed(uow.session, uow.actor, part, bookmark=request.args.get("page"))
        return render_template("inbox/show.html", page=page, found=[news.shown(row) for row in page.rows], part=part, LATER=news.LATER, now=now())


@bp.get("/bell")
@permission("inbox.own")
def bell() -> ResponseReturnValue:
    """Give the bell anew: a part of every page."""
    return render_template("inbox/bell.html")


@bp.post("/read")
@permission("inbox.own")
def read_all() -> ResponseReturnValue:
    """Mark everything as read."""
    with unit_of_work(me()) as uow:
        inbox.read_all(uow)
    return done(t("All of it is marked as read."), ".show")


@bp.post("/<int:notice>")
@permission("inbox.own")
def change(notice: int) -> ResponseReturnValue:
    """Mark one as read or not, as done, put it off or take it back."""
    act, until = request.form.get("act", ""), news.until(request.form.get("act", ""))
    with unit_of_work(me()) as uow:
        if until is not None:
            inbox.put_off(uow, notice, until)
        elif act in {"read", "unread"}:
            inbox.mark(uow, notice, read=act == "read")
        elif act == "done":
            inbox.finish(uow, notice)
        elif act == "back":
            inbox.take_back(uow, notice)
        else:
            raise NotFound(act)
    return see_other(".show", show=None if _part() is Part.OPEN else _part().value, page=request.args.get("page"))


def _part() -> Part:
    given = request.args.get("show", "")
    return Part(given) if given in list(Part) else Part.OPEN
