"""Supervisor (supervisord) around the desk's processes: what ends is started again, and all of it ends with us.

`app.platform.launch` is between supervisord and each process, so that no process outlives a killed supervisor.
Groups stop one after the other, the highest first: the desk's own processes, then the engine, then what they stand on.
"""

import configparser
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from app.platform.launch import Plan, die_with_parent
from app.settings import ROOT

SOCKET = "control"
GROUPS = ("base", "engine", "desk")


@dataclass(frozen=True)
class Process:
    """One supervised process; `once` marks a job that is tried until it succeeds, then left alone."""

    name: str
    plan: Plan
    group: str = "desk"
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    once: bool = False


@dataclass(frozen=True)
class State:
    """What the supervisor says about a process: `word` is RUNNING, STARTING, BACKOFF, STOPPED, EXITED or FATAL."""

    word: str
    pid: int
    detail: str


class SupervisorError(RuntimeError):
    """The supervisor or a process under it would not start."""


def call(socket: Path, method: str, *arguments: object) -> Any:
    """Call a method of supervisord's own interface over its control socket."""
    transport = SupervisorTransport(None, None, f"unix://{socket}")
    with ServerProxy("http://127.0.0.1", transport=transport) as server:
        return getattr(server.supervisor, method)(*arguments)


def states(socket: Path) -> dict[str, State]:
    """Return the state of each process by name."""
    rows = call(socket, "getAllProcessInfo")
    return {row["name"]: State(row["statename"], row["pid"], row["description"]) for row in rows}


@dataclass
class Supervisor:
    """One supervisord with a control socket only its owner may use; logs are in `logs/<process>.log`."""

    processes: Sequence[Process]
    logs: Path
    folder: Path = field(init=False)
    _child: subprocess.Popen[bytes] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        # Not under the data folder: the path of a Unix socket is limited to 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="balcao-"))
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def socket(self) -> Path:
        """The control socket."""
        return self.folder / SOCKET

    @property
    def pid(self) -> int:
        """supervisord's process id."""
        if self._child is None:
            raise SupervisorError("The supervisor does not run.")
        return self._child.pid

    def start(self, timeout: float = 20) -> None:
        """Start supervisord with nothing running yet."""
        for process in self.processes:
            process.plan.write(self.folder / f"{process.name}.json")
        config = self.folder / "supervisord.conf"
        with config.open("w") as file:
            self._configuration().write(file)
        command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(config)]
        self._child = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,                             # Ctrl-C reaches us alone; we then stop it in order
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),
        )
        deadline = time.monotonic() + timeout
        while not self._answers():
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise SupervisorError(f"The supervisor did not start; see {self.logs / 'supervisord.log'}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return bool(self._call("getState"))
        except OSError:
            return False

    def _call(self, method: str, *arguments: object) -> Any:
        return call(self.socket, method, *arguments)

    def run(self, *names: str) -> None:
        """Start processes by name; one that runs already is left as it is."""
        for process in self.processes:
            if process.name in names:
                try:
                    self._call("startProcess", f"{process.group}:{process.name}", False)
                except Fault as fault:
                    if "ALREADY_STARTED" not in fault.faultString:
                        raise SupervisorError(f"{process.name}: {fault.faultString}") from fault

    def states(self) -> dict[str, State]:
        """Return the state of each process by name."""
        return states(self.socket)

    def is_alive(self) -> bool:
        """Say whether supervisord itself lives."""
        return self._child is not None and self._child.poll() is None

    def stop(self, timeout: float = 90) -> None:
        """Stop every process in order, then supervisord; returns when all are gone."""
        if self._child is None:
            return
        if self.is_alive():
            self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(timeout)
        finally:
            if self.is_alive():
                self._child.kill()                          # the kernel then signals each process (launch.py)
                self._child.wait()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _configuration(self) -> configparser.RawConfigParser:
        config = configparser.RawConfigParser()
        config["unix_http_server"] = {"file": str(self.socket), "chmod": "0700"}
        config["supervisord"] = {
            "logfile": str(self.logs / "supervisord.log"), "logfile_maxbytes": "2MB", "logfile_backups": "1",
            "pidfile": str(self.folder / "supervisord.pid"), "umask": "022",
        }
        if os.geteuid() == 0:
            config["supervisord"]["user"] = "root"          # said plainly, else it warns
        factory = "supervisor.rpcinterface:make_main_rpcinterface"
        config["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
        for process in self.processes:
            config[f"program:{process.name}"] = self._program(process)
        for priority, group in enumerate(GROUPS):
            if members := [process.name for process in self.processes if process.group == group]:
                config[f"group:{group}"] = {"programs": ",".join(members), "priority": str(priority)}
        return config

    def _program(self, process: Process) -> dict[str, str]:
        plan = self.folder / f"{process.name}.json"
        return {
            "command": f"{sys.executable} -m app.platform.launch {plan}",
            "directory": str(ROOT),
            "autostart": "false",
            "autorestart": "unexpected" if process.once else "true",
            "startsecs": "0" if process.once else "1",
            "startretries": "1000000",                      # never give up; each retry waits a second longer
            "stopsignal": process.stop_signal,
            "stopwaitsecs": str(process.stop_seconds),
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": str(self.logs / f"{process.name}.log"),
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": "3",
        }
