"""Steps that only wait: so much working time, or until the morning of a day."""

from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from app import calendars
from app.models.requests import Item, Step
from app.queries import progress
from app.rules import hours
from app.rules.catalog import templates
from app.rules.catalog.items import Item as Offer
from app.rules.catalog.items import Step as OfferStep
from app.settings import settings
from app.unit_of_work import UnitOfWork


def kind(step: OfferStep) -> str:
    """Return how the ledger calls a step of the catalogue: automatic, wait or manual."""
    return "automatic" if step.is_automatic else "wait" if step.wait else "manual"


def start(uow: UnitOfWork, item: Item, offer: Offer, step: Step) -> bool:
    """Let a step wait from now; True when the wait is over already."""
    described = next(each for each in offer.steps if each.name == step.key)
    step.state, step.started_at, step.next_at = "waiting", uow.now, _until(uow, item, offer, described.wait)
    take_in(uow, [step])
    return step.state == "done"


def take_in(uow: UnitOfWork, steps: Iterable[Step]) -> None:
    """A wait that is over is done."""
    for step in steps:
        if step.kind == "wait" and step.state == "waiting" and step.next_at is not None and step.next_at <= uow.now:
            step.state, step.done_at, step.next_at = "done", uow.now, None


def _until(uow: UnitOfWork, item: Item, offer: Offer, wait: str) -> datetime:
    if "{" in wait:
        day = date.fromisoformat(templates.fill(wait, progress.values_for(uow.session, item, offer)))
        return datetime.combine(day, time(), ZoneInfo(settings().timezone))
    calendar = calendars.calendar(settings().calendar)
    return hours.add(calendar, uow.now, hours.parse_target(wait, calendar))
