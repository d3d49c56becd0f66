"""The supervisor with real processes: what is killed comes back, what is stopped is gone, nothing outlives anybody."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.platform.launch import Plan
from app.platform.supervisor import Process, Supervisor
from app.settings import ROOT

BEAT = "import os, signal, sys, time; print('started', flush=True); signal.pause()"
DRAIN = """
import signal, sys, time
def end(*_):
    time.sleep(0.5); print('drained', flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, end)
print('ready', flush=True)
signal.pause()
"""
SUCCEEDS_THE_SECOND_TIME = """
import pathlib, sys
mark = pathlib.Path(sys.argv[1])
again = mark.exists()
mark.write_text(mark.read_text() + 'x' if again else 'x')
sys.exit(0 if again else 1)
"""
STARTED_BY_A_SHORT_LIFE = """
import sys
from pathlib import Path
from tests.platform.test_supervisor import BEAT, python
from app.platform.supervisor import Supervisor
supervisor = Supervisor([python('beat', BEAT)], Path(sys.argv[1]))
supervisor.start(); supervisor.run('beat')
print(supervisor.folder, supervisor.pid, flush=True)
sys.stdin.read()
"""


def python(name: str, code: str, *arguments: str, group: str = "desk", once: bool = False) -> Process:
    plan = Plan([sys.executable, "-c", code, *arguments], dict(os.environ), str(ROOT))
    return Process(name, plan, group=group, once=once)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    started: list[Supervisor] = []

    def start(*processes: Process) -> Supervisor:
        supervisor = Supervisor(processes, tmp_path / "log")
        started.append(supervisor)
        supervisor.start()
        supervisor.run(*(process.name for process in processes))
        return supervisor

    yield start
    for supervisor in started:
        supervisor.stop()


def running_pid(supervisor: Supervisor, name: str) -> int:
    state = supervisor.states()[name]
    return state.pid if state.word == "RUNNING" else 0


def test_a_killed_process_is_started_again(
    supervised: Callable[..., Supervisor], eventually: Callable[..., None]
) -> None:
    supervisor = supervised(python("beat", BEAT))
    eventually(lambda: running_pid(supervisor, "beat") > 0)
    first = running_pid(supervisor, "beat")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: running_pid(supervisor, "beat") not in {0, first})


def test_stopping_drains_and_leaves_nothing(
    supervised: Callable[..., Supervisor], eventually: Callable[..., None], tmp_path: Path
) -> None:
    supervisor = supervised(python("drain", DRAIN), python("beat", BEAT, group="base"))
    eventually(lambda: "ready" in (tmp_path / "log/drain.log").read_text())
    pids = [state.pid for state in supervisor.states().values()]
    supervisor.stop()
    assert not any(lives(pid) for pid in pids)
    assert "drained" in (tmp_path / "log/drain.log").read_text()
    assert not supervisor.folder.exists()


def test_a_job_is_tried_until_it_succeeds_and_then_left_alone(
    supervised: Callable[..., Supervisor], eventually: Callable[..., None], tmp_path: Path
) -> None:
    mark = tmp_path / "tries"
    supervisor = supervised(python("job", SUCCEEDS_THE_SECOND_TIME, str(mark), once=True))
    eventually(lambda: mark.exists() and mark.read_text() == "xx")
    eventually(lambda: supervisor.states()["job"].word == "EXITED")
    assert mark.read_text() == "xx"


def test_processes_end_with_a_killed_supervisor(
    supervised: Callable[..., Supervisor], eventually: Callable[..., None]
) -> None:
    supervisor = supervised(python("beat", BEAT))
    eventually(lambda: running_pid(supervisor, "beat") > 0)
    beat = running_pid(supervisor, "beat")
    os.kill(supervisor.pid, signal.SIGKILL)
    eventually(lambda: not lives(beat))


def test_everything_ends_with_a_killed_parent(eventually: Callable[..., None], tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTED_BY_A_SHORT_LIFE, str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        folder, pid = parent.stdout.readline().split()
        supervisord = int(pid)
        children = Path(f"/proc/{supervisord}/task/{supervisord}/children")
        eventually(lambda: children.read_text().split() != [])
        beat = int(children.read_text().split()[0])
        parent.kill()
    eventually(lambda: not lives(supervisord) and not lives(beat))
    for left in Path(folder).iterdir():
        left.unlink()
    Path(folder).rmdir()


def test_only_the_owner_reads_plans_and_the_control_socket(supervised: Callable[..., Supervisor]) -> None:
    supervisor = supervised(python("beat", BEAT))
    assert supervisor.folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in supervisor.folder.glob("*.json"))
