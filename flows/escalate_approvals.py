"""Questions that nobody answers: after their time they are put to somebody else as well; waiting never approves (domain.md 4)."""

from collections.abc import Callable

from prefect import flow

from app import logs
from app.rules.errors import DeskError
from app.services import overdue
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

log = logs.logger("approvals")


@flow(name="escalate_approvals")
def escalate_approvals() -> int:
    """Take every late question further; return how many. What failed is logged, and is still due."""
    with unit_of_work(SYSTEM) as uow:
        late, unfound = overdue.late(uow), overdue.unfound(uow)
    return sum(_each(overdue.escalate, id_) for id_ in late) + sum(_each(overdue.look, id_) for id_ in unfound)


def _each(act: Callable[[UnitOfWork, int], bool], id_: int) -> bool:
    """Act on one row in its own transaction: one failure stops no other."""
    try:
        with unit_of_work(SYSTEM) as uow:
            return act(uow, id_)
    except DeskError as error:
        log.warning("not taken further", row=id_, reason=type(error).__name__)
        return False
