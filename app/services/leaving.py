"""Somebody leaves for good: what is still being done for this person ends, and what cannot end is told (domain.md 3)."""

from collections.abc import Sequence

from sqlalchemy import select

from app import language
from app.models.directory import DirectoryGroup
from app.models.people import Person
from app.models.requests import Item
from app.rules import lifecycle
from app.rules.words import t
from app.services import messages, records, requests, summaries
from app.settings import settings
from app.unit_of_work import UnitOfWork

OVER = (*sorted(lifecycle.FINAL), "fulfilled", "compensating")  # nothing is given any more by what stands here


def open_orders(uow: UnitOfWork, person_id: int, by: str) -> list[str]:
    """Return the items that are still on their way to somebody, without the one that makes this person leave."""
    query = select(Item.number).where(Item.beneficiary_id == person_id, Item.state.not_in(OVER), Item.number != by)
    return list(uow.session.scalars(query.order_by(Item.id)))


def let_go(uow: UnitOfWork, person: Person, number: str) -> bool:
    """Cancel an item whose beneficiary leaves; what was done is taken back by its flow.

    False where it is past recall: then its team is told, and decides with whoever ordered it.
    """
    item = requests.locked(uow, number)
    if item.state in OVER:
        return True
    if requests.is_past_recall(item):
        messages.tell_team(uow, item.team_id, "beneficiary_left", item)
        return False
    reason = language.translate(t("%(name)s has left the company.", name=person.name), settings().language)
    requests.withdraw(uow, item, records.write(uow, item, "reason", reason), consequence=True)
    summary = uow.record_event(item, "item.summary", note=summaries.write(uow, item))
    requests.tell_owners(uow, item, "item_incomplete", event=summary)
    return True


def note_groups(uow: UnitOfWork, number: str, person: Person, uids: Sequence[str]) -> None:
    """Note on an item out of which groups somebody was taken who held no access to them that the desk gave."""
    ids = uow.session.scalars(select(DirectoryGroup.id).where(DirectoryGroup.uid.in_(uids)).order_by(DirectoryGroup.id))
    item = uow.get(Item, number)
    uow.record_event(item, "item.leave_groups", after={"person": person.id, "groups": list(ids)})
