"""`desk bench fulfil`: how fast items are planned and carried out, beside the floor of empty Prefect runs.

Three parts, on one whole desk. Paced: one order a second, as in a busy office. Few: waves of fewer than 60, where each
item has its own runs, in turn with as many empty runs on the same worker. Crowd: all at once, where the batch lane works.
"""

import math
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName, FlowRunFilterTags
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from sqlalchemy import func, select

from app import database
from app.models.events import Delivery, Event
from app.models.messages import Message
from app.models.records import Record
from app.settings import settings
from flows import relay_outbox, serve
from flows.cli import doing, processor_time, trial_catalog
from flows.cli.bench_submit import spread
from flows.cli.fault_kills import new_memberships
from flows.cli.installation import Trial, demonstration, until
from flows.cli.processor_time import Cost

SLUG: Final = "access/bench-member"
ITEM: Final = """
name = "Membership, measured"
name_pt = "Participação, medida"
summary = "One automatic step and nobody to ask."
summary_pt = "Um passo automático e ninguém a consultar."
owner = "identity"
target = "8h"

[[fields]]
name = "person"
label = "Who?"
label_pt = "Quem?"
kind = "person"
required = true

[[fields]]
name = "group"
label = "Which group?"
label_pt = "Qual grupo?"
kind = "directory-group"
required = true

[[steps]]
name = "join"
do = "directory.add_member"
with = { person = "{person}", group = "{group}" }
"""
PACED: Final = 40
WAVE: Final = 50
WAVES: Final = 2
TIMES_THE_FLOOR: Final = 1.3
A_SECOND: Final = 20.0


def measure(items: int) -> dict[str, Any]:
    """Measure all three; `items` is the size of the crowd."""
    with trial_catalog.with_items({SLUG: ITEM}) as given, demonstration(given=given) as trial, _prefect() as client:
        doing.publish()
        bench = Bench(trial, client)
        bench.order(5)
        bench.until_done()
        paced, few, floor = bench.paced(), Cost(), Cost()
        for _ in range(WAVES):
            few += bench.wave()
            floor += bench.floor()
        crowd = bench.crowd(items)
    return _judged(paced, few, floor, crowd)


