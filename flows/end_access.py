"""Access that ends: remind its holder in time, and take it away when its day is over (domain.md 3)."""

from prefect import flow

from app import logs
from app.rules.errors import DeskError
from app.services import access
from app.services.access import GIVES, TAKES
from app.services.fulfilment import BoundStep
from app.unit_of_work import SYSTEM, unit_of_work
from flows import actions

log = logs.logger("access")


@flow(name="end_access")
def end_access() -> int:
    """Look at every access that is due; return how many were taken away. What failed comes back by itself."""
    with unit_of_work(SYSTEM) as uow:
        due = access.due(uow)
    return sum(end(grant_id) for grant_id in due)


def end(grant_id: int) -> bool:
    """Remind of one access, or take it away; True when it was taken away."""
    with unit_of_work(SYSTEM) as uow:
        grant = access.look(uow, grant_id)
        if grant is None:
            return False
        params = {"person": grant.person.login, "group": grant.target}
        step = BoundStep(grant.item.number, f"end-{grant.id}", TAKES, params)
    try:
        actions.named(TAKES).run(step)
    except DeskError as error:
        log.warning("access not ended", grant=grant_id, reason=type(error).__name__)
        with unit_of_work(SYSTEM) as uow:
            access.not_ended(uow, grant_id, error)
        return False
    with unit_of_work(SYSTEM) as uow:
        is_over = access.ended(uow, grant_id)
    if not is_over:  # it was extended while we took it away
        actions.named(GIVES).run(step)
    return is_over
