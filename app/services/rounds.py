"""Rounds of approvals: who is asked, stage by stage, and where the votes leave them (domain.md 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import calendars
from app.models.approvals import Approval, ApprovalRound, Seat
from app.models.people import Person
from app.models.records import Record
from app.rules import approvals as rules
from app.rules import hours
from app.rules.approvals import Choice, Outcome
from app.rules.permissions import Relation
from app.services import approvers, decision_links, messages, records
from app.settings import settings
from app.unit_of_work import UnitOfWork

LOOK_AGAIN: Final = timedelta(minutes=15)  # after nobody was found; then each time twice as long
LOOK_AGAIN_AT_MOST: Final = timedelta(days=1)
OPEN_STATES: Final = frozenset({"asked", "later"})
_ANSWERS: Final = {"approved": Choice.APPROVE, "rejected": Choice.REJECT}


@dataclass(frozen=True)
class Asked:
    """One approval to ask for; `group` is the directory group whose owner answers; stages follow each other."""

    who: str
    needs: str = "first"
    group: str = ""
    stage: int = 1


def begin(uow: UnitOfWork, record: Record, asked: Sequence[Asked], subject_hash: str, shape: str = "") -> ApprovalRound:
    """Ask anew for every approval, bound to what will really run; the round before, if still open, is void.

    Each definition applies once; those of a later stage are asked when the stage before has agreed.
    """
    query = select(ApprovalRound).where(ApprovalRound.record_id == record.id).order_by(ApprovalRound.number.desc()).limit(1)
    last = uow.session.scalars(query).one_or_none()
    if last and last.state == "open":
        void(uow, last)
    number = last.number + 1 if last else 1
    round_ = ApprovalRound(record_id=record.id, number=number, subject_hash=subject_hash, shape=shape, opened_at=uow.now)
    for position, each in enumerate(dict.fromkeys(asked), start=1):
        round_.approvals.append(
            Approval(position=position, who=each.who, needs=each.needs, stage=each.stage, group=each.group, state="later")
        )
    uow.session.add(round_)
    uow.session.flush()
    _open_stage(uow, round_)
    return round_


def current(uow: UnitOfWork, record: Record) -> ApprovalRound | None:
    """Return the open round of a record with its approvals, seats and votes."""
    query = select(ApprovalRound).where(ApprovalRound.record_id == record.id, ApprovalRound.state == "open")
    seats = selectinload(ApprovalRound.approvals).selectinload(Approval.seats)
    return uow.session.scalars(query.options(seats.selectinload(Seat.vote), seats.joinedload(Seat.person))).one_or_none()


def seats(round_: ApprovalRound) -> list[Seat]:
    """Return every seat of a round."""
    return [seat for approval in round_.approvals for seat in approval.seats]


def barred(uow: UnitOfWork, record: Record) -> set[int]:
    """Return who may not decide on a record: requester, beneficiary, and whoever stands in for either now."""
    return approvers.barred(uow, record.requester_id, record.beneficiary_id)


def ask(uow: UnitOfWork, approval: Approval, out: set[int], *, counts: bool = False) -> bool:
    """Ask those who answer for an approval as the company is now, never those in `out`; False when nobody was found."""
    known = {seat.person_id for seat in approval.seats}
    found = approvers.of(uow, approval.round.record.beneficiary_id, approval.who, approval.group, out | known)
    for person, why in found:
        seat(uow, approval, person, why, counts=counts)
    waited = uow.now - approval.round.opened_at
    approval.look_at = None if found else uow.now + min(max(waited, LOOK_AGAIN), LOOK_AGAIN_AT_MOST)
    return bool(found)


def seat(
    uow: UnitOfWork, approval: Approval, person: Person, why: str, *, instead_of: Seat | None = None,
    letter: str = "approval_asked", counts: bool = False,
) -> Seat:  # fmt: skip
    """Ask one person, and tell whoever decides in that person's place now.

    With `counts`, whoever has answered for another approval of the round has answered for this one too: it is the next
    stage of one decision. Where others ran out of time an answer given before is asked for anew.
    """
    round_ = approval.round
    others = [other for other in seats(round_) if other.person_id == person.id]
    said = next((other.state for other in others if other.state in _ANSWERS), "asked") if counts else "asked"
    chair = (instead_of.instead_of_id or instead_of.id) if instead_of else None
    made = Seat(round_id=round_.id, person_id=person.id, why=why, state=said, asked_at=uow.now, due_at=_due(uow), instead_of_id=chair)
    approval.seats.append(made)
    uow.session.flush()
    records.involve(uow, round_.record, person, Relation.APPROVER)
    if said == "asked" and not any(other.state == "asked" for other in others):
        tell(uow, made, letter)
    return made


def tell(uow: UnitOfWork, seat: Seat, letter: str) -> list[Person]:
    """Write to the person of a seat and to whoever decides in that person's place now; return who was written to."""
    record = seat.approval.round.record
    told = []
    for person in [seat.person, *approvers.standing_in(uow, seat, barred(uow, record))]:
        if not person.active or person.id == uow.actor.id:
            continue
        link = decision_links.issue(uow, seat, person)
        if messages.tell(uow, person, letter, record, link_id=link.id, **_place(seat, person)):
            told.append(person)
    return told


