"""What the team does to an item that is being carried out: hold it, go on, give it up."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.rules.words import t
from app.services import fulfilment
from app.unit_of_work import unit_of_work
from app.web.current import me
from app.web.permission import permission
from app.web.redirects import done

bp = Blueprint("fulfilment", __name__, url_prefix="/items/<number>")


@bp.post("/hold")
@permission("item.hold")
def hold(number: str) -> ResponseReturnValue:
    """Put an item on hold, saying what it waits for."""
    reason, body = request.form.get("reason", ""), request.form.get("body", "")
    with unit_of_work(me()) as uow:
        fulfilment.hold(uow, number, reason, body, version=request.form.get("version", type=int))
    return done(t("%(number)s is on hold.", number=number), "requests.of_item", number=number)


@bp.post("/resume")
@permission("item.resume")
def resume(number: str) -> ResponseReturnValue:
    """Go on with it."""
    with unit_of_work(me()) as uow:
        fulfilment.resume(uow, number, version=request.form.get("version", type=int))
    return done(t("%(number)s goes on.", number=number), "requests.of_item", number=number)


@bp.post("/give-up")
@permission("item.compensate")
def give_up(number: str) -> ResponseReturnValue:
    """Give a failed item up: what was done is undone."""
    with unit_of_work(me()) as uow:
        fulfilment.compensate(uow, number, request.form.get("body", ""), version=request.form.get("version", type=int))
    return done(t("%(number)s is given up; what was done is being undone.", number=number), "requests.of_item", number=number)
