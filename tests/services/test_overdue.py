"""Questions nobody answers, and questions nobody may answer: they go further, and are never answered by waiting."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from app import database
from app.models.approvals import Approval, Seat, Vote
from app.models.events import Event
from app.models.messages import Message
from app.models.people import Delegation, Membership, Person, Team
from app.models.requests import Item
from app.rules.approvals import Choice
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid, NotFound
from app.services import audit, people, requests
from app.unit_of_work import SYSTEM, unit_of_work
from flows.escalate_approvals import escalate_approvals
from flows.seekers import SEEKERS
from tests.cast import person_id
from tests.services.test_asking import MANAGER, asked_people, decide, offered, ordered

WEEK = timedelta(days=7)


def later(by: timedelta) -> None:
    """Move the desk's clock forward."""
    with database.sessions().begin() as session:
        session.execute(text('update desk_clock set "offset" = "offset" + :by'), {"by": by})


def is_due() -> bool:
    with database.sessions()() as session:
        return SEEKERS["escalate_approvals"].is_due(session)


def state(number: str) -> str:
    with database.sessions()() as session:
        return session.scalars(select(Item.state).where(Item.number == number)).one()


def letters() -> list[tuple[str, str]]:
    with database.sessions()() as session:
        rows = session.execute(select(Message.template, Message.address).order_by(Message.id))
        return [(template, address.partition("@")[0]) for template, address in rows]


def leave_team(team: str, *logins: str) -> None:
    with database.sessions().begin() as session:
        for login in logins:
            row = session.get(Membership, (session.scalars(select(Team.id).where(Team.key == team)).one(), person_id(login)))
            session.delete(row)


def lend(person: str, to: str) -> None:
    with unit_of_work(person) as uow:
        people.delegate(uow, person_id(to), datetime.now(UTC), datetime.now(UTC) + WEEK)


def test_before_its_time_nothing_is_due_and_after_it_the_flow_asks_the_manager_too(cast: str) -> None:
    number = ordered(offered(MANAGER))
    assert not is_due()
    later(WEEK)
    assert is_due()
    assert escalate_approvals.fn() == 1
    assert asked_people() == ["helena", "rui"]
    assert not is_due()
    assert state(number) == "awaiting_approval"
    assert decide("rui", number) == "approved"
    assert audit.verify().findings == []


def test_the_silent_one_may_still_answer_and_the_two_count_once(cast: str) -> None:
    """Both members must agree; bo is silent and his manager rui is asked instead: caro and one of the two is all."""
    number = ordered(offered('[[approvals]]\nwho = "team:service-desk"\nneeds = "all"\n'))
    assert decide("caro", number) == "awaiting_approval"
    later(WEEK)
    assert escalate_approvals.fn() == 1
    assert asked_people() == ["bo", "caro", "rui"]
    assert decide("rui", number) == "approved"
    with database.sessions()() as session:
        assert session.scalars(select(Seat.state).order_by(Seat.id)).all() == ["no_longer_required", "approved", "approved"]
    assert audit.verify().findings == []


def test_time_over_and_over_ends_at_the_top_and_approves_nothing(cast: str) -> None:
    leave_team("service-desk", "bo", "caro")  # the fallback team is empty
    number = ordered(offered(MANAGER))
    for _ in range(4):
        later(WEEK)
        escalate_approvals.fn()
    assert asked_people() == ["helena", "rui"]
    assert state(number) == "awaiting_approval"
    with database.sessions()() as session:
        assert session.scalars(select(Vote)).all() == []
        assert session.scalars(select(Event.name).where(Event.name == "item.escalate")).all() == ["item.escalate"] * 2


def test_somebody_who_voted_in_anothers_place_is_not_asked_again_in_the_round(cast: str) -> None:
    """Zeca votes for helena; igor's manager rui lent his seat ... the one vote of a round is spent."""
    number = ordered(offered(MANAGER + '[[approvals]]\nwho = "team:identity"\nstage = 2\n'))
    with database.sessions().begin() as session:
        session.add(Membership(team_id=session.scalars(select(Team.id).where(Team.key == "identity")).one(), person_id=person_id("zeca")))
    lend("helena", "zeca")
    assert decide("zeca", number) == "awaiting_approval"
    assert asked_people() == ["helena", "bo"]
    assert decide("bo", number) == "approved"


def test_whoever_agreed_in_the_first_stage_has_agreed_in_the_second(cast: str) -> None:
    with database.sessions().begin() as session:
        session.add(Membership(team_id=session.scalars(select(Team.id).where(Team.key == "identity")).one(), person_id=person_id("helena")))
    number = ordered(offered(MANAGER + '[[approvals]]\nwho = "team:identity"\nstage = 2\n'))
    assert decide("helena", number) == "approved"
    assert audit.verify().findings == []


def test_an_answer_that_is_enough_excuses_the_others(cast: str) -> None:
    number = ordered(offered('[[approvals]]\nwho = "team:service-desk"\n' + MANAGER))
    decide("bo", number)
    with pytest.raises(ActionNotAllowed):
        decide("caro", number)
    with database.sessions()() as session:
        states = dict(session.execute(select(Person.login, Seat.state).join(Person, Person.id == Seat.person_id)).all())
    assert states == {"bo": "approved", "caro": "no_longer_required", "helena": "asked"}


def test_a_seat_that_was_lent_after_the_question_to_whoever_stands_in_for_the_requester_is_worth_nothing(cast: str) -> None:
    """Ana lets helena stand in for her; helena lets zeca: a chain is no way around four eyes."""
    number = ordered(offered(MANAGER))
    lend("ana", "helena")
    lend("helena", "zeca")
    for who in ("helena", "zeca"):
        with pytest.raises(Forbidden):
            decide(who, number)


