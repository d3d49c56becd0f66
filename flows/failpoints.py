"""Places where a test may make a process die, fail or hang: `FAILPOINT=name:kill|raise|sleep[:which hit]`.

Without the variable a place costs one comparison. A test asserts that each name is reached (faults.md).
"""

import os
import signal
import threading
import time
from typing import Final

NAMES: Final = (
    "relay.claimed",  # deliveries are taken, no run exists
    "relay.created",  # the run exists, nobody knows its id
    "flow.begun",
    "step.unclaimed",
    "step.claimed",
    "step.acted",  # the effect is there, the ledger does not know
    "step.committed",
    "flow.acted",  # all is done, the delivery is not finished
)
SLEEP_SECONDS: Final = 120


class Injected(Exception):
    """The failure that a test asked for."""


_hits: dict[str, int] = {}
_lock = threading.Lock()


def reach(name: str) -> None:
    """Do what FAILPOINT asks for at this place, at the named hit or at every one."""
    wish = os.environ.get("FAILPOINT", "")
    if not wish.startswith(name + ":"):
        return
    _, how, which = (wish + "::").split(":")[:3]
    with _lock:
        _hits[name] = _hits.get(name, 0) + 1
        if which and _hits[name] != int(which):
            return
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "sleep":
        time.sleep(SLEEP_SECONDS)
    if how == "raise":
        raise Injected(name)
