"""Planning and carrying out, on a real directory, without Prefect: the flows' own functions."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update

from app import database
from app.directory import directory
from app.models.access import Grant
from app.models.events import Delivery, Event
from app.models.messages import Message
from app.models.records import Note, Record
from app.models.requests import Check, Item, Step
from app.models.tasks import Task
from app.platform.slapd import Slapd
from app.platform.slapd_audit import membership_changes
from app.queries import requests
from app.services import deliveries, fulfilment, steps, tasks
from app.services import requests as services
from app.settings import ROOT
from app.unit_of_work import SYSTEM, unit_of_work
from flows import failpoints
from flows.end_access import end_access
from flows.fulfil_request import fulfil
from flows.look_again import look_again
from flows.plan_item import plan
from tests.cast import event_names
from tests.databases import forget_settings
from tests.flows import ordering
from tests.flows.conftest import group_dn, person_dn

WORK = {"plan_item": plan, "fulfil_request": fulfil}
ONE_ITEM = """
from app import database
from app.services import deliveries
from flows import taking
from flows.fulfil_request import fulfil
with database.sessions().begin() as session:
    keys = [hold.key for hold in deliveries.claim(session, "fulfil_request", 9)]
taking.work_off(keys, fulfil)
"""


def hand_over(consumer: str) -> datetime | None:
    """Do what relay, Prefect and worker do for the deliveries of one flow; when it wants to come back."""
    with database.sessions().begin() as session:
        holds = deliveries.begin(session, [hold.key for hold in deliveries.claim(session, consumer, 99)])
    assert holds
    times = [WORK[consumer](hold) for hold in holds]
    with database.sessions().begin() as session:
        for hold in holds:
            deliveries.finish(session, hold)
    return times[-1]


def approved(key: str = "k") -> str:
    """Order, plan and approve membership of finance-ro for ana."""
    number = ordering.order_group(key)
    hand_over("plan_item")
    ordering.approve(number)
    return number


def end_task(number: str, how: str = "complete", body: str = "") -> None:
    with database.sessions()() as session:
        task = session.scalars(select(Task.number).where(Task.parent_id == ordering.item(number).id)).one()
    with unit_of_work("bo") as uow:
        tasks.close(uow, task, how, body)


def step(number: str, key: str = "step-1") -> Step:
    with database.sessions()() as session:
        return session.scalars(select(Step).where(Step.item_id == ordering.item(number).id, Step.key == key)).one()


def let_leases_end() -> None:
    with database.sessions().begin() as session:
        for table in (Delivery, Step):
            session.execute(update(table).values(lease_until=text("clock_timestamp() - interval '1 second'")))
        deliveries.lost(session)


def is_member() -> bool:
    return directory().is_member(group_dn("finance-ro"), person_dn("ana"))


def test_an_approved_item_is_carried_out_waits_for_its_task_and_closes(company: Slapd) -> None:
    number = approved()
    assert not is_member()
    hand_over("fulfil_request")
    assert (ordering.state(number), is_member()) == ("fulfilling", True)
    end_task(number)
    hand_over("fulfil_request")
    assert ordering.state(number) == "closed"
    assert step(number).verified_at is not None
    assert len(membership_changes(company.audit_file)) == 1


def test_a_second_delivery_of_the_same_event_changes_nothing(company: Slapd) -> None:
    number = approved()
    hand_over("fulfil_request")
    with database.sessions().begin() as session:
        session.execute(update(Delivery).values(state="due", attempt=Delivery.attempt + 1))
    hand_over("plan_item")
    hand_over("fulfil_request")
    assert ordering.state(number) == "fulfilling"
    assert len(membership_changes(company.audit_file)) == 1


@pytest.mark.parametrize("place", [name for name in failpoints.NAMES if not name.startswith("relay.")])
def test_a_worker_killed_anywhere_leaves_one_effect_and_a_finished_item(company: Slapd, place: str) -> None:
    number = approved()
    killed = subprocess.run(
        [sys.executable, "-c", ONE_ITEM], cwd=ROOT, env={**os.environ, "FAILPOINT": f"{place}:kill"}, check=False
    )
    assert killed.returncode == -signal.SIGKILL, f"{place} was not reached"
    let_leases_end()
    hand_over("fulfil_request")
    end_task(number)
    hand_over("fulfil_request")
    assert ordering.state(number) == "closed"
    assert len(membership_changes(company.audit_file)) == 1


def test_a_worker_that_comes_back_from_the_dead_is_refused_by_the_epoch(company: Slapd) -> None:
    number = approved()
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
        fulfilment.ready_steps(uow, number)
        old = steps.claim(uow, number, "step-1")
    assert old
    let_leases_end()
    hand_over("fulfil_request")
    with pytest.raises(steps.Superseded), unit_of_work(SYSTEM) as uow:
        steps.commit(uow, old)
    assert (step(number).state, step(number).epoch) == ("done", 2)


def test_what_drifted_since_the_approval_is_asked_again(company: Slapd) -> None:
    number = approved()
    directory().add_member(group_dn("finance-ro"), person_dn("ana"))
    hand_over("fulfil_request")
    assert ordering.state(number) == "awaiting_approval"
    assert (ordering.item(number).plan or [{}])[0]["changes"] == []
    ordering.approve(number)
    hand_over("fulfil_request")
    assert step(number).state == "done"


def test_a_step_that_fails_is_tried_again_later_and_then_shown_to_its_owner(company: Slapd) -> None:
    number = approved()
    company.stop()
    for attempt in range(1, 6):
        next_at = hand_over("fulfil_request")
        assert step(number).attempt == attempt
        assert (next_at is None) == (attempt == 5)
        with database.sessions().begin() as session:
            session.execute(update(Step).where(Step.next_at.is_not(None)).values(next_at=text("desk_now()")))
            session.execute(update(Delivery).where(Delivery.consumer == "fulfil_request").values(state="due"))
    assert ordering.state(number) == "failed"
    assert "directory" in (step(number).error or "")
    with database.sessions()() as session:
        assert "step_failed" in session.scalars(select(Message.template)).all()


def test_its_owner_tries_a_failed_step_again(company: Slapd) -> None:
    number = approved()
    with database.sessions().begin() as session:
        session.execute(update(Step).values(attempt=4))
    company.stop()
    hand_over("fulfil_request")
    assert ordering.state(number) == "failed"
    company.start()
    directory.cache_clear()
    with unit_of_work("bo") as uow:
        fulfilment.retry(uow, number)
    hand_over("fulfil_request")
    assert (ordering.state(number), is_member()) == ("fulfilling", True)


def test_an_effect_that_vanished_before_the_last_check_is_made_again(company: Slapd) -> None:
    number = approved()
    hand_over("fulfil_request")
    directory().remove_member(group_dn("finance-ro"), person_dn("ana"))
    end_task(number)
    hand_over("fulfil_request")
    assert ordering.state(number) == "fulfilling"
    hand_over("fulfil_request")
    assert (ordering.state(number), is_member()) == ("closed", True)


def test_an_item_without_approval_sends_its_mail_once(company: Slapd) -> None:
    number = ordering.order_badge("Guest")
    hand_over("plan_item")
    hand_over("fulfil_request")
    assert ordering.state(number) == "closed"
    with database.sessions()() as session:
        assert session.scalars(select(Message.token).where(Message.template == "step_message")).all() == [f"{number}:step-1"]


def test_an_item_is_not_planned_while_the_directory_is_away(company: Slapd) -> None:
    number = ordering.order_group("k")
    company.stop()
    assert hand_over("plan_item") is not None
    assert ordering.state(number) == "requested"


def test_an_unexpected_error_in_a_step_is_kept_and_tried_again(company: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    number = approved()
    monkeypatch.setenv("FAILPOINT", "step.acted:raise")
    hand_over("fulfil_request")
    assert (step(number).state, step(number).attempt) == ("retrying", 1)


def test_the_last_check_waits_for_a_directory_that_is_away(company: Slapd) -> None:
    number = approved()
    hand_over("fulfil_request")
    end_task(number)
    company.stop()
    assert hand_over("fulfil_request") is not None
    assert ordering.state(number) == "fulfilled"


def look_when_due() -> int:
    """Move the looks to now and make them, as flow look_again does."""
    with database.sessions().begin() as session:
        session.execute(update(Check).values(due_at=text("desk_now()")))
    return look_again.fn()


def fulfilled(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return an item whose effect was seen and which waits for a later look."""
    monkeypatch.setenv("DESK_CHECKS_AFTER", "1h")
    forget_settings()
    number = approved()
    hand_over("fulfil_request")
    end_task(number)
    hand_over("fulfil_request")
    assert ordering.state(number) == "fulfilled"
    return number


