"""Asking for approvals, and votes (domain.md 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import calendars
from app.models.approvals import Approval, ApprovalRound, Seat, Vote
from app.models.people import Delegation, Person
from app.models.records import Record
from app.rules import approvals as rules
from app.rules import hours
from app.rules.approvals import Choice, Outcome
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid
from app.rules.permissions import Relation
from app.rules.words import t
from app.services import approvers, messages, records
from app.settings import settings
from app.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Asked:
    """One approval to ask for; `group` is the directory group whose owner answers; stages follow each other."""

    who: str
    needs: str = "first"
    group: str = ""
    stage: int = 1


def open_round(uow: UnitOfWork, record: Record, asked: Sequence[Asked], subject_hash: str) -> ApprovalRound:
    """Ask anew for every approval, bound to what will really run; the round before, if still open, is void.

    Each definition applies once; those of a later stage are asked when the stage before has agreed.
    """
    last = _last_round(uow, record)
    if last and last.state == "open":
        void(uow, last)
    number = last.number + 1 if last else 1
    round_ = ApprovalRound(record_id=record.id, number=number, subject_hash=subject_hash, opened_at=uow.now)
    for position, each in enumerate(dict.fromkeys(asked), start=1):
        round_.approvals.append(
            Approval(position=position, who=each.who, needs=each.needs, stage=each.stage, group=each.group, state="later")
        )
    uow.session.add(round_)
    uow.session.flush()
    _open_stage(uow, record, round_)
    return round_


def _open_stage(uow: UnitOfWork, record: Record, round_: ApprovalRound) -> None:
    """Ask the approvers of the next stage, found as the company is now."""
    later = [approval for approval in round_.approvals if approval.state == "later"]
    barred = approvers.barred(uow, record.requester_id, record.beneficiary_id)
    unanswered = False
    for approval in later:
        if approval.stage > min(each.stage for each in later):
            continue
        approval.state = "asked"
        found = approvers.of(uow, record.beneficiary_id, approval.who, approval.group, barred)
        unanswered = unanswered or not found
        for person, why in found:
            approval.seats.append(
                Seat(round_id=round_.id, person_id=person.id, why=why, asked_at=uow.now, due_at=_due(uow))
            )
            records.involve(uow, record, person, Relation.APPROVER)
            messages.tell(uow, person, "approval_asked", record)
    uow.session.flush()
    if unanswered:  # nothing matched is not approval: the record waits and its owner is told
        messages.tell_team(uow, record.team_id, "no_approver", record)


def _due(uow: UnitOfWork) -> datetime:
    calendar = calendars.calendar(settings().calendar)
    return hours.add(calendar, uow.now, hours.parse_target(settings().approval_due, calendar))


def escalate(uow: UnitOfWork, seat_id: int) -> None:
    """Take an unanswered question to the manager of whoever was asked; a time-out never approves."""
    seat = uow.session.scalars(select(Seat).where(Seat.id == seat_id).with_for_update()).one_or_none()
    if seat is None or seat.state != "asked" or seat.escalated_at or seat.approval.round.state != "open":
        return
    record = seat.approval.round.record
    seat.escalated_at = uow.now
    above = approvers.next_manager(uow, seat.person_id, approvers.barred(uow, record.requester_id, record.beneficiary_id))
    known = {other.person_id for other in seat.approval.seats}
    if above and above.id not in known and seat.approval.needs == "first":  # of several needed, nobody is replaced
        seat.approval.seats.append(
            Seat(round_id=seat.round_id, person_id=above.id, why="escalated", asked_at=uow.now, due_at=_due(uow))
        )
        records.involve(uow, record, above, Relation.APPROVER)
    event = uow.record_event(
        record, f"{record.kind}.escalate", after={"seat": seat.id, "to": above.id if above else None}
    )
    messages.tell(uow, seat.person, "approval_reminder", record, event)
    if above:
        messages.tell(uow, above, "approval_escalated", record, event)
    else:
        messages.tell_team(uow, record.team_id, "no_approver", record, event)


def vote(uow: UnitOfWork, record: Record, choice: Choice, comment: str = "") -> Outcome:
    """Record the actor's vote, or a delegate's for one approver, and say where the round now stands.

    Until the decision a second vote replaces the first. A rejection says why.
    """
    uow.check(f"{record.kind}.vote", record)
    round_ = current_round(uow, record)
    if round_ is None:
        raise ActionNotAllowed(t("This has already been decided."))
    if uow.actor.id in approvers.barred(uow, record.requester_id, record.beneficiary_id):
        raise Forbidden(t("You cannot decide on something for yourself or for somebody you stand in for."))
    seat = _seat(uow, round_)
    if choice is Choice.REJECT and not comment.strip():
        raise Invalid({"comment": t("Say why, so that the requester knows what to do next.")})
    note = records.write(uow, record, "reason", comment) if comment.strip() else None
    was = _cast(uow, round_, seat, choice)
    if note:
        uow.session.flush()
        _vote_of(round_, seat).note_id = note.id
    uow.record_event(
        record, f"{record.kind}.vote", note=note, before={"choice": was},
        after={"choice": choice.value, "seat": seat.id, "for": seat.person_id, "round": round_.number,
               "subject": round_.subject_hash},
    )  # fmt: skip
    return _settle(uow, round_)


def current_round(uow: UnitOfWork, record: Record) -> ApprovalRound | None:
    """Return the open round of a record with its approvals and seats."""
    query = select(ApprovalRound).where(ApprovalRound.record_id == record.id, ApprovalRound.state == "open")
    seats = selectinload(ApprovalRound.approvals).selectinload(Approval.seats)
    return uow.session.scalars(query.options(seats.selectinload(Seat.vote), seats.joinedload(Seat.person))).one_or_none()


def void(uow: UnitOfWork, round_: ApprovalRound) -> None:
    """End a round without a decision; votes already given stay on record."""
    round_.state, round_.decided_at = "void", uow.now
    _release(uow, round_)


def void_open(uow: UnitOfWork, record: Record) -> None:
    """End the open round of a record, if it has one."""
    if round_ := current_round(uow, record):
        void(uow, round_)


def remind(uow: UnitOfWork, record: Record) -> list[Person]:
    """Write again to everybody who has not answered, once a day at most; return who was reminded."""
    uow.check("request.remind", record)
    round_ = current_round(uow, record)
    if round_ is None:
        raise ActionNotAllowed(t("Nobody is being waited for."))
    reminded: list[Person] = []
    for seat in (seat for approval in round_.approvals for seat in approval.seats if seat.state == "asked"):
        if (uow.now - (seat.reminded_at or seat.asked_at)).days < 1:
            continue
        seat.reminded_at = uow.now
        if messages.tell(uow, seat.person, "approval_reminder", record):
            reminded.append(seat.person)
    if not reminded:
        raise ActionNotAllowed(t("Everybody was asked or reminded less than a day ago."))
    uow.record_event(record, f"{record.kind}.remind", after={"people": [person.id for person in reminded]})
    return reminded


def _last_round(uow: UnitOfWork, record: Record) -> ApprovalRound | None:
    query = select(ApprovalRound).where(ApprovalRound.record_id == record.id)
    return uow.session.scalars(query.order_by(ApprovalRound.number.desc()).limit(1)).one_or_none()


def _settle(uow: UnitOfWork, round_: ApprovalRound) -> Outcome:
    outcomes = []
    for approval in (each for each in round_.approvals if each.state != "later"):
        outcome = rules.outcome(approval.needs, [_choice(seat) for seat in approval.seats])
        if outcome is not Outcome.ASKED and approval.state == "asked":
            approval.decided_at = uow.now
        approval.state = outcome.value
        outcomes.append(outcome)
    result = rules.round_outcome(outcomes)
    if result is Outcome.APPROVED and any(each.state == "later" for each in round_.approvals):
        _open_stage(uow, round_.record, round_)
        return Outcome.ASKED
    if result is not Outcome.ASKED:
        uow.session.flush()  # votes are written while the round is still open: the database insists
        round_.state, round_.decided_at = result.value, uow.now
        _release(uow, round_)
    return result


def _release(uow: UnitOfWork, round_: ApprovalRound) -> None:
    """What is no longer needed is marked, never deleted."""
    for approval in round_.approvals:
        if approval.state in {"asked", "later"}:
            approval.state, approval.decided_at = "no_longer_required", uow.now
        for seat in approval.seats:
            if seat.state == "asked":
                seat.state = "no_longer_required"


def _choice(seat: Seat) -> Choice | None:
    return {"approved": Choice.APPROVE, "rejected": Choice.REJECT}.get(seat.state)


def _seat(uow: UnitOfWork, round_: ApprovalRound) -> Seat:
    """Return the seat this actor votes for: the own one first, then one of somebody who delegated to the actor."""
    seats = [seat for approval in round_.approvals for seat in approval.seats]
    me = uow.actor.id
    for seat in seats:
        if seat.person_id == me:
            return seat
    given = {seat.vote.voter_id: seat for seat in seats if seat.vote}
    if me in given:
        return given[me]
    lent = _delegations(uow, delegate_id=me)
    for seat in seats:
        if seat.person_id in lent and seat.state == "asked":
            return seat
    raise Forbidden(t("You are not asked to decide on this."))


def _cast(uow: UnitOfWork, round_: ApprovalRound, seat: Seat, choice: Choice) -> str | None:
    """Store one vote for the seat's person; whoever holds several seats of a round answers for all of them."""
    same = [other for approval in round_.approvals for other in approval.seats if other.person_id == seat.person_id]
    stored = next((other.vote for other in same if other.vote), None)
    was = stored.choice if stored else None
    if stored is None:
        stored = Vote(round_id=round_.id, voter_id=uow.actor.id, choice=choice.value, subject_hash=round_.subject_hash,
                      at=uow.now)  # fmt: skip
        seat.vote = stored
        uow.session.add(stored)
    elif stored.voter_id != uow.actor.id:
        raise ActionNotAllowed(t("Somebody has already answered for this approver."))
    else:
        stored.choice, stored.at = choice.value, uow.now
    for other in same:
        other.state = {Choice.APPROVE: "approved", Choice.REJECT: "rejected"}.get(choice, "asked")
    return was


def _vote_of(round_: ApprovalRound, seat: Seat) -> Vote:
    same = (other for approval in round_.approvals for other in approval.seats if other.person_id == seat.person_id)
    return next(other.vote for other in same if other.vote)


def _delegations(uow: UnitOfWork, *, delegate_id: int | None) -> set[int]:
    """Return whose votes this person may cast now."""
    query = select(Delegation.person_id).where(
        Delegation.delegate_id == delegate_id, Delegation.starts_at <= uow.now, Delegation.ends_at > uow.now
    )
    return set(uow.session.scalars(query))
