"""What waits for somebody's decision, and what one should know before deciding."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, Subquery, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased, joinedload

from app.models.approvals import Approval, ApprovalRound, Seat, Vote
from app.models.people import Delegation, Person
from app.models.records import Note, Record
from app.models.requests import Item
from app.queries import due
from app.queries.paging import PER_PAGE, Page, page
from app.visibility import Actor

EQUALS = 50  # as many are answered at once
EARLIER = 5


class Waiting(NamedTuple):
    """A decision that is asked of the actor, or of somebody the actor stands in for."""

    number: str
    title: str
    title_pt: str | None
    requester: str
    beneficiary: str
    asked_at: datetime
    next_due_at: datetime | None
    next_clock: str | None
    due_calendar: str | None
    who: str
    seat_of: str
    is_own: bool
    subject: str
    shape: str
    answers: dict[str, Any]
    catalog_hash: str


def waiting_for(
    session: Session, actor: Actor, *, bookmark: str | None = None, per_page: int = PER_PAGE
) -> Page[Waiting]:  # fmt: skip
    """Return what waits for this person, the oldest first; each record once, the own seat before a lent one."""
    found = page(session, _waiting(actor).order_by(Seat.id), bookmark, per_page)
    return Page([_row(row) for row in found.rows], found.next, found.previous)


def question(session: Session, actor: Actor, number: str) -> Waiting | None:
    """Return what is asked of the actor about one record, if anything is."""
    row = session.execute(_waiting(actor).where(Record.number == number)).one_or_none()
    return _row(row) if row else None


def equals(session: Session, actor: Actor, shape: str) -> list[Waiting]:
    """Return all that waits for the actor and would do the same at the same cost, whoever it is for; at most EQUALS."""
    if not shape:
        return []
    rows = session.execute(_waiting(actor).where(ApprovalRound.shape == shape).order_by(Seat.id).limit(EQUALS))
    return [_row(row) for row in rows]


def counting(actor: Actor) -> ScalarSelect[int]:
    """Return the question how many records wait for this person."""
    return select(func.count()).select_from(_seats(actor)).scalar_subquery()


def talk(session: Session, item_id: int) -> Sequence[Note]:
    """Return the questions approvers asked about an item, and the answers, the oldest first."""
    said = Note.record_id == item_id, Note.kind.in_(("question", "answer")), Note.erased_at.is_(None)
    return session.scalars(select(Note).where(*said).options(joinedload(Note.author)).order_by(Note.id)).all()


def earlier(session: Session, item: Item) -> Sequence[Item]:
    """Return what was ordered before of the same kind for the same person, the newest first."""
    same = Item.slug == item.slug, Item.beneficiary_id == item.beneficiary_id, Item.id < item.id
    return session.scalars(select(Item).where(*same).order_by(Item.id.desc()).limit(EARLIER)).all()


def _row(row: Any) -> Waiting:
    return Waiting(*row[1:])


def _waiting(actor: Actor) -> Select[*tuple[Any, ...]]:
    requester, beneficiary = aliased(Person), aliased(Person)
    mine, item = _seats(actor), Item.__table__
    return (
        select(Seat.id, Record.number, Record.title, Record.title_pt, requester.name.label("requester"), beneficiary.name.label("beneficiary"),
               Seat.asked_at, Record.next_due_at, Record.next_clock, due.calendar().label("due_calendar"), Approval.who, Person.name.label("seat_of"), mine.c.own, ApprovalRound.subject_hash,
               ApprovalRound.shape, item.c.answers, item.c.catalog_hash)
        .select_from(mine)
        .join(Seat, Seat.id == mine.c.id)
        .join(Approval, Approval.id == Seat.approval_id)
        .join(ApprovalRound, ApprovalRound.id == Seat.round_id)
        .join(Record, Record.id == ApprovalRound.record_id)
        .join(item, item.c.id == Record.id)
        .join(Person, Person.id == Seat.person_id)
        .join(requester, requester.id == Record.requester_id)
        .join(beneficiary, beneficiary.id == Record.beneficiary_id)
    )  # fmt: skip


def _seats(actor: Actor) -> Subquery:
    """Return the seats the actor may answer now, one for each round."""
    own = Seat.person_id == actor.id
    lent = or_(Seat.person_id.in_(_lent_to(actor)), Seat.handed_to_id == actor.id)
    spent = exists().where(Vote.round_id == Seat.round_id, Vote.voter_id == actor.id)
    query = (
        select(Seat.id, own.label("own"))
        .join(ApprovalRound, ApprovalRound.id == Seat.round_id)
        .join(Record, Record.id == ApprovalRound.record_id)
        .where(Seat.state == "asked", or_(own, and_(lent, ~spent)), _may_decide(actor))
        .ext(distinct_on(Seat.round_id))
        .order_by(Seat.round_id, own.desc(), Seat.id)
    )
    return query.subquery()


def _lent_to(actor: Actor) -> Select[int]:
    return select(Delegation.person_id).where(
        Delegation.delegate_id == actor.id, Delegation.starts_at <= func.desk_now(), Delegation.ends_at > func.desk_now()
    )


def _may_decide(actor: Actor) -> ColumnElement[bool]:
    """Whoever ordered it, benefits from it, or stands in for either is never asked, not even in another's place."""
    concerned = func.coalesce(Record.requester_id, 0), func.coalesce(Record.beneficiary_id, 0)
    return and_(*(and_(each != actor.id, each.not_in(_lent_to(actor))) for each in concerned))
