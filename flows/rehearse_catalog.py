"""Rehearse the catalogue each night: plan every item as if somebody ordered it, so that its author hears first."""

from typing import NamedTuple

from prefect import flow

from app import logs
from app.rules.errors import DeskError
from app.rules.words import Text, t
from app.services import rehearsals
from app.services.rehearsals import BROKEN, UNKNOWN, WORKS
from app.unit_of_work import SYSTEM, unit_of_work
from flows import actions

log = logs.logger("rehearsal")


class Rehearsed(NamedTuple):
    """How the rehearsal of one item went, and why it did not work."""

    slug: str
    outcome: str
    why: Text | None = None


@flow(name="rehearse_catalog")
def rehearse_catalog() -> int:
    """Rehearse every item in service; return how many are broken."""
    return sum(each.outcome == BROKEN for each in rehearse_all())


def rehearse_all() -> list[Rehearsed]:
    """Rehearse every item in service and keep what came of it; planning changes nothing outside."""
    with unit_of_work(SYSTEM) as uow:
        due = rehearsals.due(uow)
    found = []
    for slug, digest in due:
        outcome, why = _rehearsed(slug, digest)
        with unit_of_work(SYSTEM) as uow:
            rehearsals.store(uow, slug, digest, outcome, why)
        found.append(Rehearsed(slug, outcome, why))
    return found


def _rehearsed(slug: str, digest: str) -> tuple[str, Text | None]:
    try:
        with unit_of_work(SYSTEM) as uow:
            steps = rehearsals.steps(uow, digest)
        faults = [fault for step in steps if (fault := actions.plan(step).get("fault"))]
    except DeskError as error:  # away now says nothing about the item
        return (UNKNOWN if error.status == 503 else BROKEN), error.text
    except Exception:  # one item that cannot be tried must not keep the others from it
        log.exception("rehearsal failed", item=slug)
        return BROKEN, t("Something went wrong in the desk itself. The log of the worker says what.")
    if faults:
        msgid, params = faults[0]
        return BROKEN, Text(msgid, tuple(params.items()))
    return WORKS, None
