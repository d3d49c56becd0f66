"""The link in an approver's mail: it opens one question for one person, decides nothing by being opened, and works once.

It is bound to its reader, to the seat, to the round and to what the round decides on. When any of these has passed the
link is dead, and it never lets anybody in: whoever follows it signs in, and must be the one it was written to (attack 11).
"""

from sqlalchemy import select, update

from app.models.approvals import Approval, ApprovalRound, Seat
from app.models.people import OneTimeLink, Person
from app.models.records import Record
from app.rules.errors import NotFound
from app.services import links
from app.unit_of_work import UnitOfWork


def issue(uow: UnitOfWork, seat: Seat, person: Person) -> OneTimeLink:
    """Return the link for this person to this question; every mail about it carries the same one."""
    subject = _subject(seat, seat.approval.round)
    works = (OneTimeLink.purpose == links.DECISION, OneTimeLink.used_at.is_(None), OneTimeLink.subject == subject)
    standing = select(OneTimeLink).where(*works, OneTimeLink.person_id == person.id)
    return uow.session.scalars(standing).first() or links.issue(uow, links.DECISION, person.id, subject)


def find(uow: UnitOfWork, token: str) -> tuple[Seat, Record]:
    """Return the question a link asks the actor; NotFound for anybody else, and once it is answered, changed or over."""
    return _asked(uow, links.find(uow.session, token, links.DECISION))


def use(uow: UnitOfWork, token: str) -> tuple[Seat, Record]:
    """Return the question and use the link up; of two that come at once one gets NotFound."""
    seat, record = find(uow, token)
    links.use(uow, token, links.DECISION)
    return seat, record


def end(uow: UnitOfWork, round_: ApprovalRound) -> None:
    """A round is over: its links stop working, also those whose mail was not sent yet."""
    subjects = [_subject(seat, round_) for approval in round_.approvals for seat in approval.seats]
    dead = update(OneTimeLink).where(OneTimeLink.subject.in_(subjects), OneTimeLink.used_at.is_(None))
    uow.session.execute(dead.values(used_at=uow.now), execution_options={"synchronize_session": False})


def _subject(seat: Seat, round_: ApprovalRound) -> str:
    return f"seat:{seat.id}:{round_.id}:{round_.subject_hash}"


def _asked(uow: UnitOfWork, link: OneTimeLink) -> tuple[Seat, Record]:
    seat_id = (link.subject or "").split(":")[1]
    query = (
        select(Seat, ApprovalRound, Record)
        .join(Approval, Approval.id == Seat.approval_id)
        .join(ApprovalRound, ApprovalRound.id == Seat.round_id)
        .join(Record, Record.id == ApprovalRound.record_id)
        .where(Seat.id == int(seat_id), Seat.state == "asked", ApprovalRound.state == "open")
    )
    row = uow.session.execute(query).one_or_none()
    if row is None or link.person_id != uow.actor.id or link.subject != _subject(row[0], row[1]):
        raise NotFound("link")
    return row[0], row[2]
