"""Another system is told, by a signed call to its address."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import database, outbound
from app.channels import webhooks
from app.models.events import Event
from app.models.requests import Item
from app.rules.errors import ActionNotAllowed
from app.rules.words import t
from app.services.fulfilment import BoundStep
from app.unit_of_work import SYSTEM, unit_of_work
from flows.actions import Change, Plan, action

DONE = "item.webhook"


@action("webhook.call")
class Call:
    """Call an address that the item's file names."""

    def plan(self, step: BoundStep) -> Plan:
        """Say what is told to whom; what can never be sent is said now."""
        url, event = step.params["url"], step.params["event"]
        outbound.check(url)
        webhooks.secrets()
        return Plan(t("Tell %(url)s: %(event)s", url=url, event=event), (Change("send", url, event, step.params["text"]),))

    def run(self, step: BoundStep) -> Mapping[str, Any]:
        """Call it; whoever is called twice, because we died in between, knows it by the same webhook-id."""
        if self.verify(step):
            return {"token": step.token}
        data = {"item": step.item, "text": step.params["text"]}
        status = webhooks.send(step.params["url"], step.token, step.params["event"], data, _asked_at(step))
        with unit_of_work(SYSTEM) as uow:
            item = uow.get(Item, step.item, lock=False)
            uow.record_event(item, DONE, after={"step": step.key, "status": status})
        return {"token": step.token}

    def verify(self, step: BoundStep) -> bool:
        """Say whether it was told."""
        with database.sessions()() as session:
            told = select(Event.id).where(Event.stream == step.item, Event.name == DONE)
            return session.scalar(told.where(Event.after["step"].as_string() == step.key).limit(1)) is not None

    def undo(self, step: BoundStep) -> None:
        """Refuse: what was told is known."""
        raise ActionNotAllowed(t("A call to another system cannot be taken back."))


def _asked_at(step: BoundStep) -> datetime:
    """Return when the item was ordered: the body is the same at every try."""
    with database.sessions()() as session:
        return session.scalars(select(Item.submitted_at).where(Item.number == step.item)).one()
