"""What does not go on by itself, and the buttons that make it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.queries import stuck
from app.rules.words import t
from app.services import fulfilment
from app.services import stuck as services
from app.unit_of_work import unit_of_work
from app.web.current import me, now
from app.web.permission import holds, permission
from app.web.redirects import done

bp = Blueprint("stuck", __name__, url_prefix="/stuck")


@bp.get("/")
@permission("stuck.view")
def show() -> ResponseReturnValue:
    """List failed items and, for administrators, the work and mail that were given up."""
    with unit_of_work(me()) as uow:
        items = stuck.failed_items(uow.session, uow.actor)
        sees_queue = holds("queue.view")
        work = stuck.dead_deliveries(uow.session) if sees_queue else []
        mail = stuck.dead_mail(uow.session) if sees_queue else []
        return render_template("stuck/show.html", items=items, work=work, mail=mail, sees_queue=sees_queue, now=now())


@bp.post("/items/<number>/retry")
@permission("item.retry")
def retry(number: str) -> ResponseReturnValue:
    """Try the failed step of an item again."""
    with unit_of_work(me()) as uow:
        fulfilment.retry(uow, number, version=request.form.get("version", type=int))
    return done(t("%(number)s is being tried again.", number=number), "requests.of_item", number=number)


@bp.post("/redrive")
@permission("queue.redrive")
def redrive() -> ResponseReturnValue:
    """Try given-up work and mail again."""
    with unit_of_work(me()) as uow:
        count = services.redrive(uow, request.form.getlist("work", type=int), request.form.getlist("mail", type=int))
    return done(t("%(count)s are being tried again.", count=count), ".show")
