"""The queue: one attempt at a time, whoever else comes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from app import database
from app.models.events import Delivery
from app.rules import backoff
from app.services import deliveries
from app.services.deliveries import Hold
from app.unit_of_work import SYSTEM, unit_of_work

PLAN = "plan_item"

pytestmark = pytest.mark.usefixtures("db")


def happen(times: int = 1) -> None:
    """Let something happen that flow plan_item must hear of."""
    for _ in range(times):
        with unit_of_work(SYSTEM) as uow:
            uow.record_event("test", "item.create")


def claim(limit: int = 200) -> list[Hold]:
    with database.sessions().begin() as session:
        return deliveries.claim(session, PLAN, limit)


def begin(holds: list[Hold]) -> list[Hold]:
    with database.sessions().begin() as session:
        return deliveries.begin(session, [hold.key for hold in holds])


def row() -> Delivery:
    with database.sessions()() as session:
        return session.scalars(select(Delivery)).one()


def let_the_lease_end() -> None:
    with database.sessions().begin() as session:
        session.execute(update(Delivery).values(lease_until=text("clock_timestamp() - interval '1 second'")))


def test_an_event_is_due_for_each_flow_that_listens_to_it() -> None:
    happen()
    assert (row().consumer, row().state, row().attempt) == (PLAN, "due", 1)


def test_many_relays_at_once_claim_each_delivery_once() -> None:
    happen(40)
    with ThreadPoolExecutor(8) as threads:
        claimed = [hold.id for holds in threads.map(lambda _: claim(7), range(12)) for hold in holds]
    assert len(claimed) == len(set(claimed)) == 40


def test_the_most_urgent_is_claimed_first() -> None:
    happen(3)
    with database.sessions().begin() as session:
        last = max(session.scalars(select(Delivery.id)))
        session.execute(update(Delivery).where(Delivery.id == last).values(priority=1))
    assert claim()[0].id == last


def test_only_the_attempt_that_was_handed_over_begins_and_only_once() -> None:
    happen()
    old = claim()
    with database.sessions().begin() as session:
        deliveries.release(session, old)
    new = claim()
    assert begin(old) == []
    assert [hold.attempt for hold in begin(new)] == [2]
    assert begin(new) == []


def test_what_ran_and_lost_its_lease_is_due_again_and_the_old_run_cannot_end_it() -> None:
    happen()
    [old] = begin(claim())
    let_the_lease_end()
    with database.sessions().begin() as session:
        assert [hold.id for hold in deliveries.lost(session)] == [old.id]
    with database.sessions().begin() as session:
        assert not deliveries.finish(session, old)
    assert (row().state, row().attempt, row().failures) == ("due", 2, 0)


def test_a_lease_that_is_renewed_is_not_lost() -> None:
    happen()
    holds = begin(claim())
    let_the_lease_end()
    with database.sessions().begin() as session:
        deliveries.renew(session, holds)
        assert deliveries.lost(session) == []


def test_what_fails_comes_back_later_and_later_and_is_dead_in_the_end() -> None:
    happen()
    for _ in range(backoff.TRIES):
        with database.sessions().begin() as session:
            session.execute(update(Delivery).values(next_at=text("desk_now()")))
        [hold] = begin(claim())
        with database.sessions().begin() as session:
            assert deliveries.fail(session, hold, "boom")
        assert claim() == []
    assert (row().state, row().failures, row().error) == ("dead", backoff.TRIES, "boom")
    with database.sessions().begin() as session:
        assert [each.id for each in deliveries.dead(session)] == [row().id]
        assert deliveries.redrive(session, [row().id]) == 1
    assert len(claim()) == 1


def test_coming_back_later_is_no_failure() -> None:
    happen()
    [hold] = begin(claim())
    with database.sessions().begin() as session:
        now = session.execute(text("select desk_now()")).scalar_one()
        assert deliveries.again(session, hold, now + timedelta(hours=1))
    assert claim() == []
    assert (row().state, row().failures, row().attempt) == ("due", 0, 2)


def test_what_was_handed_over_and_did_not_begin_is_late() -> None:
    happen()
    holds = claim()
    with database.sessions().begin() as session:
        deliveries.note_run(session, holds, "run")
        assert deliveries.late(session) == []
    let_the_lease_end()
    with database.sessions().begin() as session:
        assert [hold.run_id for hold in deliveries.late(session)] == ["run"]
        deliveries.wait_on(session, holds)
        assert deliveries.late(session) == []
        assert deliveries.states_by_run(session, ["run", "other"]) == {"run": {"handed"}}
