"""Look again at what was done: an item closes when its last look was good, and is mended when one was not (domain.md 3)."""

from prefect import flow

from app import logs
from app.rules.errors import Unavailable
from app.services import checks, steps
from app.services.fulfilment import BoundStep
from app.unit_of_work import SYSTEM, unit_of_work
from flows import actions

log = logs.logger("checks")


@flow(name="look_again")
def look_again() -> int:
    """Make the looks that are due; return how many. A directory that is away now is looked at a minute later."""
    with unit_of_work(SYSTEM) as uow:
        due = checks.due(uow)
    made = 0
    for check_id, number in due:
        try:
            look(check_id, number)
        except Unavailable as error:
            log.warning("not looked at", item=number, reason=type(error).__name__)
            break
        made += 1
    return made


def look(check_id: int, number: str) -> None:
    """Compare an item's effects with the world as it is now."""
    with unit_of_work(SYSTEM) as uow:
        done = [BoundStep(number, step.key, step.action or "", step.params) for step in steps.standing(uow, number)]
    missing = [step.key for step in done if not actions.named(step.action).verify(step)]
    with unit_of_work(SYSTEM) as uow:
        checks.settle(uow, check_id, number, missing)
        if not missing:
            steps.verified(uow, number)