class Bench:
    """Orders on one desk, and what they cost."""

    def __init__(self, trial: Trial, client: SyncPrefectClient) -> None:
        """Use this desk."""
        self._trial, self._client = trial, client
        self._pairs = new_memberships()
        self._numbers: list[str] = []

    @cached_property
    def _empty(self) -> UUID:
        return serve.deploy(self._client, "empty_run", "flows.cli.empty_run.empty_run", settings().work_pool)

    def order(self, count: int, *, rate: float = math.inf) -> list[float]:
        """Order so many, at most so many a second; the milliseconds each submission took."""
        taken, began, self._numbers = [], time.time(), []
        for position in range(count):
            time.sleep(max(0.0, began + position / rate - time.time()))
            person, group = next(self._pairs)
            start = time.perf_counter()
            _, number = doing.order("ana", SLUG, {"person": person, "group": group}, f"bench-{time.time_ns()}")
            taken.append((time.perf_counter() - start) * 1000)
            self._numbers.append(number)
        return taken

    def until_done(self) -> None:
        """Wait until all that was ordered is carried out and everybody is told."""
        until(_nothing_waits, "every order is carried out", 900)
        states = Counter(doing.states(self._numbers).values())
        if states != {"fulfilled": len(self._numbers)}:
            raise SystemExit(f"Not everything was carried out: {dict(states)}")

    def paced(self) -> dict[str, Any]:
        """Order one a second."""
        submit = self.order(PACED, rate=1.0)
        self.until_done()
        return {"items": PACED, "submit_ms": spread(submit), **self._latencies()}

    def wave(self) -> Cost:
        """Let fewer than 60 wait and carry them out, each in runs of its own."""
        with self._held():
            self.order(WAVE)
        return replace(processor_time.of(self._trial, self.until_done), items=WAVE, runs=_runs(self._numbers))

    def floor(self) -> Cost:
        """Carry out as many empty runs as the wave before took, made as the relay makes them."""
        runs, tag = _runs(self._numbers), f"floor-{time.time_ns()}"

        def empty_runs() -> None:
            for position in range(runs):
                key = f"{tag}:{position}"
                self._client.create_flow_run_from_deployment(
                    self._empty, parameters={"deliveries": [key]}, idempotency_key=key, name=key, tags=[tag]
                )
                if not position % WAVE:
                    relay_outbox.tell_workers(1)
            relay_outbox.tell_workers(1)
            done = FlowRunFilter(
                tags=FlowRunFilterTags(all_=[tag]), state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Completed"]))
            )
            until(lambda: self._client.count_flow_runs(flow_run_filter=done) >= runs, "the empty runs are done")

        own = time.process_time()
        cost = processor_time.of(self._trial, empty_runs)
        made = Cost(processor={"relay": time.process_time() - own})  # here it was this process that made the runs
        return replace(cost, items=WAVE, runs=runs) + made

    def crowd(self, items: int) -> dict[str, Any]:
        """Let all wait at once and carry them out."""
        with self._held():
            submit = self.order(items)
        cost = replace(processor_time.of(self._trial, self.until_done), items=items)
        return {
            "items": items, "items_a_second": round(1000 / cost.wall_ms, 1), "runs": _runs(self._numbers),
            "submit_ms": spread(submit), **self._latencies(), "processor_ms_per_item": cost.processor_ms,
        }  # fmt: skip

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Stop the relay, so that what is ordered waits."""
        for pid in self._trial.pids("relay"):
            os.kill(pid, signal.SIGSTOP)
        yield
        for pid in self._trial.pids("relay"):
            os.kill(pid, signal.SIGCONT)

    def _latencies(self) -> dict[str, Any]:
        at = _instants(self._numbers)
        return {
            f"submit_to_{word}_ms": spread([(at[number, name] - at[number, "item.create"]).total_seconds() * 1000 for number in self._numbers])
            for word, name in (("planned", "item.plan"), ("started", "item.start"), ("fulfilled", "item.verify"))
        }


@contextmanager
def _prefect() -> Iterator[SyncPrefectClient]:
    """Open the API of the trial's own Prefect, which this process did not know when it read its settings."""
    auth = settings().prefect_auth_string.get_secret_value()
    with (
        temporary_settings({PREFECT_API_URL: settings().prefect_api_url, PREFECT_API_AUTH_STRING: auth}),
        get_client(sync_client=True) as client,
    ):
        yield client


def _judged(paced: Mapping[str, Any], few: Cost, floor: Cost, crowd: Mapping[str, Any]) -> dict[str, Any]:
    times = {
        "processor": round(few.processor_ms["all"] / floor.processor_ms["all"], 2),
        "wall": round(few.wall_ms / floor.wall_ms, 2),
    }
    return {
        "ok": max(times.values()) <= TIMES_THE_FLOOR and crowd["items_a_second"] >= A_SECOND,
        "paced": paced, "few": _shown(few), "floor": _shown(floor),
        "times_the_floor": times, "allowed_times_the_floor": TIMES_THE_FLOOR,
        "crowd": crowd, "wanted_items_a_second": A_SECOND,
    }  # fmt: skip


def _shown(cost: Cost) -> dict[str, Any]:
    return {"items": cost.items, "runs": cost.runs, "wall_ms_per_item": round(cost.wall_ms, 1), "processor_ms_per_item": cost.processor_ms}


def _nothing_waits() -> bool:
    with database.sessions()() as session:
        work = select(func.count()).select_from(Delivery).where(Delivery.state.in_(("due", "handed", "running")))
        mail = select(func.count()).select_from(Message).where(Message.state == "queued")
        return not session.scalar(work) and not session.scalar(mail)


def _runs(numbers: Sequence[str]) -> int:
    with database.sessions()() as session:
        query = select(func.count(Delivery.run_id.distinct())).join(Record, Record.id == Delivery.record_id)
        return session.scalar(query.where(Record.number.in_(numbers))) or 0


def _instants(numbers: Sequence[str]) -> dict[tuple[str, str], Any]:
    with database.sessions()() as session:
        rows = session.execute(select(Event.stream, Event.name, Event.at).where(Event.stream.in_(numbers)))
        return {(stream, name): at for stream, name, at in rows}
