"""`desk faults outage`: Prefect's server is away while people order and approve; then all is carried out, once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from app.platform import supervisor
from app.platform.running import Running
from app.services import audit
from flows.cli import doing, fault_kills
from flows.cli.installation import Trial, demonstration, until

SERVER: Final = "engine:prefect"
PLANNED_BEFORE: Final = 3  # every third order is planned before the outage, and approved in it


def run(items: int) -> dict[str, Any]:
    """Order some, stop Prefect, approve those and order the rest, start Prefect, wait until all is carried out."""
    with demonstration() as trial:
        doing.publish()
        pairs = list(islice(fault_kills.new_memberships(), items))
        early, late = pairs[: items // PLANNED_BEFORE], pairs[items // PLANNED_BEFORE :]
        accepted = {_order(person, group): (person, group) for person, group in early}
        until(lambda: set(doing.states(list(accepted)).values()) <= {"awaiting_approval"}, "the first are planned")
        with _away(trial):
            began = time.monotonic()
            approved = sum(bool(doing.approve(number)) for number in list(accepted))
            accepted |= {_order(person, group): (person, group) for person, group in late}
            seconds = time.monotonic() - began
            carried_out = sum(state in fault_kills.ENDED for state in doing.states(list(accepted)).values())
        back = time.monotonic()
        fault_kills.approve_until_ended(accepted)
        found = fault_kills.evidence(trial, accepted)
        books = audit.as_json(audit.verify())
        return found | {
            "ok": bool(found["ok"] and books["ok"] and not carried_out), "verify": books,
            "while_away": {"ordered": len(late), "approved": approved, "carried_out": carried_out, "seconds": round(seconds, 1)},
            "seconds_to_the_end": round(time.monotonic() - back, 1),
        }  # fmt: skip


@contextmanager
def _away(trial: Trial) -> Iterator[None]:
    """Stop Prefect's server as its supervisor does, and start it again."""
    running = Running.read(trial.folder / "desk")
    if running is None:
        raise RuntimeError("the desk does not run")
    socket = Path(running.supervisor) / supervisor.SOCKET
    supervisor.call(socket, "stopProcess", SERVER)
    try:
        yield
    finally:
        supervisor.call(socket, "startProcess", SERVER, False)


def _order(person: str, group: str) -> str:
    return doing.order(person, doing.GROUP_ACCESS, {"group": group}, f"outage-{person}-{group}-{time.time_ns()}")[1]
