"""Hand what is due to Prefect: `python -m flows.relay_outbox`, woken by the database and by a sweep each 5 seconds.

Each item gets a run of its own while few wait; above that, runs of many items (architecture.md). A crash at any line is
mended by the sweep: what was taken and not begun is asked for at Prefect, what ran and lost its lease is due again.
"""

import hashlib
import math
import signal
import threading
import time
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Final

import psycopg
from prefect.client.schemas.objects import StateType
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app import database, logs
from app.rules.consumers import CONSUMERS
from app.rules.errors import DeskError
from app.services import deliveries
from app.services.deliveries import Hold
from app.settings import settings
from flows import failpoints, follow_catalog, runs
from flows.runs import Runs
from flows.seekers import SEEKERS, Seeker
from flows.serve import EVERY

SWEEP_SECONDS: Final = 5.0
TIDY_SECONDS: Final = 60.0
FEW: Final = 60  # while fewer than this wait or are worked on, each has a run of its own
BATCH: Final = 90  # with more tags Prefect 3.8.8 answers 500: an event names at most 100 related resources
MOST_AT_WORK: Final = 800  # the rest waits in our own queue, in its right order
PATIENCE_SECONDS: Final = 60.0
UNDER_WAY: Final = {StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING}
EVENTS: Final = "desk_events"
RUNS: Final = "desk_runs"

CROWD_SECONDS: Final = 3.0  # less than a crowd gathers for so long: a run costs as much as carrying out several items
CROWDS: Final = 4  # handed over at once
LOOK_SECONDS: Final = 1.0
ASK_SECONDS: Final = 1.0  # between two questions about a run that has not ended
PAUSE_SECONDS: Final = 0.2  # between two looks, however often events wake us: each look asks a dozen questions

log = logs.logger("relay")