def test_whoever_leaves_is_not_waited_for(cast: str) -> None:
    ordered(offered(MANAGER))
    assert not is_due()
    with unit_of_work(SYSTEM) as uow:
        people.disable(uow, person_id("helena"))
    assert is_due()
    escalate_approvals.fn()
    assert asked_people() == ["helena", "rui"]


def unanswerable() -> tuple[str, int]:
    """Order something for which nobody may decide; return its number and the approval's id."""
    leave_team("service-desk", "bo", "caro")
    number = ordered(offered('[[approvals]]\nwho = "team:network"\n'))
    with database.sessions()() as session:
        return number, session.scalars(select(Approval.id)).one()


def test_nobody_may_decide_so_it_waits_and_both_sides_are_told(cast: str) -> None:
    number, _ = unanswerable()
    assert state(number) == "awaiting_approval"
    assert {("no_approver_yet", "ana")} <= set(letters())  # the team of applications has no members here


def test_the_desk_looks_again_by_itself_and_asks_once_the_cause_is_mended(cast: str) -> None:
    number, _ = unanswerable()
    assert not is_due()
    later(timedelta(hours=1))
    assert escalate_approvals.fn() == 0
    assert not is_due()
    with database.sessions().begin() as session:
        session.add(Membership(team_id=session.scalars(select(Team.id).where(Team.key == "network")).one(), person_id=person_id("davi")))
    later(timedelta(hours=2))
    assert escalate_approvals.fn() == 1
    assert asked_people() == ["davi"]
    assert decide("davi", number) == "approved"


def name(who: str, number: str, approval: int, person: str) -> None:
    with unit_of_work(who) as uow:
        requests.name_approver(uow, number, approval, person_id(person))


def join_team(team: str, login: str) -> None:
    with database.sessions().begin() as session:
        session.add(Membership(team_id=session.scalars(select(Team.id).where(Team.key == team)).one(), person_id=person_id(login)))


def test_the_items_team_names_somebody_who_then_decides(cast: str) -> None:
    number, approval = unanswerable()
    join_team("applications", "igor")
    name("igor", number, approval, "davi")
    assert asked_people() == ["davi"]
    with pytest.raises(ActionNotAllowed):
        name("igor", number, approval, "zeca")
    assert decide("davi", number) == "approved"
    assert audit.verify().findings == []


@pytest.mark.parametrize("person", ["ana", "igor"])
def test_neither_the_requester_nor_oneself_can_be_named(cast: str, person: str) -> None:
    number, approval = unanswerable()
    join_team("applications", "igor")
    with pytest.raises(Invalid):
        name("igor", number, approval, person)


def test_a_requester_who_belongs_to_the_team_does_not_choose_who_decides(cast: str) -> None:
    number, approval = unanswerable()
    join_team("applications", "ana")
    with pytest.raises(Forbidden):
        name("ana", number, approval, "davi")


def test_one_question_is_handed_to_somebody_who_answers_in_my_place(cast: str) -> None:
    number = ordered(offered(MANAGER))
    with unit_of_work("helena") as uow:
        requests.hand_over(uow, number, person_id("davi"))
    assert decide("davi", number) == "approved"
    with database.sessions()() as session:
        vote = session.scalars(select(Vote)).one()
        assert (vote.voter.login, vote.seat.person.login) == ("davi", "helena")


@pytest.mark.parametrize("person", ["ana", "helena"])
def test_a_question_cannot_be_handed_to_whoever_asks_or_to_oneself(cast: str, person: str) -> None:
    number = ordered(offered(MANAGER))
    with pytest.raises(Invalid), unit_of_work("helena") as uow:
        requests.hand_over(uow, number, person_id(person))


def test_what_somebody_else_works_on_now_is_left_and_stays_due(cast: str) -> None:
    number = ordered(offered(MANAGER))
    later(WEEK)
    with unit_of_work(SYSTEM) as uow:
        requests.locked(uow, number)
        assert escalate_approvals.fn() == 0
    assert is_due()
    assert escalate_approvals.fn() == 1


def test_a_delegate_whose_time_is_over_no_longer_changes_the_vote(cast: str) -> None:
    number = ordered(offered(MANAGER + '[[approvals]]\nwho = "team:identity"\n'))
    lend("helena", "zeca")
    decide("zeca", number)
    with database.sessions().begin() as session:
        session.query(Delegation).update({"ends_at": datetime.now(UTC)})
    with pytest.raises(NotFound), unit_of_work("zeca") as uow:
        requests.decide(uow, number, Choice.REJECT, "on second thought")


def test_the_question_who_waits_too_long_is_answered_from_partial_indexes(cast: str) -> None:
    """Cost grows with what is due: with very many seats open, the plan reads the index alone."""
    ordered(offered(MANAGER))
    with database.sessions()() as session:
        session.execute(text("set local enable_seqscan = off"))
        plan = "\n".join(row[0] for row in session.execute(text(
            "explain select id from seats where state = 'asked' and escalated_at is null and due_at <= desk_now() limit 1")))  # fmt: skip
        other = "\n".join(row[0] for row in session.execute(text(
            "explain select id from approvals where state = 'asked' and look_at is not null and look_at <= desk_now() limit 1")))  # fmt: skip
    assert "ix_seats_due" in plan
    assert "ix_approvals_look" in other


