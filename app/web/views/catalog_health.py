"""How the catalogue does: faults of files, rehearsals, times, approvals and failures of each item."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.queries import catalog_health
from app.unit_of_work import unit_of_work
from app.web.current import me, now
from app.web.permission import permission

bp = Blueprint("catalog_health", __name__, url_prefix="/catalog-health")
OVER: Final = timedelta(days=90)


@bp.get("/")
@permission("catalog.health")
def show() -> ResponseReturnValue:
    """List every item, what its author must look at first."""
    with unit_of_work(me()) as uow:
        found = catalog_health.of(uow.session, now() - OVER)
    broken = [each for each in found if each.is_broken]
    trouble = {each.slug: catalog_health.trouble(each.rehearsal) for each in broken if each.rehearsal}
    return render_template("catalog_health/show.html", found=found, broken=broken, trouble=trouble, now=now())
