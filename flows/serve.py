"""Register every flow as a deployment of the work pool: `python -m flows.serve [--pool NAME] [--type TYPE]`.

Safe to run at every start. With `--pool` the same flows, by importable path, are served by another pool's workers,
such as Prefect's own process workers. A flow that runs by the clock is one line here (EVERY); by events, in
rules/consumers.py.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import click
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema
from prefect.workers.base import BaseWorker

from app import logs
from app.settings import settings
from flows import worker

FLOWS: Final = {
    "plan_item": "flows.plan_item.plan_item",
    "fulfil_request": "flows.fulfil_request.fulfil_request",
    "send_messages": "flows.send_messages.send_messages",
    "sync_directory": "flows.sync_directory.sync_directory",
    "look_again": "flows.look_again.look_again",
    "end_access": "flows.end_access.end_access",
    "recertify": "flows.recertify.recertify",
    "escalate_approvals": "flows.escalate_approvals.escalate_approvals",
    "review_closure": "flows.review_closure.review_closure",
    "carry_out_bulk": "flows.carry_out_bulk.carry_out_bulk",
    "remind_majors": "flows.remind_majors.remind_majors",
    "escalate": "flows.escalate.escalate",
    "check_sessions": "flows.sync_directory.check_sessions",
    "anchor_audit": "flows.anchor_audit.anchor_audit",
    "rehearse_catalog": "flows.rehearse_catalog.rehearse_catalog",
}

# How often a flow runs by the clock. The relay keeps it: Prefect 3.8.8's own scheduler breaks on SQLAlchemy 2.1
# ("Can't evaluate bulk DML statement"), and a clock of ours is one thing less to be late.
EVERY: Final = {
    "sync_directory": timedelta(minutes=15),
    "anchor_audit": timedelta(hours=1),
    "rehearse_catalog": timedelta(days=1),
}

log = logs.logger("serve")


def register(client: SyncPrefectClient, pool: str = "", pool_type: str = worker.DeskWorker.type) -> dict[str, UUID]:
    """Make or renew the pool and every deployment; returns the deployments' ids by flow."""
    pool = pool or settings().work_pool
    _make_pool(client, pool, pool_type)
    return {name: deploy(client, name, entrypoint, pool) for name, entrypoint in FLOWS.items()}


def _make_pool(client: SyncPrefectClient, pool: str, pool_type: str) -> None:
    try:
        client.read_work_pool(pool)
    except ObjectNotFound:
        kind = BaseWorker.get_worker_class_from_type(pool_type)
        template = kind.get_default_base_job_template() if kind else {}
        client.create_work_pool(WorkPoolCreate(name=pool, type=pool_type, base_job_template=template))


def deploy(client: SyncPrefectClient, name: str, entrypoint: str, pool: str) -> UUID:
    flow: Flow[Any, Any] = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    return client.create_deployment(
        client.create_flow(flow),
        pool,  # a deployment is named by its pool, so that one server can serve several
        entrypoint=entrypoint,
        work_pool_name=pool,
        parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
        enforce_parameter_schema=False,
        description=(flow.__doc__ or "").strip().partition("\n")[0],
        schedules=[],  # see EVERY
    )


@click.command()
@click.option("--pool", default="", help="The work pool; DESK_WORK_POOL when left out.")
@click.option("--type", "pool_type", default=worker.DeskWorker.type, help="The pool's type where it must be made.")
def main(pool: str, pool_type: str) -> None:
    """Register the desk's flows with Prefect."""
    logs.configure("serve")
    with get_client(sync_client=True) as client:
        register(client, pool, pool_type)
    log.info("flows registered", pool=pool or settings().work_pool, flows=len(FLOWS))


if __name__ == "__main__":
    main()
