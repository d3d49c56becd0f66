"""Questions that were not answered in time: they go to somebody else as well; waiting never approves (domain.md 4)."""

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from app.models.approvals import Approval, ApprovalRound, Seat
from app.models.records import Record
from app.models.requests import Item
from app.services import approvers, messages, rounds
from app.unit_of_work import UnitOfWork

BATCH = 200


def is_due(session: Session) -> bool:
    """Say whether any question waits too long, or for nobody; both answers come from small partial indexes."""
    waits = select(Seat.id).where(*_late(), Seat.due_at <= func.desk_now()).limit(1)
    nobody = select(Approval.id).where(*_unfound(), Approval.look_at <= func.desk_now()).limit(1)
    return session.scalar(waits) is not None or session.scalar(nobody) is not None


def late(uow: UnitOfWork) -> list[int]:
    """Return the seats whose time is over, the longest first."""
    query = select(Seat.id).where(*_late(), Seat.due_at <= uow.now)
    return list(uow.session.scalars(query.order_by(Seat.due_at, Seat.id).limit(BATCH)))


def unfound(uow: UnitOfWork) -> list[int]:
    """Return the approvals for which nobody was found and which are to be looked at again."""
    query = select(Approval.id).where(*_unfound(), Approval.look_at <= uow.now)
    return list(uow.session.scalars(query.order_by(Approval.look_at, Approval.id).limit(BATCH)))


def escalate(uow: UnitOfWork, seat_id: int) -> bool:
    """Take an unanswered question to the next manager above whoever was asked, or to the fallback team; never an answer.

    Both may answer then, and together they count once. Whoever is asked in the same approval, or has used the one vote
    of the round in another's place, is left out. False when there is nothing to do, or somebody works on the record now: it stays due.
    """
    record = _take(uow, select(Seat.round_id).where(Seat.id == seat_id))
    seat = uow.session.get(Seat, seat_id, populate_existing=True) if record else None
    if record is None or seat is None or seat.state != "asked" or seat.escalated_at:
        return False
    approval = seat.approval
    seat.escalated_at = uow.now
    out = _out(uow, record, approval) | {other.person_id for other in approval.seats}
    above = approvers.next_manager(uow, seat.person_id, out)
    found = [(above, "escalated")] if above else approvers.fallback(uow, out)
    uow.record_event(record, f"{record.kind}.escalate", after={"seat": seat.id, "to": [person.id for person, _ in found]})
    rounds.tell(uow, seat, "approval_reminder")
    for person, _ in found:
        rounds.seat(uow, approval, person, "escalated", instead_of=seat, letter="approval_escalated")
    if not found and all(other.escalated_at for other in approval.seats if other.state == "asked"):
        messages.tell_team(uow, record.team_id, "approval_overdue", record)
    return True


def look(uow: UnitOfWork, approval_id: int) -> bool:
    """Look anew for whoever answers for an approval; the company may have changed. False while nobody is found."""
    record = _take(uow, select(Approval.round_id).where(Approval.id == approval_id))
    approval = uow.session.get(Approval, approval_id, populate_existing=True) if record else None
    if record is None or approval is None or approval.state != "asked" or approval.look_at is None:
        return False
    is_found = rounds.ask(uow, approval, _out(uow, record, approval))
    after = {"approval": approval.position, "seats": len(approval.seats)}
    uow.record_event(record, f"{record.kind}.find_approver", after=after)
    return is_found


def without(uow: UnitOfWork, person_id: int) -> None:
    """Somebody left: what waits for this person is taken further at once."""
    waits = update(Seat).where(Seat.person_id == person_id, *_late(), Seat.due_at > uow.now)
    uow.session.execute(waits.values(due_at=uow.now))


def _late() -> tuple[ColumnElement[bool], ...]:
    return Seat.state == "asked", Seat.escalated_at.is_(None)


def _unfound() -> tuple[ColumnElement[bool], ...]:
    return Approval.state == "asked", Approval.look_at.is_not(None)


def _out(uow: UnitOfWork, record: Record, approval: Approval) -> set[int]:
    return rounds.barred(uow, record) | {each for pair in rounds.lent(approval.round) for each in pair}


def _take(uow: UnitOfWork, round_id: Select[int]) -> Record | None:
    """Lock the request and the record of an open round, in everybody's order; None when somebody else has either now."""
    record = select(ApprovalRound.record_id).where(ApprovalRound.id == round_id.scalar_subquery(), ApprovalRound.state == "open")
    record_id = uow.session.scalar(record)
    request_id = uow.session.scalar(select(Item.request_id).where(Item.id == record_id)) if record_id else None
    for id_ in filter(None, (request_id, record_id)):
        mine = select(Record.id).where(Record.id == id_).with_for_update(skip_locked=True)
        if uow.session.scalar(mine) is None:
            return None
    still = uow.session.scalar(record)  # it may have ended while we came
    return uow.session.get(Record, record_id, populate_existing=True) if still else None
