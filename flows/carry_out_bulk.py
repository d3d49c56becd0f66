"""Changes to many records at once: carried out when the time to take them back is over."""

from prefect import flow

from app.services import bulk
from app.unit_of_work import SYSTEM, unit_of_work


@flow(name="carry_out_bulk")
def carry_out_bulk() -> int:
    """Carry out what is due; return how many records were changed."""
    with unit_of_work(SYSTEM) as uow:
        jobs = bulk.due(uow)
    return sum(map(bulk.carry_out, jobs))
