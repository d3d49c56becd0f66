"""What people do in a trial, without a browser: order, approve, look. The services are the same as the pages'."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app import database
from app.models.approvals import Approval, ApprovalRound, Seat
from app.models.events import Delivery, Event
from app.models.messages import Message
from app.models.people import Person
from app.models.records import Record
from app.models.requests import Item
from app.queries import catalog
from app.rules.approvals import Choice
from app.services import catalog as catalog_service
from app.services import requests
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work

GROUP_ACCESS = "access/shared-group"


def publish() -> None:
    """Put the catalogue's files into service now; the relay does it by itself within seconds."""
    with unit_of_work(SYSTEM) as uow:
        catalog_service.refresh(uow)


def order(who: str, slug: str, answers: dict[str, Any], key: str) -> tuple[str, str]:
    """Order one item; returns the numbers of request and item. The same key again is the same request."""
    with unit_of_work(who) as uow:
        offer = catalog.current(uow.session, slug)
        request = requests.submit(uow, Order(key, [Line(slug, offer.hash, answers)]))
        return request.number, request.items[0].number


def state(number: str) -> str:
    """Return where a record stands."""
    with database.sessions()() as session:
        return session.scalars(select(Record.state).where(Record.number == number)).one()


def states(numbers: Sequence[str]) -> dict[str, str]:
    """Return where each of these stands."""
    with database.sessions()() as session:
        rows = session.execute(select(Record.number, Record.state).where(Record.number.in_(numbers)))
        return {row.number: row.state for row in rows}


def is_at_rest(*numbers: str) -> bool:
    """Say whether no flow has anything to do about these now."""
    with database.sessions()() as session:
        mine = select(Delivery.id).join(Record, Record.id == Delivery.record_id).where(Record.number.in_(numbers))
        return session.scalar(mine.where(Delivery.state.in_(("due", "handed", "running"))).limit(1)) is None


def asked(number: str) -> list[tuple[str, str]]:
    """Return who is asked to decide now, and why that person."""
    with database.sessions()() as session:
        query = (
            select(Person.login, Seat.why)
            .join(Seat, Seat.person_id == Person.id)
            .join(Approval, Approval.id == Seat.approval_id)
            .join(ApprovalRound, ApprovalRound.id == Seat.round_id)
            .join(Record, Record.id == ApprovalRound.record_id)
            .where(Record.number == number, ApprovalRound.state == "open", Seat.state == "asked")
            .where(Approval.state == "asked")
            .order_by(Approval.position, Seat.id)
        )
        return [(login, why) for login, why in session.execute(query)]


def approve(number: str) -> list[tuple[str, str]]:
    """Let those who are asked say yes, one after the other, until it is decided; returns who did."""
    said: list[tuple[str, str]] = []
    while waiting := asked(number):
        login, why = waiting[0]
        with unit_of_work(login) as uow:
            requests.decide(uow, number, Choice.APPROVE)
        said.append((login, why))
    return said


def events(*numbers: str) -> list[dict[str, Any]]:
    """Return what is on record of these, oldest first."""
    actor = aliased(Person)
    with database.sessions()() as session:
        query = select(Event, actor.login).outerjoin(actor, actor.id == Event.actor_id)
        rows = session.execute(query.where(Event.stream.in_(numbers)).order_by(Event.id))
        return [
            {"at": event.at.isoformat(), "record": event.stream, "seq": event.seq, "event": event.name,
             "by": login or event.actor, "after": event.after, "hash": event.hash.hex()}
            for event, login in rows
        ]  # fmt: skip


def runs(*numbers: str) -> list[dict[str, Any]]:
    """Return Prefect's runs that acted on these."""
    with database.sessions()() as session:
        query = (
            select(Record.number, Event.name, Delivery)
            .join(Delivery, Delivery.record_id == Record.id)
            .join(Event, Event.id == Delivery.event_id)
            .where(Record.number.in_(numbers))
            .order_by(Delivery.id)
        )
        return [
            {"flow": each.consumer, "run": each.run_id, "record": number, "event": name, "attempt": each.attempt, "state": each.state}
            for number, name, each in session.execute(query)
        ]


def mails(*numbers: str) -> list[dict[str, Any]]:
    """Return what was written about these, and whether it is sent."""
    with database.sessions()() as session:
        query = select(Record.number, Message).join(Message, Message.record_id == Record.id)
        rows = session.execute(query.where(Record.number.in_(numbers)).order_by(Message.id))
        return [
            {"to": message.address, "about": number, "letter": message.template, "language": message.language,
             "state": message.state, "message_id": message.message_id}
            for number, message in rows
        ]  # fmt: skip


def item_plan(number: str) -> Any:
    """Return what the approvers decided on."""
    with database.sessions()() as session:
        return session.scalars(select(Item.plan).where(Item.number == number)).one()
