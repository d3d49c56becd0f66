"""Work out what carrying out an item would do, so that its approvers decide on exactly that (domain.md 3)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from prefect import flow

from app.rules.errors import Unavailable
from app.services import fulfilment, requests
from app.services.deliveries import Hold
from app.unit_of_work import SYSTEM, unit_of_work
from flows import actions, taking


@flow(name="plan_item")
def plan_item(deliveries: list[str]) -> int:
    """Plan new items and ask their approvers."""
    return taking.work_off(deliveries, plan, plan_together)


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


def plan_together(holds: Sequence[Hold], progress: Callable[[], None]) -> Sequence[Hold]:
    """Plan several items in two transactions; from the first that must be asked for again later, each is left alone."""
    numbers = [hold.number for hold in holds]
    with unit_of_work(SYSTEM) as uow:
        requests.lock(uow, numbers)
        steps = {number: fulfilment.bound_steps(uow, number) for number in numbers}
    plans: dict[str, Mapping[str, Any]] = {}
    for number, bound in steps.items():
        progress()
        try:
            plans[number] = {step.key: actions.plan(step) for step in bound}
        except Unavailable:
            break
    with unit_of_work(SYSTEM) as uow:
        requests.lock(uow, list(plans))
        for number, planned in plans.items():
            fulfilment.store_plan(uow, number, planned)
    return [hold for hold in holds if hold.number in plans]
