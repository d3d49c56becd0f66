"""What waits for somebody's decision."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models.approvals import Approval, ApprovalRound, Seat
from app.models.people import Delegation, Person
from app.models.records import Record
from app.visibility import Actor


class Waiting(NamedTuple):
    """A decision that is asked of the actor, or of somebody the actor stands in for."""

    number: str
    title: str
    requester: str
    beneficiary: str
    asked_at: datetime
    who: str
    seat_of: str
    is_own: bool


def waiting_for(session: Session, actor: Actor, limit: int = 100) -> list[Waiting]:
    """Return what waits for this person, the oldest first; each record once."""
    requester, beneficiary = aliased(Person), aliased(Person)
    query = (
        select(Record.number, Record.title, requester.name, beneficiary.name, Seat.asked_at, Approval.who, Person.name,
               Seat.person_id == actor.id)
        .select_from(Seat)
        .join(Approval, Approval.id == Seat.approval_id)
        .join(ApprovalRound, ApprovalRound.id == Seat.round_id)
        .join(Record, Record.id == ApprovalRound.record_id)
        .join(Person, Person.id == Seat.person_id)
        .join(requester, requester.id == Record.requester_id)
        .join(beneficiary, beneficiary.id == Record.beneficiary_id)
    )  # fmt: skip
    rows = session.execute(_open_seats(query, actor).order_by(Seat.asked_at, Seat.id).limit(limit))
    found: dict[str, Waiting] = {}
    for row in rows:
        found.setdefault(row[0], Waiting(*row))
    return list(found.values())


def count_for(session: Session, actor: Actor) -> int:
    """Return how many records wait for this person."""
    query = select(func.count(ApprovalRound.record_id.distinct())).select_from(Seat).join(
        ApprovalRound, ApprovalRound.id == Seat.round_id
    ).join(Record, Record.id == ApprovalRound.record_id)  # fmt: skip
    return int(session.scalars(_open_seats(query, actor)).one())


def _open_seats(query: Select[*tuple[Any, ...]], actor: Actor) -> Select[*tuple[Any, ...]]:
    lent = select(Delegation.person_id).where(
        Delegation.delegate_id == actor.id, Delegation.starts_at <= func.desk_now(), Delegation.ends_at > func.desk_now()
    )
    # whoever ordered it, or benefits from it, is never asked, not even in another's place
    return query.where(
        Seat.state == "asked",
        or_(Seat.person_id == actor.id, Seat.person_id.in_(lent)),
        func.coalesce(Record.requester_id, 0) != actor.id,
        func.coalesce(Record.beneficiary_id, 0) != actor.id,
    )
