"""From submit to the first step, through a real relay, a real Prefect server and a real worker."""

import signal
from uuid import UUID

import pytest
from prefect.client.schemas.objects import StateType

from flows import serve
from tests import prefect_keeper
from tests.flows import ordering
from tests.flows.conftest import Engine
from tests.flows.nasty import nasty

pytestmark = pytest.mark.engine


def test_an_order_is_planned_by_a_run_named_and_tagged_with_its_number(engine: Engine) -> None:
    serve.register(engine.client)
    engine.start("flows.relay_outbox")
    engine.start("flows.worker")
    number = ordering.order_group("k1")
    engine.until(lambda: ordering.state(number) == "awaiting_approval")
    [delivery] = engine.until(lambda: [each for each in ordering.deliveries("plan_item") if each.state == "done"])
    run = engine.client.read_flow_run(UUID(delivery.run_id))
    assert (run.name, run.tags) == (number, [number])
    assert run.parameters == {"deliveries": [f"{delivery.id}:1"]}
    engine.until(lambda: engine.client.read_flow_run(run.id).state_type is StateType.COMPLETED)


def test_relay_and_worker_started_before_prefect_knows_the_flows_work_and_end_clean_at_sigterm(engine: Engine) -> None:
    relay, worker = engine.start("flows.relay_outbox"), engine.start("flows.worker")
    number = ordering.order_badge("k1")  # the relay registers what the server does not know
    engine.until(lambda: ordering.state(number) == "closed")
    for process in (relay, worker):
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_flow_that_raises_what_ends_a_worker_does_not_end_ours(engine: Engine) -> None:
    serve.register(engine.client)
    deployment = engine.client.create_deployment(
        engine.client.create_flow(nasty), engine.pool, entrypoint="tests.flows.nasty.nasty", work_pool_name=engine.pool
    )
    for how in ("abort", "pause", "exit"):
        engine.client.create_flow_run_from_deployment(deployment, parameters={"how": how})
    worker = engine.start("flows.worker")
    engine.start("flows.relay_outbox")
    engine.until(lambda: engine.times("run broke off") == 3)
    number = ordering.order_badge("k1")
    engine.until(lambda: ordering.state(number) == "closed")
    assert worker.poll() is None


@pytest.mark.slow
def test_the_same_flows_run_on_prefects_own_process_worker(engine: Engine) -> None:
    serve.register(engine.client, engine.pool, "process")
    engine.start("flows.relay_outbox")
    engine.start(
        "prefect", "worker", "start", "--pool", engine.pool, "--type", "process",
        PREFECT_API_URL=str(engine.client.api_url).rstrip("/"), PREFECT_API_AUTH_STRING=prefect_keeper.AUTH,
        PREFECT_WORKER_QUERY_SECONDS="1",
    )  # fmt: skip
    number = ordering.order_group("k1")
    engine.until(lambda: ordering.state(number) == "awaiting_approval")
