"""What tests of the engine do to a desk: order, approve, look."""

from sqlalchemy import select

from app import database
from app.models.events import Delivery
from app.models.records import Record
from app.models.requests import Item
from app.rules.approvals import Choice
from app.services import requests
from app.services.requests import Line, Order
from app.unit_of_work import unit_of_work
from tests.cast import GROUP_ITEM, MAIL_ITEM, parsed

GROUP = parsed(GROUP_ITEM, "access/shared-group")
VISITOR = parsed(MAIL_ITEM, "workplace/visitor")


def order_group(key: str, who: str = "ana", group: str = "finance-ro") -> str:
    """Order membership of a group; the item's number."""
    with unit_of_work(who) as uow:
        return requests.submit(uow, Order(key, [Line(GROUP.slug, GROUP.hash, {"group": group})])).items[0].number


def order_badge(key: str, who: str = "ana") -> str:
    """Order a visitor's badge: no approval, one mail; the item's number."""
    with unit_of_work(who) as uow:
        return requests.submit(uow, Order(key, [Line(VISITOR.slug, VISITOR.hash, {"guest": key})])).items[0].number


def approve(number: str) -> None:
    """Let ana's manager and the group's owner say yes."""
    for who in ("helena", "igor"):
        with unit_of_work(who) as uow:
            requests.decide(uow, number, Choice.APPROVE)


def state(number: str) -> str:
    """Return where a record stands."""
    with database.sessions()() as session:
        return session.scalars(select(Record.state).where(Record.number == number)).one()


def item(number: str) -> Item:
    """Return an item as it is stored."""
    with database.sessions()() as session:
        return session.scalars(select(Item).where(Item.number == number)).one()


def deliveries(consumer: str) -> list[Delivery]:
    """Return the deliveries of a flow, oldest first."""
    with database.sessions()() as session:
        return list(session.scalars(select(Delivery).where(Delivery.consumer == consumer).order_by(Delivery.id)))
