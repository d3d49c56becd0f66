"""Resolved incidents: their record is reviewed, their caller reminded, and what nobody took up again closes by itself (domain.md 2, 8)."""

from prefect import flow

from app import logs
from app.closure import closing
from app.queries import closure as due
from app.rules.errors import DeskError, Unavailable
from app.services import closure
from app.unit_of_work import SYSTEM, unit_of_work

log = logs.logger("incidents")


@flow(name="review_closure")
def review_closure() -> int:
    """Take every step that is due; return how many. What failed is logged, and looked at again later."""
    with unit_of_work(SYSTEM) as uow:
        numbers = due.due(uow.session, closing().policy)
    return sum(map(_take, numbers))


def _take(number: str) -> int:
    """Take the steps of one in its own transaction: one failure stops no other."""
    try:
        with unit_of_work(SYSTEM) as uow:
            return closure.take(uow, number)
    except Unavailable:
        raise
    except DeskError as error:
        log.warning("no step was taken", record=number, reason=type(error).__name__)
        with unit_of_work(SYSTEM) as uow:
            closure.hold_back(uow, number)
        return 0
