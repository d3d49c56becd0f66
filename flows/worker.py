"""The desk's worker: takes runs of a Prefect work pool and runs them in its own process, in threads.

A run in a process of its own costs 4.5 s of processor time before its first line; here it costs a few hundredths.
Several workers on several machines share one pool. `python -m flows.worker`; SIGTERM finishes what runs, then ends.
"""

import asyncio
import contextlib
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

import anyio.abc
import httpx
import psycopg
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, WorkPool
from prefect.context import SyncClientContext
from prefect.flow_engine import run_flow
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from app import calendars, database, logs
from app.directory import directory
from app.rules.errors import DeskError
from app.settings import settings
from flows import taking

if TYPE_CHECKING:
    from prefect.client.schemas.responses import DeploymentResponse

RUNS = "desk_runs"  # the relay says on this channel that it created runs
POLL_SECONDS = 1.0
AWAY_SECONDS = 2.0

log = logs.logger("worker")


class DeskJob(BaseJobConfiguration):
    """What one run needs: its `command` is the importable path of its flow."""

    @classmethod
    async def resolve_for_flow_run(
        cls,
        flow_run: FlowRun,
        *,
        client: PrefectClient,
        work_pool: WorkPool,
        worker_name: str,
        worker_id: UUID | None = None,
        deployment: "DeploymentResponse | None" = None,
    ) -> Self:
        """Read the entrypoint from the deployment; this pool has no template worth asking the API for."""
        if deployment is None and flow_run.deployment_id:
            deployment = await client.read_deployment(flow_run.deployment_id)
        return cls(command=deployment.entrypoint if deployment else None, name=flow_run.name)


class DeskResult(BaseWorkerResult):
    """How a run ended: 0 when its engine has told Prefect so itself."""


class DeskWorker(BaseWorker[DeskJob, BaseVariables, DeskResult]):
    """A Prefect worker that runs flows in threads of its own process."""

    type = "desk"
    job_configuration = DeskJob
    job_configuration_variables = BaseVariables
    _description = "Runs the desk's flows in the worker's own process."

    def __init__(self, work_pool_name: str, *, limit: int = 8, **more: Any) -> None:
        """Keep up to `limit` runs going at a time."""
        super().__init__(work_pool_name, limit=limit, **more)
        self._threads = ThreadPoolExecutor(limit, thread_name_prefix="flow")
        self._wake = asyncio.Event()
        self._was_full = False
        self._stopping = threading.Event()

    async def run(
        self, flow_run: FlowRun, configuration: DeskJob, task_status: anyio.abc.TaskStatus[int] | None = None
    ) -> DeskResult:
        """Run the flow in a thread; nothing it raises reaches the worker."""
        if task_status is not None:
            task_status.started(1)
        loop = asyncio.get_running_loop()
        code = await loop.run_in_executor(self._threads, _run, flow_run, configuration.command or "")
        if self._was_full:  # a run may wait for the slot that is free now
            self._wake.set()
        return DeskResult(identifier=f"{self.name}/{flow_run.id}", status_code=code)

    def stop(self) -> None:
        """Take no more runs; `serve` returns when those that run have ended or put back what they had not begun."""
        self._stopping.set()
        taking.stopping.set()
        self._wake.set()

    async def serve(self) -> None:
        """Take runs until `stop`: each second, at each signal of the relay, and when a slot is freed that was missing."""
        loop = asyncio.get_running_loop()
        with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1}):  # waiting out a server's absence is this loop's work
            async with self:
                listener = threading.Thread(target=self._listen, args=(loop,), daemon=True, name="listen")
                listener.start()
                beating = asyncio.create_task(self._beat())
                log.info("worker started", worker=self.name, pool=self._work_pool_name)
                while not self._stopping.is_set():
                    self._wake.clear()
                    await self._poll()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
                beating.cancel()
                log.info("worker ends", runs=self.limiter.borrowed_tokens)
        self._threads.shutdown()

    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Leave out a state that lasts a few milliseconds here: it is a tenth of what a run costs the server."""

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """Leave out labels nobody reads."""

    async def _poll(self) -> None:
        if self.limiter.available_tokens < 1:
            self._was_full = True
            return
        self._was_full = True  # until it is known better: a slot may be freed meanwhile
        try:
            await self.get_and_submit_flow_runs()
            self._was_full = self.limiter.available_tokens < 1
        except httpx.HTTPError as error:  # the server is away or ill: it will be asked again
            log.warning("Prefect does not answer", reason=type(error).__name__)

    async def _beat(self) -> None:
        """Tell Prefect now and then that this worker lives."""
        while True:
            await asyncio.sleep(self.heartbeat_interval_seconds)
            try:
                await self._sync_and_initialize()
            except httpx.HTTPError as error:
                log.warning("no heartbeat", reason=type(error).__name__)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake the loop at each signal; without signals it still polls each second."""
        while not self._stopping.is_set():
            try:
                for heard in database.listen(RUNS, seconds=1.0):
                    if self._stopping.is_set():
                        return
                    if heard:
                        loop.call_soon_threadsafe(self._wake.set)
            except (psycopg.Error, DeskError) as error:
                log.warning("no signals from the database", reason=type(error).__name__)
                self._stopping.wait(AWAY_SECONDS)


_thread = threading.local()


def _prepare_thread() -> None:
    """Give this thread one client for all its runs, and no heartbeats.

    A client for each run costs a connection and a version check; Prefect's heartbeat makes each run wait up to a
    second at its end, and no environment variable turns it off. Three retries: a thread that waits longer for a
    server that is away could have carried out another run when it is back.
    """
    if not hasattr(_thread, "held"):
        held = contextlib.ExitStack()
        held.enter_context(
            temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_CLIENT_MAX_RETRIES: 3})
        )
        held.enter_context(SyncClientContext())
        _thread.held = held


def _run(flow_run: FlowRun, entrypoint: str) -> int:
    """Run one flow to its end; 0 unless it broke off before it came to a state of its own."""
    try:
        _prepare_thread()
        flow: Flow[Any, Any] = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
        run_flow(flow, flow_run=_unwatched(flow_run), return_type="state")
    except BaseException:  # Pause, Abort, SystemExit ... would end the worker and every run in it
        log.exception("run broke off", run=str(flow_run.id), flow=entrypoint)
        return 1
    return 0


def _unwatched(flow_run: FlowRun) -> FlowRun:
    """Return the run without the mark of its deployment, by which Prefect would watch whether somebody suspends it.

    That is a thread, an event loop and a web socket for each run: a third of what an empty one costs. Nothing of ours is
    suspended while it runs: what waits is a row, and its run has ended.
    """
    return flow_run.model_copy(update={"deployment_id": None})


def warm_up() -> None:
    """Load what the first item would wait for: LDAP, and the calendar with the holidays of its country."""
    directory()
    with contextlib.suppress(DeskError):  # what is wrong with it is said where it is needed
        calendars.calendar(settings().calendar)


async def wait_for_api() -> None:
    """Return when Prefect's API answers; a worker may be started before its server."""
    async with httpx.AsyncClient(timeout=5) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(settings().prefect_api_url + "/health")).status_code < 500:
                    return
            log.info("waiting for Prefect")
            await asyncio.sleep(1)


async def serve() -> None:
    """Serve the pool of the settings until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: sys.exit(0))  # nothing runs yet
    warm_up()
    await wait_for_api()
    worker = DeskWorker(settings().work_pool, limit=settings().worker_limit)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    await worker.serve()


def main() -> None:
    """Serve until told to end."""
    logs.configure("worker")
    asyncio.run(serve())


if __name__ == "__main__":
    main()
