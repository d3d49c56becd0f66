"""How much processor time each part of a trial's desk has used, read from /proc: no estimate, and nothing left out."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flows.cli.installation import Trial, command_of, descendants

TICK: Final = os.sysconf("SC_CLK_TCK")
PARTS: Final = (  # the first whose word stands in the command line
    ("worker", "flows.worker"), ("relay", "flows.relay_outbox"), ("prefect", "prefect server"), ("prefect", "prefect.server"),
    ("postgresql", "postgres"), ("directory", "slapd"), ("mail sink", "mail_sink"), ("web", "gunicorn"), ("live", "app.live"),
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """What so many items cost: seconds on the wall, and seconds of processor time by part; `runs` are Prefect's."""

    items: int = 0
    runs: int = 0
    wall: float = 0.0
    processor: Mapping[str, float] = field(default_factory=dict)

    def __add__(self, other: "Cost") -> "Cost":
        """Return both together."""
        return Cost(self.items + other.items, self.runs + other.runs, self.wall + other.wall, _sum(self.processor, other.processor))

    @property
    def wall_ms(self) -> float:
        """Milliseconds on the wall for each item."""
        return 1000 * self.wall / self.items

    @property
    def processor_ms(self) -> dict[str, float]:
        """Milliseconds of processor time for each item: of all, and of each part."""
        parts = {part: round(1000 * seconds / self.items, 1) for part, seconds in sorted(self.processor.items()) if seconds}
        return {"all": round(1000 * sum(self.processor.values()) / self.items, 1), **parts}


def of(trial: Trial, work: Callable[[], object]) -> Cost:
    """Do this work and return what it cost the desk."""
    before, began = _used(trial), time.monotonic()
    work()
    wall, after = time.monotonic() - began, _used(trial)
    return Cost(wall=wall, processor={part: after[part] - before.get(part, 0.0) for part in after})


def _sum(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {part: one.get(part, 0.0) + other.get(part, 0.0) for part in {*one, *other}}


def _used(trial: Trial) -> dict[str, float]:
    """Return the seconds each part has used until now. Children that ended count with their parent, as the kernel has it."""
    found: dict[str, float] = {}
    for pid, part in _processes(trial).items():
        found[part] = found.get(part, 0.0) + _seconds(pid)
    return found


def _processes(trial: Trial) -> dict[int, str]:
    """Return the part each process belongs to; a server that was started apart is known by the trial's folder."""
    ours = {pid: command_of(pid) for pid in descendants(trial.process.pid)}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and str(trial.folder) in command_of(int(entry.name)):
            ours |= {pid: command_of(pid) for pid in [int(entry.name), *descendants(int(entry.name))]}
    return {pid: next((part for part, word in PARTS if word in command), "rest") for pid, command in ours.items()}


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(value) for value in fields[11:15]) / TICK