def _place(seat: Seat, person: Person) -> dict[str, Any]:
    return {} if person.id == seat.person_id else {"instead_of": seat.person.name}


def void(uow: UnitOfWork, round_: ApprovalRound) -> None:
    """End a round without a decision; votes already given stay on record."""
    round_.state, round_.decided_at = "void", uow.now
    _release(uow, round_)


def void_open(uow: UnitOfWork, record: Record) -> None:
    """End the open round of a record, if it has one."""
    if round_ := current(uow, record):
        void(uow, round_)


def settle(uow: UnitOfWork, round_: ApprovalRound) -> Outcome:
    """Say where the votes leave the round; ask the next stage, or end it, where they suffice."""
    outcomes = []
    for approval in (each for each in round_.approvals if each.state != "later"):
        outcome = rules.outcome(approval.needs, rules.chairs((chair(seat), _ANSWERS.get(seat.state)) for seat in approval.seats))
        if outcome is not Outcome.ASKED and approval.state == "asked":
            approval.decided_at = uow.now
        approval.state = outcome.value
        if outcome is not Outcome.ASKED:
            _excuse(approval)
        outcomes.append(outcome)
    result = rules.round_outcome(outcomes)
    if result is Outcome.APPROVED and any(each.state == "later" for each in round_.approvals):
        _open_stage(uow, round_)
        return settle(uow, round_)  # whoever is asked again in this stage has answered already
    if result is not Outcome.ASKED:
        uow.session.flush()  # votes are written while the round is still open: the database insists
        round_.state, round_.decided_at = result.value, uow.now
        _release(uow, round_)
    return result


def chair(seat: Seat) -> int:
    """Return what a seat and those asked instead of it have in common: together they answer once."""
    return seat.instead_of_id or seat.id


def _open_stage(uow: UnitOfWork, round_: ApprovalRound) -> None:
    """Ask the approvers of the next stage; a person who voted in another's place has cast the one vote of this round."""
    later = [approval for approval in round_.approvals if approval.state == "later"]
    first = min(each.stage for each in later)
    out = barred(uow, round_.record) | {voter for voter, _ in lent(round_)}
    unanswered = False
    for approval in (each for each in later if each.stage == first):
        approval.state = "asked"
        unanswered = not ask(uow, approval, out, counts=True) or unanswered
    uow.session.flush()
    if unanswered:  # nothing matched is not approval: the record waits, and both sides are told
        tell_nobody(uow, round_.record)


def tell_nobody(uow: UnitOfWork, record: Record) -> None:
    """Nobody may answer: tell the team that looks after it, which can mend that, and whoever asked."""
    messages.tell_team(uow, record.team_id, "no_approver", record)
    if record.requester:
        messages.tell(uow, record.requester, "no_approver_yet", record)


def lent(round_: ApprovalRound) -> list[tuple[int, int]]:
    """Return who voted in whose place in a round: each of the two has no other vote in it."""
    voted = [(seat.vote.voter_id, seat.person_id) for seat in seats(round_) if seat.vote]
    return [(voter, person) for voter, person in voted if voter != person]


def _due(uow: UnitOfWork) -> datetime:
    calendar = calendars.calendar(settings().calendar)
    return hours.add(calendar, uow.now, hours.parse_target(settings().approval_due, calendar))


def _release(uow: UnitOfWork, round_: ApprovalRound) -> None:
    """What is no longer needed is marked, never deleted; its links stop working."""
    for approval in round_.approvals:
        if approval.state in OPEN_STATES:
            approval.state, approval.decided_at = "no_longer_required", uow.now
        _excuse(approval)
    decision_links.end(uow, round_)


def _excuse(approval: Approval) -> None:
    """Those who have not answered need not any more."""
    for each in approval.seats:
        if each.state == "asked":
            each.state = "no_longer_required"
