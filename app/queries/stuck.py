"""What does not go on by itself: items whose step failed, work and mail that were given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.events import Delivery, Event
from app.models.messages import Message
from app.models.records import Record
from app.models.requests import Item, Step
from app.rules.lifecycle import RecordKind
from app.rules.words import Text, t
from app.visibility import Actor, visible

SHOWN = 100


@dataclass(frozen=True)
class FailedItem:
    """An item whose step failed for good: what was tried how often, and why it did not work."""

    number: str
    title: str
    title_pt: str | None
    version: int
    step: str
    attempts: int
    since: datetime
    why: Text


def failed_items(session: Session, actor: Actor, limit: int = SHOWN) -> list[FailedItem]:
    """Return the failed items the actor may see, the oldest first."""
    query = (
        select(Item.number, Item.title, Item.title_pt, Item.version, Step.key, Step.attempt, Item.updated_at, Step.result, Step.error)
        .join(Step, Step.item_id == Item.id)
        .where(Record.kind == RecordKind.ITEM, Record.state == "failed", visible(actor, RecordKind.ITEM))
        .where(Step.revision == Item.revision, Step.state == "failed")
        .order_by(Item.updated_at, Item.id)
        .limit(limit)
    )
    return [FailedItem(*row[:7], why=reason(row[7], row[8])) for row in session.execute(query)]


def why_failed(items: Sequence[Item]) -> dict[int, Text]:
    """Return the reason of each failed item among these, by the item's id; asked only when there is one."""
    failed = [item for item in items if item.state == "failed"]
    return {
        item.id: reason(step.result, step.error)
        for item in failed
        for step in item.steps
        if step.revision == item.revision and step.state == "failed"
    }


def reason(result: dict[str, object] | None, error: str | None) -> Text:
    """Return why a step failed, in the reader's language where the ledger kept the sentence in parts."""
    match (result or {}).get("error"):
        case [str(msgid), dict(params)]:
            return Text(msgid, tuple(params.items()))
    return t("%(reason)s", reason=error or "")


def dead_deliveries(session: Session, limit: int = SHOWN) -> list[tuple[int, str, str, str, str | None, datetime]]:
    """Return the work that was given up, newest first: id, flow, event, record, error, since."""
    query = select(Delivery.id, Delivery.consumer, Event.name, Event.stream, Delivery.error, Event.at)
    found = query.join(Event, Event.id == Delivery.event_id).where(Delivery.state == "dead")
    return [(*row,) for row in session.execute(found.order_by(Delivery.id.desc()).limit(limit))]


def dead_mail(session: Session, limit: int = SHOWN) -> list[tuple[int, str, str, str | None, datetime]]:
    """Return the mail that was given up, newest first: id, address, letter, error, since."""
    query = select(Message.id, Message.address, Message.template, Message.error, Message.created_at)
    return [(*row,) for row in session.execute(query.where(Message.state == "dead").order_by(Message.id.desc()).limit(limit))]
