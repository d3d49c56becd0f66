"""From task to item to request, holds, and what is past recall (domain.md 3)."""

import pytest
from sqlalchemy import select

from app import database
from app.models.records import Record
from app.rules.approvals import Choice
from app.rules.errors import ActionNotAllowed, Invalid
from app.services import fulfilment, requests, steps, tasks
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import event_names
from tests.services.test_requests import GROUP, PLAN, VISITOR, approved, decide, run_steps


def state(number: str) -> str:
    with database.sessions()() as session:
        return session.scalars(select(Record.state).where(Record.number == number)).one()


def two() -> list[str]:
    """Order two things in one request, both planned."""
    with unit_of_work("ana") as uow:
        lines = [Line(GROUP.slug, GROUP.hash, {"group": group}) for group in ("finance-ro", "finance-rw")]
        numbers = [item.number for item in requests.submit(uow, Order("two", lines)).items]
    for number in numbers:
        with unit_of_work(SYSTEM) as uow:
            fulfilment.store_plan(uow, number, PLAN)
    return numbers


def test_one_rejected_item_leaves_its_sibling_alone_and_the_request_is_incomplete_in_the_end(cast: str) -> None:
    first, second = two()
    decide("helena", first, Choice.REJECT, "Not this one.")
    assert (state(first), state(second), state("REQ0000001")) == ("rejected", "awaiting_approval", "submitted")
    decide("helena", second)
    decide("igor", second)
    run_steps(second)
    run_steps(second)
    with unit_of_work("bo") as uow:
        tasks.close(uow, "TSK0000001", "complete")
    run_steps(second)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.close(uow, second)
    assert (state(second), state("REQ0000001")) == ("closed", "closed_incomplete")


def test_a_skipped_task_is_no_failure_and_the_rest_makes_the_item_whole(cast: str) -> None:
    number = approved()
    run_steps(number)
    run_steps(number)
    with unit_of_work("bo") as uow:
        tasks.close(uow, "TSK0000001", "skip", "Opened already.")
    run_steps(number)
    assert state(number) == "fulfilled"


def test_nothing_is_carried_out_while_an_item_is_on_hold(cast: str) -> None:
    number = approved()
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
    with pytest.raises(Invalid), unit_of_work("bo") as uow:
        fulfilment.hold(uow, number, "weather", "It rains.")
    with unit_of_work("bo") as uow:
        fulfilment.hold(uow, number, "vendor", "Waits for the supplier.")
    assert run_steps(number) == []
    assert state(number) == "on_hold"
    with unit_of_work("bo") as uow:
        fulfilment.resume(uow, number)
    assert run_steps(number) == ["step-1"]
    assert event_names(number)[-2:] == ["item.hold", "item.resume"]


def test_what_is_irreversible_and_done_cannot_be_canceled_neither_alone_nor_with_its_request(cast: str) -> None:
    with unit_of_work("ana") as uow:
        number = requests.submit(uow, Order("guest", [Line(VISITOR.slug, VISITOR.hash, {"guest": "Rosa"})])).items[0].number
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, {"step-1": {"words": "send", "changes": []}})
        fulfilment.begin(uow, number)
        fulfilment.ready_steps(uow, number)
    with unit_of_work(SYSTEM) as uow:
        claim = steps.claim(uow, number, "step-1")
        assert claim is not None
        steps.commit(uow, claim)
    with pytest.raises(ActionNotAllowed), unit_of_work("ana") as uow:
        requests.cancel_item(uow, number, "Rosa is ill.")
    with pytest.raises(ActionNotAllowed), unit_of_work("ana") as uow:
        requests.cancel(uow, "REQ0000001", "Rosa is ill.")
    assert (state(number), state("REQ0000001")) == ("fulfilling", "in_fulfilment")