class Relay:
    """One relay; several may run at once."""

    def __init__(self, prefect: Runs) -> None:
        """Use this API of Prefect."""
        self._prefect = prefect
        self._gathered: dict[str, float] = {}
        self._woken: dict[str, tuple[str, float]] = {}
        self._asked: dict[str, float] = {}
        self._ticked: dict[str, int] = {}
        self._tidied = time.monotonic()

    def sweep(self) -> None:
        """Mend what was lost, hand over all that is due, and now and then tell Prefect what it missed."""
        try:
            self._mend()
        except runs.AWAY as error:  # one run that cannot be asked for must not hold up all others
            log.warning("not mended", reason=type(error).__name__)
        self.hand_over()
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidied = time.monotonic()
            self.tidy()

    def hand_over(self) -> int:
        """Create runs for all that is due now; return how many."""
        events = tell_workers(sum(self._serve(consumer) for consumer in CONSUMERS))
        woken = sum(self._wake(flow, seeker.gap) for flow, seeker in SEEKERS.items() if _ask(seeker))
        woken += sum(self._tick(flow, every.total_seconds()) for flow, every in EVERY.items())
        return events + tell_workers(woken)

    def _serve(self, consumer: str) -> int:
        groups = self._claim(consumer)
        if groups:
            failpoints.reach("relay.claimed")
        for position, group in enumerate(groups):
            try:
                self._create(consumer, group)
            except runs.AWAY:
                with database.sessions().begin() as session:
                    deliveries.release(session, [hold for each in groups[position:] for hold in each], seconds=1)
                raise
        return len(groups)

    def _claim(self, consumer: str) -> list[list[Hold]]:
        """Take what is due, in groups of one while few wait, else in crowds; what is less than a crowd may still gather."""
        with database.sessions().begin() as session:
            if not (due := deliveries.count(session, [consumer], "due")):
                return []
            if deliveries.count(session, CONSUMERS, "due", "handed", "running") < FEW:
                return [[hold] for hold in deliveries.claim(session, consumer, FEW)]
            room = MOST_AT_WORK - deliveries.count(session, [consumer], "handed", "running")
            is_gathering = due < BATCH and time.monotonic() - self._gathered.get(consumer, 0.0) < CROWD_SECONDS
            if room <= 0 or is_gathering:
                return []
            self._gathered[consumer] = time.monotonic()
            crowd = deliveries.claim(session, consumer, min(CROWDS * BATCH, room))
            return [crowd[start : start + BATCH] for start in range(0, len(crowd), BATCH)]

    def _create(self, consumer: str, holds: Sequence[Hold]) -> None:
        numbers = sorted({hold.number for hold in holds if hold.number})
        name = numbers[0] if len(numbers) == 1 else f"{consumer} of {len(holds)}"
        keys = [hold.key for hold in holds]
        run_id = self._prefect.create(consumer, {"deliveries": keys}, key=_key(consumer, holds), name=name, tags=numbers)
        failpoints.reach("relay.created")
        with database.sessions().begin() as session:
            if run_id:
                deliveries.note_run(session, holds, run_id)
            else:  # the next attempt has another key
                deliveries.release(session, holds)

    def _wake(self, flow: str, gap: float) -> int:
        """Create a run of a flow that seeks its own work, unless the last one is still on its way."""
        run_id, at = self._woken.get(flow, ("", -math.inf))
        since = time.monotonic() - at
        if since < gap or (run_id and since < PATIENCE_SECONDS and self._is_under_way(flow, run_id)):
            return 0
        key = f"{settings().work_pool}:{flow}:{int(time.time())}"  # several relays: one run a second
        self._woken[flow] = (self._prefect.create(flow, {}, key=key, name=flow, tags=[]), time.monotonic())
        return 1

    def _is_under_way(self, flow: str, run_id: str) -> bool:
        """Say whether that run has not ended, as far as Prefect said within the last second: mail to many takes a minute."""
        if time.monotonic() - self._asked.get(flow, -math.inf) < ASK_SECONDS:
            return True
        if self._prefect.state(run_id)[0] not in UNDER_WAY:
            return False
        self._asked[flow] = time.monotonic()
        return True

    def _tick(self, flow: str, every: float) -> int:
        """Create the run of this stretch of time, however many relays there are and however often they start."""
        stretch = int(time.time() // every)
        if self._ticked.get(flow) == stretch:
            return 0
        self._prefect.create(flow, {}, key=f"{settings().work_pool}:{flow}:every:{stretch}", name=flow, tags=[])
        self._ticked[flow] = stretch
        return 1

    def _mend(self) -> None:
        """Put back what lost its worker, and find out what became of what did not begin."""
        with database.sessions().begin() as session:
            lost = deliveries.lost(session)
            late = deliveries.late(session)
        for run_id in _run_ids(lost):
            log.warning("run lost its lease", run=run_id)
            self._prefect.crash(run_id)
        with database.sessions().begin() as session:
            deliveries.release(session, [hold for hold in late if not hold.run_id])
        for run_id in _run_ids(late):
            holds = [hold for hold in late if hold.run_id == run_id]
            state, age = self._prefect.state(run_id)
            begins = state in {StateType.PENDING, StateType.RUNNING} and age < self._prefect.patience
            if state is StateType.SCHEDULED or begins:  # it waits for a worker; another would wait too
                with database.sessions().begin() as session:
                    deliveries.wait_on(session, holds)
                continue
            log.warning("run did not begin", run=run_id)
            with database.sessions().begin() as session:
                deliveries.release(session, holds)
            self._prefect.replace(run_id)

    def tidy(self) -> None:
        """End the runs that say they are running and whose worker is gone, so that Prefect's pages tell the truth."""
        unfinished = self._prefect.unfinished(CONSUMERS)
        with database.sessions().begin() as session:
            states = deliveries.states_by_run(session, unfinished)
        for run_id in unfinished:
            found = states.get(run_id)
            if found is None:
                self._prefect.crash(run_id)
            elif found <= {"done", "dead"}:
                self._prefect.complete(run_id)


def tell_workers(created: int) -> int:
    """Let the workers look now for what was created."""
    if created:
        with database.sessions().begin() as session:
            session.execute(select(func.pg_notify(RUNS, "")))
    return created


def _ask(seeker: Seeker) -> bool:
    with database.sessions().begin() as session:
        return seeker.is_due(session)


def _run_ids(holds: Iterable[Hold]) -> list[str]:
    return sorted({hold.run_id for hold in holds if hold.run_id})


def _key(consumer: str, holds: Sequence[Hold]) -> str:
    """Return the key under which Prefect creates this run once: event, consumer and attempt (faults.md 6)."""
    pool = settings().work_pool
    if len(holds) == 1:
        return f"{pool}:{holds[0].event_id}:{consumer}:{holds[0].attempt}"
    parts = ",".join(f"{hold.event_id}:{hold.attempt}" for hold in holds)
    return f"{pool}:{consumer}:{hashlib.sha256(parts.encode()).hexdigest()}"


def listen(wake: threading.Event, stop: threading.Event) -> None:
    """Wake the relay at each commit with events; without the signal the sweep still comes."""
    while not stop.is_set():
        try:
            for heard in database.listen(EVENTS, seconds=1.0):
                if stop.is_set():
                    return
                if heard:
                    wake.set()
        except (psycopg.Error, DeskError) as error:
            log.warning("no signals from the database", reason=type(error).__name__)
            stop.wait(2)


def serve(stop: threading.Event, wake: threading.Event) -> None:
    """Relay until told to stop; nothing that is away ends it."""
    threading.Thread(target=listen, args=(wake, stop), daemon=True, name="listen").start()
    swept = 0.0
    with runs.connected() as prefect:
        relay = Relay(prefect)
        while not stop.is_set():
            try:
                if time.monotonic() - swept >= SWEEP_SECONDS:
                    swept = time.monotonic()
                    relay.sweep()
                else:
                    relay.hand_over()
            except runs.AWAY as error:
                log.warning("Prefect does not answer", reason=type(error).__name__)
                stop.wait(1)
            except (SQLAlchemyError, DeskError) as error:
                log.warning("the database does not answer", reason=type(error).__name__)
                stop.wait(1)
            except Exception:  # whatever it is, it is logged, and the next sweep finds everything as it was
                log.exception("not handed over")
                stop.wait(1)
            stop.wait(PAUSE_SECONDS)
            wake.wait(LOOK_SECONDS)
            wake.clear()


def main() -> None:
    """Relay until SIGTERM or SIGINT."""
    logs.configure("relay")
    stop, wake = threading.Event(), threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()
        wake.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    follow_catalog.start(stop)
    serve(stop, wake)


if __name__ == "__main__":
    main()
