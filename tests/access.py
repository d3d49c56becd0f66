"""What tests of access do to a desk: somebody holds an access until a day, as if a flow had carried the order out."""

from datetime import date, timedelta
from typing import Final

from sqlalchemy import select

from app import database
from app.models.access import Grant
from app.models.catalog import CatalogItem, CatalogVersion
from app.models.requests import Item
from app.rules.approvals import Choice
from app.rules.catalog.items import to_json
from app.services import fulfilment, requests, steps
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import GROUP_ITEM, NOON, parsed

UNTIL_ITEM: Final = (
    GROUP_ITEM.partition("[[steps]]")[0].replace('name = "Access to a shared group"', 'name = "Access until a day"')
    + """
[[fields]]
name = "until"
label = "Until when?"
label_pt = "Até quando?"
kind = "date"

[[steps]]
name = "join"
do = "directory.add_member"
with = { person = "{beneficiary}", group = "{group}" }
ends = "{until}"
"""
)
UNTIL: Final = parsed(UNTIL_ITEM, "access/until")
PLAN: Final = {"join": {"words": "add", "changes": ["member"]}}


def offer() -> None:
    """Put an item with an end into the catalogue."""
    with database.sessions().begin() as session:
        if session.get(CatalogItem, UNTIL.slug) is None:
            session.add(CatalogVersion(hash=UNTIL.hash, slug=UNTIL.slug, parsed=to_json(UNTIL), published_at=NOON))
            session.flush()
            session.add(CatalogItem(slug=UNTIL.slug, hash=UNTIL.hash, updated_at=NOON))


def in_days(days: int) -> str:
    """Return a day to come, as a form says it."""
    with unit_of_work(SYSTEM) as uow:
        return (uow.now.date() + timedelta(days=days)).isoformat()


def asked(who: str, group: str, until: str = "", *, key: str = "") -> str:
    """Order access until a day and have its approvers asked; the item's number."""
    offer()
    answers = {"group": group, **({"until": until} if until else {})}
    with unit_of_work(who) as uow:
        order = Order(key or f"order-{who}-{group}-{until or 'good'}-0001", [Line(UNTIL.slug, UNTIL.hash, answers)])
        number = requests.submit(uow, order).items[0].number
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, PLAN)
    return number


def approved(number: str, *approvers: str) -> str:
    """Let these say yes."""
    for login in approvers:
        with unit_of_work(login) as uow:
            requests.decide(uow, number, Choice.APPROVE)
    return number


def carried_out(number: str) -> int:
    """Carry an approved order out, as flow fulfil_request does; the id of the grant it gave or extended."""
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
        fulfilment.ready_steps(uow, number)
    with unit_of_work(SYSTEM) as uow:
        claim = steps.claim(uow, number, "join")
        assert claim is not None
        steps.commit(uow, claim)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.advance(uow, number)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.close(uow, number)
    with database.sessions()() as session:
        item = select(Item.id).where(Item.number == number).scalar_subquery()
        return session.scalars(select(Grant.id).where(Grant.item_id == item)).one()


def held(who: str = "ana", group: str = "finance-ro", until: str = "", approvers: tuple[str, ...] = ("helena", "igor")) -> int:
    """Give somebody access to a group until a day (for good when left out); the grant's id."""
    return carried_out(approved(asked(who, group, until), *approvers))


def grant(grant_id: int) -> Grant:
    """Return an access as it is stored."""
    with database.sessions()() as session:
        return session.get_one(Grant, grant_id)


def day(text: str) -> date:
    """Return the day of a form's text."""
    return date.fromisoformat(text)
