"""Votes, and what an approver may do instead of voting: hand the question on, or have it asked of somebody (domain.md 4)."""

from sqlalchemy import select

from app.models.approvals import Approval, ApprovalRound, Seat, Vote
from app.models.people import Delegation, Person
from app.models.records import Record
from app.rules.approvals import Choice, Outcome
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid
from app.rules.permissions import Relation
from app.rules.words import t
from app.services import decision_links, records, rounds
from app.unit_of_work import UnitOfWork


def vote(
    uow: UnitOfWork, record: Record, choice: Choice, comment: str = "", *, subject: str | None = None, seat_id: int | None = None
) -> Outcome:
    """Record the actor's vote, or a delegate's for one approver, and say where the round now stands.

    Until the decision a second vote replaces the first. A rejection says why. `subject` is what the voter was shown
    (ActionNotAllowed when the round is about something else by now), `seat_id` whose answer was asked for.
    """
    uow.check(f"{record.kind}.vote", record)
    round_ = rounds.current(uow, record)
    if round_ is None:
        raise ActionNotAllowed(t("This has already been decided."))
    if subject is not None and subject != round_.subject_hash:
        raise ActionNotAllowed(t("What would be done is no longer what you saw. Look again, then decide."))
    barred = rounds.barred(uow, record)
    if uow.actor.id in barred:
        raise Forbidden(t("You cannot decide on something for yourself or for somebody you stand in for."))
    seat = _seat(uow, round_, barred)
    if seat_id is not None and seat.person_id != next((one.person_id for one in rounds.seats(round_) if one.id == seat_id), None):
        raise ActionNotAllowed(t("You have already answered on this."))
    if choice is Choice.REJECT and not comment.strip():
        raise Invalid({"comment": t("Say why, so that the requester knows what to do next.")})
    note = records.write(uow, record, "reason", comment) if comment.strip() else None
    was = _cast(uow, round_, seat, choice)
    if note:
        uow.session.flush()
        _vote_of(round_, seat).note_id = note.id
    uow.record_event(
        record, f"{record.kind}.vote", note=note, before={"choice": was},
        after={"choice": choice.value, "seat": _vote_of(round_, seat).seat.id, "for": seat.person_id, "round": round_.number,
               "subject": round_.subject_hash},
    )  # fmt: skip
    return rounds.settle(uow, round_)


def hand_over(uow: UnitOfWork, record: Record, person_id: int) -> Person:
    """Let somebody answer this one question in the actor's place, who stays on record; naming another replaces the first."""
    uow.check(f"{record.kind}.vote", record)
    round_ = rounds.current(uow, record)
    mine = [seat for seat in rounds.seats(round_) if seat.person_id == uow.actor.id and seat.state == "asked"] if round_ else []
    if round_ is None or not mine:
        raise ActionNotAllowed(t("You are not asked to decide on this now."))
    person = _named(uow, round_, person_id)
    for seat in mine:
        seat.handed_to_id = person.id
    uow.session.flush()
    records.involve(uow, record, person, Relation.APPROVER)
    after = {"seats": [seat.id for seat in mine], "to": person.id}
    uow.record_event(record, f"{record.kind}.hand_over", after=after)
    rounds.tell(uow, mine[0], "approval_asked")
    return person


def name_approver(uow: UnitOfWork, record: Record, approval_id: int, person_id: int) -> Person:
    """Name who answers for an approval that nobody can give, or gives: the word of the team that looks after the item."""
    round_, approval = _stuck(uow, record, approval_id)
    person = _named(uow, round_, person_id)
    if any(seat.person_id == person.id for seat in approval.seats):
        raise Invalid({"person": t("%(name)s has already been asked.", name=person.name)})
    silent = next((seat for seat in approval.seats if seat.state == "asked"), None)
    seat = rounds.seat(uow, approval, person, "named", instead_of=silent)
    approval.look_at = None
    uow.record_event(record, f"{record.kind}.name_approver", after={"approval": approval.position, "seat": seat.id, "person": person.id})
    return person


def look_again(uow: UnitOfWork, record: Record, approval_id: int) -> bool:
    """Look anew for whoever answers, after the cause was mended; False while nobody is found."""
    round_, approval = _stuck(uow, record, approval_id)
    out = rounds.barred(uow, record) | {each for pair in rounds.lent(round_) for each in pair}
    if rounds.ask(uow, approval, out):
        uow.record_event(record, f"{record.kind}.find_approver", after={"approval": approval.position, "seats": len(approval.seats)})
        return True
    return False


