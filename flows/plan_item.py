"""Work out what carrying out an item would do, so that its approvers decide on exactly that (domain.md 3)."""

from datetime import datetime

from prefect import flow

from app.rules.errors import Unavailable
from app.services import fulfilment
from app.services.deliveries import Hold
from app.unit_of_work import SYSTEM, unit_of_work
from flows import actions, taking


@flow(name="plan_item")
def plan_item(deliveries: list[str]) -> int:
    """Plan new items and ask their approvers."""
    return taking.work_off(deliveries, plan)


def plan(hold: Hold) -> datetime | None:
    """Plan one item; an outside system that is away now is asked again later."""
    with unit_of_work(SYSTEM) as uow:
        steps = fulfilment.bound_steps(uow, hold.number)
    try:
        plans = {step.key: actions.plan(step) for step in steps}
    except Unavailable:
        return taking.later(hold)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, hold.number, plans)
    return None
