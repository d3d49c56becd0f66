"""Processes die: nothing is lost, nothing happens twice, and work goes on within 30 seconds (faults.md)."""

import signal
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Pending
from sqlalchemy import func, select

from app import database
from app.models.messages import Message
from app.platform.slapd import Slapd
from app.platform.slapd_audit import membership_changes
from app.services import deliveries
from flows import runs, serve
from flows.relay_outbox import BATCH, FEW, Relay
from tests.cast import event_names
from tests.flows import ordering
from tests.flows.conftest import Engine

pytestmark = pytest.mark.engine


def mails(number: str) -> int:
    """Return how many mails the item's step has queued."""
    with database.sessions()() as session:
        mine = select(func.count()).select_from(Message).where(Message.token.startswith(number))
        return session.scalars(mine).one()


@pytest.mark.parametrize("place", ["relay.claimed", pytest.param("relay.created", marks=pytest.mark.slow)])
def test_a_relay_killed_while_it_hands_over_loses_and_doubles_nothing(engine: Engine, place: str) -> None:
    serve.register(engine.client)
    number = ordering.order_badge("k1")
    killed = engine.start("flows.relay_outbox", FAILPOINT=f"{place}:kill")
    assert killed.wait(60) == -signal.SIGKILL
    engine.start("flows.worker")
    engine.start("flows.relay_outbox")
    engine.until(lambda: ordering.state(number) == "closed")
    assert mails(number) == 1


def test_a_step_goes_on_within_30_seconds_of_its_workers_death(engine: Engine, company: Slapd) -> None:
    serve.register(engine.client)
    engine.start("flows.relay_outbox")
    dying = engine.start("flows.worker", FAILPOINT="step.acted:sleep")
    number = ordering.order_group("k1")
    engine.until(lambda: ordering.state(number) == "awaiting_approval")
    ordering.approve(number)
    engine.until(lambda: membership_changes(company.audit_file))
    lost = ordering.deliveries("fulfil_request")[0].run_id
    dying.kill()
    died = time.monotonic()
    engine.start("flows.worker")
    engine.until(lambda: ordering.deliveries("fulfil_request")[0].state == "done")
    assert time.monotonic() - died < 30
    assert len(membership_changes(company.audit_file)) == 1
    engine.until(lambda: engine.client.read_flow_run(UUID(lost)).state_type is StateType.CRASHED)


@pytest.mark.slow
def test_a_run_stuck_pending_is_replaced(engine: Engine) -> None:
    serve.register(engine.client)
    number = ordering.order_badge("k1")
    with runs.connected() as prefect:
        Relay(prefect).hand_over()
    [stuck] = ordering.deliveries("plan_item")
    engine.client.set_flow_run_state(UUID(stuck.run_id), Pending(timestamp=datetime.now(UTC) - timedelta(seconds=20)), force=True)
    engine.start("flows.relay_outbox")
    engine.start("flows.worker")
    engine.until(lambda: ordering.state(number) == "closed")
    assert engine.client.read_flow_run(UUID(stuck.run_id)).state_type is StateType.CANCELLED


def test_a_run_that_only_waits_for_a_worker_is_left_alone(engine: Engine) -> None:
    serve.register(engine.client)
    ordering.order_badge("k1")
    with runs.connected() as prefect:
        Relay(prefect).hand_over()
        waiting = ordering.deliveries("plan_item")[0]
        engine.until(lambda: late(), seconds=deliveries.HANDED_SECONDS + 10)
        Relay(prefect).sweep()
    after = ordering.deliveries("plan_item")[0]
    assert (after.attempt, after.run_id, after.state) == (1, waiting.run_id, "handed")


def late() -> bool:
    with database.sessions().begin() as session:
        return bool(deliveries.late(session))


@pytest.mark.slow
def test_a_crowd_shares_a_run_and_each_is_planned_once(engine: Engine) -> None:
    serve.register(engine.client)
    numbers = [ordering.order_group(f"k{position}") for position in range(FEW + 4)]
    engine.start("flows.relay_outbox")
    engine.start("flows.worker")
    engine.until(lambda: {ordering.state(number) for number in numbers} == {"awaiting_approval"}, seconds=300)
    [used] = {each.run_id for each in ordering.deliveries("plan_item")}
    crowd = engine.client.read_flow_run(UUID(used))
    assert (crowd.name, sorted(crowd.tags)) == (f"plan_item of {FEW + 4}", sorted(numbers))
    assert event_names().count("item.plan") == FEW + 4


def test_prefect_takes_a_run_with_as_many_tags_as_a_crowd_is_large(engine: Engine) -> None:
    serve.register(engine.client)
    tags = [f"RIT{position:07d}" for position in range(BATCH)]
    with runs.connected() as prefect:
        assert prefect.create("plan_item", {"deliveries": []}, key=engine.pool, name="a crowd", tags=tags)


def test_a_flow_by_the_clock_runs_once_in_its_stretch_of_time_whatever_restarts(engine: Engine) -> None:
    deployments = serve.register(engine.client)
    for _ in range(2):
        with runs.connected() as prefect:
            relay = Relay(prefect)
            relay.hand_over()
            relay.hand_over()
    mine = DeploymentFilter(id=DeploymentFilterId(any_=[deployments["sync_directory"]]))
    assert len(engine.client.read_flow_runs(deployment_filter=mine, sort=FlowRunSort.ID_DESC, limit=9)) == 1
