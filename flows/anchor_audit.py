"""Anchor the audit each hour, so that a cut tail shows (app/services/anchors.py)."""

from prefect import flow

from app.services import anchors
from app.unit_of_work import SYSTEM, unit_of_work


@flow(name="anchor_audit")
def anchor_audit() -> int:
    """Anchor what happened since the last time, in the table and in the file of this machine; return how many events."""
    with unit_of_work(SYSTEM) as uow:
        made = anchors.anchor(uow)
    if made is None:
        return 0
    anchors.publish(made)
    return made.events
