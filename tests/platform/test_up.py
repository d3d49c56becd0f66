"""`desk up` as a person runs it: from nothing to a ready page, through a kill, to nothing left."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from app.platform import ports, probes
from app.settings import ROOT
from tests.platform.test_supervisor import lives

DESK = [sys.executable, "-c", "from app.cli import main; main()"]


@dataclass
class Started:
    """One run of `desk up` and its screen."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    screen: Path

    def status(self) -> dict[str, dict[str, object]]:
        done = subprocess.run([*DESK, "status", "--json", "--data", str(self.data)], cwd=ROOT, capture_output=True,
                              text=True, check=False)
        found: dict[str, dict[str, object]] = json.loads(done.stdout) if done.returncode == 0 else {}
        return found

    def pid(self, name: str) -> int:
        return int(str(self.status().get(name, {}).get("pid", 0)))

    def has_other_process(self, name: str, before: int) -> bool:
        return self.pid(name) not in {0, before}

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.screen.read_text()
        return "Ready:" in self.screen.read_text()


@pytest.fixture
def up(open_folder: Path, eventually: Callable[..., None]) -> Iterator[Started]:
    port, screen = ports.free_port(), open_folder / "screen"
    command = [*DESK, "up", "--no-browser", "--port", str(port), "--data", str(open_folder / "data")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DESK_")}
    with screen.open("w") as file, subprocess.Popen(command, cwd=ROOT, env=environment | {"COLUMNS": "200"},
                                                    stdin=subprocess.DEVNULL, stdout=file, stderr=file, text=True) as process:
        started = Started(process, open_folder / "data", port, screen)
        eventually(started.is_ready, 170)
        yield started
        process.terminate()
        process.wait(120)


@pytest.mark.engine
def test_up_gets_ready_survives_kills_and_leaves_nothing(up: Started, eventually: Callable[..., None]) -> None:
    assert re.search(rf"Become one here \(works once\): http://127\.0\.0\.1:{up.port}/setup/\S{{20,}}", up.screen.read_text())
    eventually(lambda: up.pid("worker") > 0 and up.pid("relay") > 0)

    for name in ("web", "postgres"):
        before = up.pid(name)
        os.kill(before, signal.SIGKILL)
        eventually(partial(up.has_other_process, name, before), 90)
    eventually(lambda: probes.unready("127.0.0.1", up.port) == "", 150)

    second = subprocess.run([*DESK, "up", "--no-browser", "--data", str(up.data)], cwd=ROOT, capture_output=True,
                            text=True, check=False)
    assert (second.returncode, "already runs" in second.stdout) == (1, True)

    pids = [int(str(one["pid"])) for one in up.status().values() if one["pid"]]
    up.process.terminate()
    assert up.process.wait(120) == 0
    assert not [pid for pid in pids if lives(pid)]
    assert not (up.data / "run.json").exists()
