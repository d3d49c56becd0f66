"""Mail as a step of fulfilment: it is queued here, and sent by flow send_messages like every other."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app import database
from app.models.messages import Message
from app.models.requests import Item
from app.rules.errors import ActionNotAllowed
from app.rules.words import t
from app.services import messages
from app.services.fulfilment import BoundStep
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from flows.actions import Change, Plan, action

TEMPLATE = "step_message"


@action("mail.send")
class Send:
    """Write to an address."""

    def plan(self, step: BoundStep) -> Plan:
        """Say what is written to whom."""
        to, subject = step.params["to"], step.params["subject"]
        words = t("Send the message “%(subject)s” to %(to)s", subject=subject, to=to)
        return Plan(words, (Change("send", to, subject, step.params["text"]),))

    def run(self, step: BoundStep) -> Mapping[str, Any]:
        """Queue the mail; the token keeps it single."""
        with unit_of_work(SYSTEM) as uow:
            item = uow.get(Item, step.item, lock=False)
            texts = {"subject": step.params["subject"], "text": step.params["text"]}
            messages.queue(
                uow, step.params["to"], settings().language, TEMPLATE, item, token=step.token, params=texts
            )
        return {"token": step.token}

    def verify(self, step: BoundStep) -> bool:
        """Say whether the mail is queued or sent."""
        with database.sessions()() as session:
            return session.scalar(select(Message.id).where(Message.token == step.token)) is not None

    def undo(self, step: BoundStep) -> None:
        """Refuse: what was written was read."""
        raise ActionNotAllowed(t("A message that was sent cannot be taken back."))
