"""What an order would bring, before it is sent: who is asked, what is done, and until when (ux 19).

It changes nothing and asks no directory: the synced copy is good enough to say what to expect. The binding plan is made
by flow plan_item after the order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select

from app import calendars
from app.models.access import Grant
from app.models.directory import DirectoryGroup, GroupMember
from app.models.people import Person
from app.queries import audiences
from app.queries.progress import facts_of
from app.rules import hours
from app.rules.catalog import conditions, costs, templates
from app.rules.catalog.costs import Price
from app.rules.catalog.items import Item, Kind
from app.rules.words import Text
from app.services import approvers
from app.services.access import GIVES
from app.unit_of_work import UnitOfWork

FIRST_NUMBER = "REQ0000000"  # there is no number yet; nothing shown here prints it


@dataclass(frozen=True)
class Asked:
    """One approval: which, and the names of those who would be asked."""

    who: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Forecast:
    """What would happen. `promised_at` holds when everybody agrees at once; else it moves with the last answer."""

    beneficiary: Person
    asked: Sequence[Asked]
    does: Sequence[Text]
    promised_at: datetime
    target: timedelta
    is_member: bool
    price: Price | None = None
    held: Grant | None = None  # what the order would keep longer


def of(uow: UnitOfWork, item: Item, answers: Mapping[str, Any], beneficiary_id: int, language: str, *, requester_id: int | None = None) -> Forecast:
    """Return the forecast of an order by the actor, or written down for the requester, with these clean answers."""
    beneficiary, requester = _person(uow, beneficiary_id), _person(uow, requester_id or uow.actor.id)
    values = templates.context(
        item, answers, number=FIRST_NUMBER, beneficiary=facts_of(beneficiary), requester=facts_of(requester),
        people=_people(uow, item, answers),
    )  # fmt: skip
    calendar = calendars.calendar()
    offer = conditions.in_force(item, answers)
    asks = costs.asks(item, answers, audiences.of(uow.session, beneficiary_id))
    return Forecast(
        beneficiary,
        [_asked(uow, beneficiary_id, each.who, templates.fill(each.group, values)) for each in asks],
        [templates.describe(step, values, language) for step in offer.steps],
        hours.add(calendar, uow.now, hours.parse_target(item.target, calendar)),
        timedelta(minutes=hours.parse_target(item.target, calendar)),
        _is_member(uow, item, answers, beneficiary_id),
        costs.of(item, answers),
        _held(uow, [templates.bind(step, values).get("group", "") for step in offer.steps if step.do == GIVES], beneficiary_id),
    )


def _person(uow: UnitOfWork, person_id: int | None) -> Person:
    return uow.session.scalars(select(Person).where(Person.id == person_id)).one()


def _people(uow: UnitOfWork, item: Item, answers: Mapping[str, Any]) -> dict[str, templates.PersonFacts]:
    logins = [str(answers.get(field.name)) for field in item.fields if field.kind is Kind.PERSON]
    if not logins:
        return {}
    found = uow.session.scalars(select(Person).where(Person.login.in_(logins)))
    return {person.login: facts_of(person) for person in found}


def _asked(uow: UnitOfWork, beneficiary_id: int, who: str, group: str) -> Asked:
    found = approvers.forecast(uow, beneficiary_id, str(who), group)
    return Asked(str(who), tuple(person.name for person, _ in found))


def _is_member(uow: UnitOfWork, item: Item, answers: Mapping[str, Any], beneficiary_id: int) -> bool:
    """Say whether somebody would be added to a group that has this person already."""
    names = [str(answers.get(field.name)) for field in item.fields if field.kind is Kind.DIRECTORY_GROUP]
    adds = any(step.do == GIVES for step in item.steps)
    if not names or not adds:
        return False
    member = exists().where(
        GroupMember.group_id == DirectoryGroup.id, GroupMember.person_id == beneficiary_id, DirectoryGroup.name.in_(names)
    )
    return bool(uow.session.scalar(select(member)))


def _held(uow: UnitOfWork, targets: Sequence[str], beneficiary_id: int) -> Grant | None:
    """Return the access an order would extend; only to its holder, because until when somebody holds what is not for all."""
    if not targets or beneficiary_id != uow.actor.id:
        return None
    mine = select(Grant).where(Grant.person_id == beneficiary_id, Grant.target.in_(targets), Grant.state == "open")
    return uow.session.scalars(mine.order_by(Grant.ends_at.nulls_last()).limit(1)).first()
