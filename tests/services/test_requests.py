"""Submitting, approving and carrying out a request, without Prefect: the services alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app import database
from app.models.approvals import ApprovalRound, Vote
from app.models.events import Delivery
from app.models.messages import Message
from app.models.people import Delegation
from app.models.requests import Item, Request, Step
from app.models.tasks import Task
from app.rules.approvals import Choice
from app.rules.errors import ActionNotAllowed, DeskError, Forbidden, Invalid, NotFound, Stale
from app.services import fulfilment, people, requests, tasks
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import GROUP_ITEM, MAIL_ITEM, event_names, parsed, person_id

GROUP = parsed(GROUP_ITEM, "access/shared-group")
VISITOR = parsed(MAIL_ITEM, "workplace/visitor")
PLAN = {"step-1": {"words": "add", "changes": ["member"]}}


def order(key: str = "key-1", group: str = "finance-ro", beneficiary: int | None = None) -> Order:
    return Order(key, [Line(GROUP.slug, GROUP.hash, {"group": group})], beneficiary)


def submitted(who: str = "ana", **kwargs: object) -> str:
    with unit_of_work(who) as uow:
        return requests.submit(uow, order(**kwargs)).items[0].number  # type: ignore[arg-type]


def planned(who: str = "ana", **kwargs: object) -> str:
    number = submitted(who, **kwargs)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, PLAN)
    return number


def decide(who: str, number: str, choice: Choice = Choice.APPROVE, comment: str = "") -> str:
    with unit_of_work(who) as uow:
        return requests.decide(uow, number, choice, comment).state


def state(number: str) -> str:
    with database.sessions()() as session:
        return session.scalars(select(Item.state).where(Item.number == number)).one()


def test_an_order_becomes_a_request_with_its_item_events_and_deliveries(cast: str) -> None:
    number = submitted()
    assert state(number) == "requested"
    assert event_names() == ["request.create", "item.create"]
    with database.sessions()() as session:
        assert session.scalars(select(Delivery.consumer)).all() == ["plan_item"]
        assert session.scalars(select(Message.template)).all() == ["request_submitted"]


def test_the_same_submission_key_is_the_same_request(cast: str) -> None:
    assert submitted() == submitted()
    with database.sessions()() as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 1


def test_somebody_elses_submission_key_shows_nothing(cast: str) -> None:
    submitted()
    with pytest.raises(NotFound):
        submitted("zeca")


@pytest.mark.parametrize(
    "answers",
    [{}, {"group": "no-such-group"}, {"group": "finance-ro", "state": "approved"}, {"group": ["finance-ro"]}],
)
def test_a_tampered_form_is_refused_by_the_service(cast: str, answers: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused, unit_of_work("ana") as uow:
        requests.submit(uow, Order("key", [Line(GROUP.slug, GROUP.hash, answers)]))
    assert refused.value.fields
    assert event_names() == []


def test_an_order_of_an_outdated_version_is_asked_to_look_again(cast: str) -> None:
    with pytest.raises(ActionNotAllowed), unit_of_work("ana") as uow:
        requests.submit(uow, Order("key", [Line(GROUP.slug, "0" * 64, {"group": "finance-ro"})]))


def test_after_the_plan_manager_and_owner_are_asked_and_told(cast: str) -> None:
    number = planned()
    assert state(number) == "awaiting_approval"
    with database.sessions()() as session:
        rounds = session.scalars(select(ApprovalRound)).all()
        asked = [(seat.person.login, seat.why) for approval in rounds[0].approvals for seat in approval.seats]
        told = session.scalars(select(Message.address).where(Message.template == "approval_asked")).all()
    assert asked == [("helena", "manager"), ("igor", "owner")]
    assert sorted(told) == ["helena@aurora.example", "igor@aurora.example"]


def test_two_approvals_carry_the_item_on(cast: str) -> None:
    number = planned()
    assert decide("helena", number) == "awaiting_approval"
    assert decide("igor", number) == "approved"
    assert event_names(number) == [
        "item.create", "item.plan", "item.ask", "item.vote", "item.vote", "item.approve",
    ]  # fmt: skip


def test_one_rejection_rejects_and_ends_the_request(cast: str) -> None:
    number = planned()
    assert decide("helena", number, Choice.REJECT, "not needed") == "rejected"
    with database.sessions()() as session:
        assert session.scalars(select(Request.state)).one() == "closed_incomplete"
        round_ = session.scalars(select(ApprovalRound)).one()
        assert [approval.state for approval in round_.approvals] == ["rejected", "no_longer_required"]
    with pytest.raises(ActionNotAllowed):
        decide("igor", number)


def test_a_rejection_must_say_why(cast: str) -> None:
    number = planned()
    with pytest.raises(Invalid):
        decide("helena", number, Choice.REJECT)


def test_a_vote_can_be_changed_until_the_decision(cast: str) -> None:
    number = planned()
    decide("helena", number)
    assert decide("helena", number, Choice.REJECT, "on second thought") == "rejected"
    with database.sessions()() as session:
        assert session.scalars(select(Vote.choice)).all() == ["reject"]


def test_twenty_parallel_votes_of_one_approver_store_one(cast: str) -> None:
    number = planned()

    def cast_vote(_: int) -> str:
        try:
            return decide("helena", number)
        except DeskError as refused:
            return type(refused).__name__

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(cast_vote, range(20)))
    assert answers <= {"awaiting_approval", "ActionNotAllowed"}
    with database.sessions()() as session:
        assert session.scalar(select(func.count()).select_from(Vote)) == 1


def test_strangers_do_not_see_the_item(cast: str) -> None:
    number = planned()
    with pytest.raises(NotFound):
        decide("zeca", number)


def test_an_analyst_sees_the_item_but_may_not_decide(cast: str) -> None:
    number = planned()
    with pytest.raises(Forbidden):
        decide("bo", number)


def test_nobody_decides_for_himself(cast: str) -> None:
    """Igor owns the group and orders it for himself: his manager is asked in his place, for both approvals."""
    number = planned("igor")
    with pytest.raises(Forbidden):
        decide("igor", number)
    assert decide("rui", number) == "approved"


def delegate(person: str, to: str) -> None:
    start = datetime.now(UTC) - timedelta(minutes=1)
    with database.sessions()() as session:
        session.add(
            Delegation(person_id=person_id(person), delegate_id=person_id(to), starts_at=start,
                       ends_at=start + timedelta(days=365), created_at=start)
        )  # fmt: skip
        session.commit()


def test_a_delegate_votes_in_the_place_of_the_approver(cast: str) -> None:
    number = planned()
    delegate("helena", "zeca")
    assert decide("zeca", number) == "awaiting_approval"
    with database.sessions()() as session:
        vote = session.scalars(select(Vote)).one()
        assert (vote.voter.login, vote.seat.person.login) == ("zeca", "helena")


@pytest.mark.parametrize("beneficiary", ["ana", "zeca"])
def test_a_delegate_of_requester_or_beneficiary_does_not_decide(cast: str, beneficiary: str) -> None:
    number = submitted(beneficiary=person_id(beneficiary))
    delegate(beneficiary, "igor")
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, PLAN)
    with pytest.raises((Forbidden, NotFound)):
        decide("igor", number)


def test_the_database_itself_refuses_a_vote_of_the_requester(cast: str) -> None:
    number = planned()
    with pytest.raises(Exception, match="nobody decides for himself"), unit_of_work(SYSTEM) as uow:
        item = uow.get(Item, number)
        round_ = uow.session.scalars(select(ApprovalRound).where(ApprovalRound.record_id == item.id)).one()
        seat = round_.approvals[0].seats[0]
        uow.session.add(
            Vote(seat_id=seat.id, round_id=round_.id, voter_id=person_id("ana"), choice="approve",
                 subject_hash=round_.subject_hash, at=uow.now)
        )  # fmt: skip


def test_an_item_without_approvals_is_approved_with_its_promise(cast: str) -> None:
    with unit_of_work("ana") as uow:
        line = Line(VISITOR.slug, VISITOR.hash, {"guest": "Mia"})
        number = requests.submit(uow, Order("k", [line])).items[0].number
    with unit_of_work(SYSTEM) as uow:
        item = fulfilment.store_plan(uow, number, {"step-1": {"words": "mail"}})
        assert (item.state, item.promised_at is not None) == ("approved", True)


def run_steps(number: str) -> list[str]:
    """Do as flow fulfil_request does, with steps that always succeed; return the keys it ran."""
    ran = []
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
        for bound in fulfilment.ready_steps(uow, number):
            step = uow.session.scalars(select(Step).where(Step.key == bound.key, Step.item_id == uow.get(Item, number, lock=False).id)).one()
            step.state, step.done_at = "done", uow.now
            ran.append(bound.key)
        uow.session.flush()
    with unit_of_work(SYSTEM) as uow:
        fulfilment.advance(uow, number)
    return ran


def approved() -> str:
    number = planned()
    decide("helena", number)
    decide("igor", number)
    return number


def test_steps_run_in_order_and_a_person_ends_the_manual_one(cast: str) -> None:
    number = approved()
    assert run_steps(number) == ["step-1"]
    assert run_steps(number) == []
    with unit_of_work("bo") as uow:
        task = tasks.take(uow, "TSK0000001")
        tasks.close(uow, task.number, "complete", "It opens.")
    run_steps(number)
    assert state(number) == "fulfilled"
    with unit_of_work(SYSTEM) as uow:
        fulfilment.close(uow, number)
    with database.sessions()() as session:
        assert session.scalars(select(Request.state)).one() == "closed_complete"
    assert event_names("REQ0000001") == ["request.create", "request.begin", "request.ask_survey", "request.complete"]


def test_an_incomplete_task_makes_the_item_and_the_request_incomplete(cast: str) -> None:
    number = approved()
    run_steps(number)
    run_steps(number)
    with unit_of_work("bo") as uow:
        tasks.close(uow, "TSK0000001", "incomplete", "Nobody answers.")
    run_steps(number)
    assert state(number) == "closed_incomplete"
    with database.sessions()() as session:
        assert session.scalars(select(Request.state)).one() == "closed_incomplete"


def test_cancelling_ends_item_round_and_steps(cast: str) -> None:
    number = planned()
    with unit_of_work("ana") as uow:
        assert requests.cancel(uow, "REQ0000001", "changed my mind").state == "canceled"
    assert state(number) == "canceled"
    with pytest.raises(ActionNotAllowed):
        decide("helena", number)


def test_somebody_elses_request_cannot_be_cancelled(cast: str) -> None:
    planned()
    with pytest.raises(NotFound), unit_of_work("zeca") as uow:
        requests.cancel(uow, "REQ0000001", "mischief")
    with pytest.raises(Forbidden), unit_of_work("helena") as uow:
        requests.cancel(uow, "REQ0000001", "mischief")


def test_an_edit_of_an_old_version_is_stale(cast: str) -> None:
    number = planned()
    with pytest.raises(Stale), unit_of_work("helena") as uow:
        requests.decide(uow, number, Choice.APPROVE, version=1)


def test_a_reply_tells_the_team_and_not_its_writer(cast: str) -> None:
    planned()
    with unit_of_work("ana") as uow:
        requests.reply(uow, "REQ0000001", "Is it ready?")
    with database.sessions()() as session:
        told = session.scalars(select(Message.address).where(Message.template == "reply")).all()
    assert told == ["bo@aurora.example"]


def test_reminding_is_possible_once_a_day(cast: str) -> None:
    number = planned()
    with pytest.raises(ActionNotAllowed), unit_of_work("ana") as uow:
        requests.remind(uow, number)
    with unit_of_work("ana") as uow:
        uow._now = uow.now.replace(year=uow.now.year + 1)
        assert [person.login for person in requests.remind(uow, number)] == ["helena", "igor"]


def test_two_posts_of_one_form_at_the_same_moment_make_one_request(cast: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = set(pool.map(lambda _: submitted(), range(8)))
    assert len(numbers) == 1


def test_the_open_tasks_of_somebody_who_is_disabled_are_their_teams_again(cast: str) -> None:
    number = approved()
    run_steps(number)
    run_steps(number)
    with unit_of_work("bo") as uow:
        tasks.take(uow, "TSK0000001")
    with unit_of_work(SYSTEM) as uow:
        people.disable(uow, person_id("bo"))
    with database.sessions()() as session:
        task = session.scalars(select(Task)).one()
        assert (task.assignee_id, task.state) == (None, "in_progress")
    assert event_names("TSK0000001")[-1] == "task.release"
    with unit_of_work("caro") as uow:
        assert tasks.take(uow, "TSK0000001").assignee_id == person_id("caro")
