"""Resolved incidents that nobody took up again: closed when their window is over, counted from their resolution (domain.md 2)."""

from prefect import flow

from app import logs
from app.practice import practice
from app.queries import incidents as due
from app.rules.errors import DeskError
from app.services import incidents
from app.unit_of_work import SYSTEM, unit_of_work

log = logs.logger("incidents")


@flow(name="close_resolved")
def close_resolved() -> int:
    """Close what is due; return how many. What failed is logged, and is still due."""
    with unit_of_work(SYSTEM) as uow:
        numbers = due.due_to_close(uow.session, uow.now, practice().window)
    return sum(map(_close, numbers))


def _close(number: str) -> bool:
    """Close one in its own transaction: one failure stops no other."""
    try:
        with unit_of_work(SYSTEM) as uow:
            return incidents.close_when_due(uow, number).state == "closed"
    except DeskError as error:
        log.warning("not closed", record=number, reason=type(error).__name__)
        return False
