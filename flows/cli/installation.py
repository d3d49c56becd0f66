"""A whole desk for one trial, started as an operator starts it, in a folder that is deleted afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from app import database
from app.directory import directory
from app.platform import ports
from app.platform.slapd import Slapd
from app.platform.slapd_audit import changes, membership_changes
from app.rules.errors import Unavailable
from app.rules.words import t
from app.settings import ROOT, settings

START_SECONDS: Final = 300
STOP_SECONDS: Final = 60
OURS: Final = ("DESK_", "PREFECT_")
DESK: Final = [sys.executable, "-c", "from app.cli import main; main()"]
PROCESSES: Final = {  # what tells each of the desk's processes by its command line
    "worker": "flows.worker",
    "relay": "flows.relay_outbox",
    "prefect": "prefect server start",
    "web": "gunicorn",
}

T = TypeVar("T")


@dataclass
class Trial:
    """The running desk; DESK_* of this process point to it."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    address: str

    def pids(self, name: str) -> list[int]:
        """Return the process ids of one of PROCESSES, the oldest first."""
        wanted = PROCESSES[name]
        return sorted(pid for pid in descendants(self.process.pid) if wanted in command_of(pid))

    @property
    def slapd_audit(self) -> Path | None:
        """The file in which the demonstration's directory notes its changes, where it is a real one."""
        folder = self.folder / "desk" / "slapd"
        return Slapd(folder, "dc=none", "").audit_file if folder.is_dir() else None

    def membership_changes(self) -> list[dict[str, Any]] | None:
        """Return what the directory itself has noted of changed memberships; None where there is no real one."""
        return [vars(change) for change in membership_changes(self.slapd_audit)] if self.slapd_audit else None

    def directory_changes(self) -> list[dict[str, Any]] | None:
        """Return every change that the directory itself has noted; None where there is no real one."""
        return [vars(change) for change in changes(self.slapd_audit)] if self.slapd_audit else None


def until(question: Callable[[], T], what: str, seconds: float = 300) -> T:
    """Return the first true answer; Unavailable when none came in time."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise Unavailable(t("It did not happen within %(seconds)s s: %(what)s", seconds=seconds, what=what))
        time.sleep(0.1)
    return answer


@contextmanager
def demonstration(*, kind: str = "demo", given: Mapping[str, str] | None = None) -> Iterator[Trial]:
    """Run `desk demo` (or `up`) in a folder of its own; this process's settings point to it until the end."""
    folder = Path(tempfile.mkdtemp(prefix="desk-trial-"))
    folder.chmod(0o755)  # the servers run as another user when root tries
    plain = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    port = ports.free_port()
    with (folder / "start.log").open("wb") as log:
        command = [*DESK, kind, "--no-browser", "--port", str(port), "--data", str(folder / "desk")]
        process = subprocess.Popen(command, cwd=ROOT, env={**plain, **(given or {})}, stdout=log, stderr=log)
    before = dict(os.environ)
    try:
        yield _ready(folder, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        os.environ.clear()
        os.environ.update(before)
        _forget()
        shutil.rmtree(folder, ignore_errors=True)


def _ready(folder: Path, process: "subprocess.Popen[bytes]") -> Trial:
    """Wait until the desk is ready and let this process act in it."""
    log = folder / "start.log"

    def started() -> bool:
        if process.poll() is not None:
            raise Unavailable(t("The desk did not start:\n%(log)s", log=log.read_text(errors="replace")[-4000:]))
        return (folder / "desk" / "run.json").exists()

    until(started, "the desk starts", START_SECONDS)
    running = json.loads((folder / "desk" / "run.json").read_text())
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    os.environ.update(running["environment"])
    _forget()
    until(lambda: _is_ready(running["address"]), "all of the desk is ready", START_SECONDS)
    return Trial(folder, process, running["address"])


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5).is_success
    except httpx.HTTPError:
        return False


def _forget() -> None:
    """Read settings, database and directory anew at the next use."""
    database.forget()
    settings.cache_clear()
    directory.cache_clear()


def descendants(pid: int) -> list[int]:
    """Return every process below this one."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(int(entry.name))):
            parents.setdefault(parent, []).append(int(entry.name))
    found, level = [], [pid]
    while level:
        level = [child for each in level for child in parents.get(each, [])]
        found += level
    return found


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def age(pid: int) -> float:
    """Return for how many seconds a process has lived; 0 when it is gone."""
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError):
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
