"""Recertification: remind those who have not answered, and close a campaign when its last day is over (domain.md 3)."""

from prefect import flow

from app.services import recertification
from app.unit_of_work import SYSTEM, unit_of_work


@flow(name="recertify")
def recertify() -> int:
    """Look at every campaign that is due, each in its own transaction; return how many."""
    with unit_of_work(SYSTEM) as uow:
        due = recertification.due(uow)
    for campaign in due:
        with unit_of_work(SYSTEM) as uow:
            recertification.look(uow, campaign)
    return len(due)
