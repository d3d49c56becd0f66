"""Clocks whose next threshold is reached: each step of their ladders is taken, for batches of records (domain.md 7)."""

from prefect import flow

from app import logs
from app.rules.errors import Unavailable
from app.services import escalation
from app.services.escalation import Taken
from app.unit_of_work import SYSTEM, unit_of_work
from flows import taking

log = logs.logger("escalation")


@flow(name="escalate")
def escalate() -> int:
    """Take what is due until nothing is; return how many steps. What failed is logged, and comes again later."""
    taken = 0
    while not taking.stopping.is_set() and (fresh := batch()).records:
        taken += fresh.steps
    return taken


def batch() -> Taken:
    """Take the steps of some records in one transaction; where that fails, of each alone: one failure stops no other."""
    with unit_of_work(SYSTEM) as uow:
        ids = escalation.due(uow.session)
    if not ids:
        return Taken()
    try:
        with unit_of_work(SYSTEM) as uow:
            return escalation.take(uow, ids)
    except Unavailable:  # the database is away: all of it is still due when it is back
        raise
    except Exception:  # whatever is wrong with one of them is found when each is taken alone
        log.warning("not together", records=ids, exc_info=True)
        return sum(map(_alone, ids), Taken())


def _alone(record_id: int) -> Taken:
    try:
        with unit_of_work(SYSTEM) as uow:
            return escalation.take(uow, [record_id])
    except Unavailable:
        raise
    except Exception:
        log.exception("no step was taken", record=record_id)
        with unit_of_work(SYSTEM) as uow:
            escalation.hold_back(uow, record_id)
        return Taken(records=1)
