"""Become one process of the desk: `python -m app.platform.launch <plan.json>`, run by the supervisor.

The plan (a Plan as JSON, readable by its owner only) names the command, its environment and its user. The kernel is
asked to signal the process when its supervisor dies, however that happens, so that nothing is ever left behind.
Standard library only: this runs before each process.
"""

import ctypes
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Plan:
    """How to run one process; `user` is (uid, gid) or None for ours; `end_signal` tells it that the supervisor died."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    user: tuple[int, int] | None = None
    end_signal: int = 15

    def write(self, file: Path) -> None:
        """Keep the plan where only its owner reads it: the environment holds secrets."""
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, file: Path) -> "Plan":
        """Return the plan written to `file`."""
        values = json.loads(file.read_text())
        if values["user"] is not None:
            values["user"] = (values["user"][0], values["user"][1])
        return cls(**values)


def die_with_parent(signal: int) -> None:
    """Ask the kernel for `signal` when our parent ends; must come after a change of user, which clears the wish."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)


def run(plan: Plan, parent: int) -> None:
    """Turn this process into the planned one; never returns."""
    if plan.user is not None:
        uid, gid = plan.user
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    die_with_parent(plan.end_signal)
    if os.getppid() in {0, 1} or os.getppid() != parent:        # it ended before the wish was heard
        sys.exit(1)
    os.chdir(plan.directory)
    os.execvpe(plan.command[0], plan.command, plan.environment)


if __name__ == "__main__":
    run(Plan.read(Path(sys.argv[1])), os.getppid())