def test_an_item_closes_after_the_last_good_look(company: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    number = fulfilled(monkeypatch)
    assert look_again.fn() == 0
    assert look_when_due() == 1
    assert ordering.state(number) == "closed"


def test_a_second_delivery_asks_for_no_second_look_and_tells_nobody_twice(
    company: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = fulfilled(monkeypatch)
    with database.sessions().begin() as session:
        session.execute(update(Delivery).values(state="due", attempt=Delivery.attempt + 1))
    hand_over("fulfil_request")
    with database.sessions()() as session:
        assert len(session.scalars(select(Check)).all()) == 1
    assert event_names(number).count("item.verify") == 1


def test_what_vanished_by_the_later_look_is_done_anew(company: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    number = fulfilled(monkeypatch)
    directory().remove_member(group_dn("finance-ro"), person_dn("ana"))
    assert look_when_due() == 1
    hand_over("fulfil_request")
    assert (ordering.state(number), is_member()) == ("fulfilled", True)


def test_a_look_at_a_directory_that_is_away_is_made_later(company: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    number = fulfilled(monkeypatch)
    company.stop()
    assert look_when_due() == 0
    assert ordering.state(number) == "fulfilled"


def test_what_can_be_taken_back_is_taken_back_when_it_is_canceled(company: Slapd) -> None:
    number = approved()
    hand_over("fulfil_request")
    assert is_member()
    with unit_of_work("ana") as uow:
        services.cancel(uow, uow.get(Item, number, lock=False).request.number, "no longer needed")
    hand_over("fulfil_request")
    assert (ordering.state(number), is_member(), step(number).state) == ("canceled", False, "undone")


def told(number: str) -> dict[str, str]:
    """Return the letters that quote how the item went: template and text."""
    with database.sessions()() as session:
        query = select(Message.template, Note.body).join(Event, Event.id == Message.event_id).join(Note, Note.id == Event.note_id)
        return {row[0]: row[1] for row in session.execute(query.where(Event.stream == number, Event.name == "item.summary"))}


def test_how_an_item_went_is_written_down_and_told(company: Slapd) -> None:
    number = approved()
    hand_over("fulfil_request")
    with database.sessions().begin() as session:
        session.execute(update(Grant).values(ends_at=datetime(2099, 1, 1, 3, tzinfo=UTC)))
        session.execute(update(Item.__table__).values(cost=1200, currency="BRL"))
    end_task(number)
    hand_over("fulfil_request")
    [(template, summary)] = told(number).items()
    assert template == "item_closed"
    for words in (
        number, "Which group? finance-ro", "Approved by Helena", "Approved by Igor", "Done: Add ", ", seen to work on ", "finance-ro ends after 2098-12-31.",
        "It cost R$1,200.00.", "carried out on",
    ):  # fmt: skip
        assert words in summary, summary
    with unit_of_work("ana") as uow:
        request = requests.whole(uow.session, uow.actor, uow.get(Item, number, lock=False).request.number)
    assert list(request.summaries.values()) == [summary]


def test_access_that_ends_is_taken_from_the_directory(company: Slapd) -> None:
    approved()
    hand_over("fulfil_request")
    with database.sessions().begin() as session:
        session.execute(update(Grant).values(ends_at=text("desk_now()"), next_at=text("desk_now()")))
    assert end_access.fn() == 1
    assert not is_member()
    assert end_access.fn() == 0


def test_access_does_not_end_on_paper_while_the_directory_is_away(company: Slapd) -> None:
    approved()
    hand_over("fulfil_request")
    with database.sessions().begin() as session:
        session.execute(update(Grant).values(ends_at=text("desk_now()"), next_at=text("desk_now()")))
    company.stop()
    assert end_access.fn() == 0
    with database.sessions()() as session:
        assert session.scalars(select(Grant.state)).one() == "ending"


def test_a_failed_item_that_is_given_up_is_taken_back(company: Slapd) -> None:
    number = approved()
    hand_over("fulfil_request")
    with database.sessions().begin() as session:  # as if a later step had failed for good
        session.execute(update(Record).where(Record.number == number).values(state="failed"))
    with unit_of_work("bo") as uow:
        fulfilment.compensate(uow, number, "not possible")
    hand_over("fulfil_request")
    assert (ordering.state(number), is_member(), step(number).state) == ("closed_incomplete", False, "undone")
    [(template, summary)] = told(number).items()
    assert template == "item_incomplete"
    assert "Taken back: Add " in summary


def test_what_people_did_cannot_be_taken_back_and_that_is_on_record_once(company: Slapd) -> None:
    number = approved()
    hand_over("fulfil_request")
    end_task(number)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.ready_steps(uow, number)
    with database.sessions().begin() as session:  # as if a later step had failed for good
        session.execute(update(Record).where(Record.number == number).values(state="failed"))
    with unit_of_work("bo") as uow:
        fulfilment.compensate(uow, number, "not possible")
    hand_over("fulfil_request")
    with database.sessions()() as session:
        events = session.scalars(select(Event.after).where(Event.stream == number, Event.name == "item.undo").order_by(Event.seq))
        assert list(events) == [{"step": "step-2", "possible": False}, {"step": "step-1", "possible": True}]
    assert "Could not be taken back: " in told(number)["item_incomplete"]