def is_stuck(approval: Approval) -> bool:
    """Say whether an approval waits for nobody: none was found, or all who were asked ran out of time."""
    return approval.state == "asked" and all(seat.state != "asked" or seat.escalated_at for seat in approval.seats)


def remind(uow: UnitOfWork, record: Record) -> list[Person]:
    """Write again to everybody who has not answered, once a day at most; return who was reminded."""
    uow.check("request.remind", record)
    round_ = rounds.current(uow, record)
    if round_ is None:
        raise ActionNotAllowed(t("Nobody is being waited for."))
    reminded: list[Person] = []
    for seat in (seat for seat in rounds.seats(round_) if seat.state == "asked"):
        if (uow.now - (seat.reminded_at or seat.asked_at)).days < 1:
            continue
        seat.reminded_at = uow.now
        reminded += rounds.tell(uow, seat, "approval_reminder")
    if not reminded:
        raise ActionNotAllowed(t("Everybody was asked or reminded less than a day ago."))
    uow.record_event(record, f"{record.kind}.remind", after={"people": [person.id for person in reminded]})
    return reminded


def by_link(uow: UnitOfWork, token: str) -> tuple[Seat, Record]:
    """Return the question that a link in the actor's mail asks; looking uses nothing up."""
    return decision_links.find(uow, token)


def _stuck(uow: UnitOfWork, record: Record, approval_id: int) -> tuple[ApprovalRound, Approval]:
    uow.check(f"{record.kind}.name_approver", record)
    if uow.actor.id in rounds.barred(uow, record):
        raise Forbidden(t("You cannot choose who decides on something for yourself or for somebody you stand in for."))
    round_ = rounds.current(uow, record)
    approval = next((each for each in round_.approvals if each.id == approval_id), None) if round_ else None
    if round_ is None or approval is None or not is_stuck(approval):
        raise ActionNotAllowed(t("Somebody has been asked by now."))
    return round_, approval


def _named(uow: UnitOfWork, round_: ApprovalRound, person_id: int) -> Person:
    """Return somebody who may be named for a round; Invalid says why not."""
    person = uow.session.get(Person, person_id)
    if person is None or not person.active:
        raise Invalid({"person": t("Choose somebody from the list.")})
    if person.id == uow.actor.id:
        raise Invalid({"person": t("Choose somebody else.")})
    if person.id in rounds.barred(uow, round_.record):
        raise Invalid({"person": t("%(name)s asked for this, gets it, or stands in for who does. Choose somebody else.", name=person.name)})
    if any(seat.person_id != person.id and seat.vote and seat.vote.voter_id == person.id for seat in rounds.seats(round_)):
        raise Invalid({"person": t("%(name)s has already answered on this in another's place.", name=person.name)})
    return person


def _seat(uow: UnitOfWork, round_: ApprovalRound, barred: set[int]) -> Seat:
    """Return the seat this actor votes for: the own one first, then one that is lent to the actor, by delegation or by hand."""
    me, all_ = uow.actor.id, rounds.seats(round_)
    own = sorted((seat for seat in all_ if seat.person_id == me), key=lambda seat: seat.state == "no_longer_required")
    if own and own[0].state != "no_longer_required":
        return own[0]
    lent = _lent(uow)
    mine = [seat for seat in all_ if (seat.person_id in lent or seat.handed_to_id == me) and seat.person_id not in barred]
    for seat in mine:
        if seat.vote and seat.vote.voter_id == me:
            return seat
    if any(seat.vote and seat.vote.voter_id == me for seat in all_):
        raise Forbidden(t("You may no longer answer in this person's place."))
    for seat in mine:
        if seat.state == "asked":
            return seat
    if own or mine:
        raise ActionNotAllowed(t("Your answer is not needed any more: this part has been decided."))
    raise Forbidden(t("You are not asked to decide on this."))


def _cast(uow: UnitOfWork, round_: ApprovalRound, seat: Seat, choice: Choice) -> str | None:
    """Store one vote for the seat's person; whoever holds several seats of a round answers for all of them."""
    same = [other for other in rounds.seats(round_) if other.person_id == seat.person_id]
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
    same = (other for other in rounds.seats(round_) if other.person_id == seat.person_id)
    return next(other.vote for other in same if other.vote)


def _lent(uow: UnitOfWork) -> set[int]:
    """Return whose votes the actor may cast now."""
    query = select(Delegation.person_id).where(
        Delegation.delegate_id == uow.actor.id, Delegation.starts_at <= uow.now, Delegation.ends_at > uow.now
    )
    return set(uow.session.scalars(query))
