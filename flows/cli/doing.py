"""What people do in a trial, without a browser: order, approve, look. The services are the same as the pages'."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Interval, func, select, type_coerce
from sqlalchemy.orm import aliased

from app import database
from app.directory import directory
from app.models.access import Grant
from app.models.approvals import Approval, ApprovalRound, Seat
from app.models.events import Delivery, Event
from app.models.messages import Message
from app.models.people import Membership, Person
from app.models.records import Record
from app.models.requests import Check, Item, Step
from app.models.tasks import Task
from app.queries import catalog
from app.rules.approvals import Choice
from app.services import audit, clock, requests, tasks
from app.services import catalog as catalog_service
from app.services.requests import Line, Order
from app.settings import settings
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


def let_pass(*, days: int = 0, hours: int = 0) -> None:
    """Move the desk's clock on, as if so much time had passed; everything that is due by then is due now."""
    with unit_of_work(SYSTEM) as uow:
        clock.forward(uow, timedelta(days=days, hours=hours))


def today(*, days: int = 0) -> str:
    """Return the desk's day, so many days on, as an answer of kind date."""
    with database.sessions()() as session:
        now: datetime = session.scalars(select(func.desk_now())).one()
    return (now.astimezone(ZoneInfo(settings().timezone)) + timedelta(days=days)).date().isoformat()


def items(request: str) -> dict[str, str]:
    """Return the numbers of a request's items by their slug; a bundle's parts are among them once they are ordered."""
    with database.sessions()() as session:
        order = aliased(Record)
        query = select(Item.slug, Item.number).join(order, order.id == Item.request_id).where(order.number == request)
        return {row.slug: row.number for row in session.execute(query.order_by(Item.id))}


def steps(number: str) -> dict[str, str]:
    """Return where each step of an item stands."""
    with database.sessions()() as session:
        query = select(Step.key, Step.state).join(Record, Record.id == Step.item_id).where(Record.number == number)
        return {row.key: row.state for row in session.execute(query.order_by(Step.revision, Step.position))}


def let_checks_pass(*numbers: str) -> None:
    """Once all of these are fulfilled, move the clock to the last time somebody looks again at what was done."""
    with database.sessions()() as session:
        open_checks = select(type_coerce(func.max(Check.due_at) - func.desk_now(), Interval)).join(Record, Record.id == Check.item_id)
        left: timedelta | None = session.scalar(open_checks.where(Record.number.in_(numbers), Check.done_at.is_(None)))
        states = set(session.scalars(select(Record.state).where(Record.number.in_(numbers))))
    if left is not None and left > timedelta() and states <= {"fulfilled", "closed"}:
        let_pass(hours=int(left.total_seconds() // 3600) + 1)


def do_tasks(*numbers: str) -> list[dict[str, str]]:
    """Let the teams complete every open task of these items; returns who did which."""
    with database.sessions()() as session:
        parent = aliased(Record)
        who = select(func.min(Person.login)).join(Membership, Membership.person_id == Person.id)
        who = who.where(Membership.team_id == Task.team_id, Person.active, Person.id.is_distinct_from(Task.requester_id))
        query = select(Task.number, Task.title, who.scalar_subquery()).join(parent, parent.id == Task.parent_id)
        rows = session.execute(query.where(parent.number.in_(numbers), Task.state.in_(("open", "in_progress")))).all()
    for number, _, login in rows:
        with unit_of_work(login) as uow:
            tasks.close(uow, number, "complete")
    return [{"task": number, "title": title, "by": login} for number, title, login in rows]


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


def has_nothing_due(*numbers: str) -> bool:
    """Say whether flows have nothing to do about these at the desk's present time; what waits for a later day may wait."""
    with database.sessions()() as session:
        mine = select(Delivery.id).join(Record, Record.id == Delivery.record_id).where(Record.number.in_(numbers))
        now = Delivery.state.in_(("handed", "running")) | ((Delivery.state == "due") & (Delivery.next_at <= func.desk_now()))
        return session.scalar(mine.where(now).limit(1)) is None


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


def is_mail_out(*numbers: str) -> bool:
    """Say whether every mail about these is sent; one that was no longer needed when its turn came is not missed."""
    return all(mail["state"] in {"sent", "dropped"} for mail in mails(*numbers))


def beneficiary(number: str) -> str | None:
    """Return whom a record is for."""
    with database.sessions()() as session:
        return session.scalar(select(Person.login).join(Record, Record.beneficiary_id == Person.id).where(Record.number == number))


def item_plan(number: str) -> Any:
    """Return what the approvers decided on."""
    with database.sessions()() as session:
        return session.scalars(select(Item.plan).where(Item.number == number)).one()


def person(login: str) -> dict[str, Any] | None:
    """Return what the directory says of somebody now, and in which groups."""
    found = directory().person(login)
    if found is None:
        return None
    groups = [group.name for group in directory().groups() if found.dn in group.member_dns]
    return {**asdict(found), "groups": sorted(groups)}


def grants(login: str) -> list[dict[str, Any]]:
    """Return what the register knows of somebody's accesses, oldest first."""
    with database.sessions()() as session:
        query = select(Grant, Record.number).join(Person, Person.id == Grant.person_id).join(Record, Record.id == Grant.item_id)
        return [
            {"group": grant.target, "by": number, "state": grant.state, "why": grant.ended_why, "ends_at": grant.ends_at,
             "ended_at": grant.ended_at}
            for grant, number in session.execute(query.where(Person.login == login).order_by(Grant.id))
        ]  # fmt: skip


def evidence(*numbers: str) -> dict[str, Any]:
    """Return what every scenario shows of its records: events, mails, runs, and what `desk verify` says."""
    return {"events": events(*numbers), "mails": mails(*numbers), "runs": runs(*numbers), "verify": audit.as_json(audit.verify())}
