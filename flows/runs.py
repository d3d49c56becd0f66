"""Runs of Prefect as the relay sees them: create one for deliveries, ask what became of one, end one that is lost."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Cancelled, Completed, Crashed

from app.settings import settings
from flows import serve, worker

# What Prefect's client raises when the server is away or ill; HTTP errors of ours (4xx) are not among them.
AWAY: Final = (httpx.TransportError, httpx.HTTPStatusError)
LOST_AFTER: Final = timedelta(seconds=60)
BEGINS_WITHIN: Final = timedelta(seconds=15)
PROCESS_BEGINS_WITHIN: Final = timedelta(seconds=120)


class Runs:
    """Prefect's API for one process, with one retry: the queue's sweep comes again by itself."""

    def __init__(self, client: SyncPrefectClient) -> None:
        """Use this open client; deployments are looked up once."""
        self._client = client
        self._deployments: dict[str, UUID] = {}

    def create(self, flow: str, parameters: Mapping[str, Any], *, key: str, name: str, tags: Sequence[str]) -> str:
        """Create a run, or find the one this key made before; its id, or nothing where that one has already ended.

        A key is used up for ever: after a restore of our database alone, an old run may answer to it.
        """
        try:
            return self._create(flow, parameters, key, name, tags)
        except ObjectNotFound:  # the server lost its deployments, or never had them: they are made anew
            self._deployments = serve.register(self._client)
            return self._create(flow, parameters, key, name, tags)

    def _create(self, flow: str, parameters: Mapping[str, Any], key: str, name: str, tags: Sequence[str]) -> str:
        if flow not in self._deployments:
            self._deployments[flow] = self._client.read_deployment_by_name(f"{flow}/{settings().work_pool}").id
        run = self._client.create_flow_run_from_deployment(
            self._deployments[flow], parameters=dict(parameters), idempotency_key=key, name=name, tags=tags
        )
        return "" if run.state and run.state.is_final() else str(run.id)

    def state(self, run_id: str) -> tuple[StateType | None, timedelta]:
        """Return the type of a run's state and its age; no type where the server knows no such run."""
        try:
            found = self._client.read_flow_run(UUID(run_id)).state
        except ObjectNotFound:
            found = None
        return (found.type, datetime.now(UTC) - found.timestamp) if found else (None, timedelta())

    @cached_property
    def patience(self) -> timedelta:
        """How long a worker of the pool may take from accepting a run to its first line.

        The desk's own begins at once; one that starts a process or a container for each run does not.
        """
        ours = self._client.read_work_pool(settings().work_pool).type == worker.DeskWorker.type
        return BEGINS_WITHIN if ours else PROCESS_BEGINS_WITHIN

    def replace(self, run_id: str) -> None:
        """End a run whose work another one will do; whatever it still does is refused by the ledger."""
        self._end(run_id, Cancelled(message="It did not begin in time; another run does its work."))

    def crash(self, run_id: str) -> None:
        """Say that the worker of this run is gone."""
        self._end(run_id, Crashed(message="Its worker was lost; another run does its work."))

    def complete(self, run_id: str) -> None:
        """Say that this run did its work, though its worker died before it could say so."""
        self._end(run_id, Completed(message="Its work is done; its worker was lost before it could say so."))

    def _end(self, run_id: str, state: Any) -> None:
        try:
            run = self._client.read_flow_run(UUID(run_id))
            if run.state is None or not run.state.is_final():
                self._client.set_flow_run_state(run.id, state, force=True)
        except ObjectNotFound:
            return

    def unfinished(self, flows: Sequence[str]) -> set[str]:
        """Return the runs of these flows that began a while ago and say that they are still running."""
        began = FlowRunFilterStartTime.model_validate({"before_": datetime.now(UTC) - LOST_AFTER})
        running = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING]))
        found = self._client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=list(flows))),
            flow_run_filter=FlowRunFilter(start_time=began, state=running),
            sort=FlowRunSort.START_TIME_ASC,  # the client sends none, and the server refuses that
            limit=200,
        )
        return {str(run.id) for run in found}


@contextmanager
def connected() -> Iterator[Runs]:
    """Open Prefect's API for this process."""
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1}), get_client(sync_client=True) as client:
        yield Runs(client)
