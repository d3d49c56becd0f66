"""Major incidents of which everybody affected waits for an update: whoever owes it is told, then those above (domain.md 2)."""

from prefect import flow

from app import logs
from app.queries import majors as due
from app.rules.errors import DeskError
from app.services import major_updates
from app.unit_of_work import SYSTEM, unit_of_work

log = logs.logger("incidents")


@flow(name="remind_majors")
def remind_majors() -> int:
    """Take every step that is due; return how many. What failed is logged, and is still due."""
    with unit_of_work(SYSTEM) as uow:
        numbers = due.due(uow.session)
    return sum(map(_remind, numbers))


def _remind(number: str) -> int:
    """Take the steps of one in its own transaction: one failure stops no other."""
    try:
        with unit_of_work(SYSTEM) as uow:
            return major_updates.remind(uow, number)
    except DeskError as error:
        log.warning("nobody was told", record=number, reason=type(error).__name__)
        return 0
