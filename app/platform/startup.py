"""Start a private installation, wait until it is ready, show its logs, and stop it cleanly: `desk up`, `desk demo`."""

import os
import signal
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from rich.console import Console

from app import database
from app.platform import ports, probes, running, schema
from app.platform.installation import DATABASE, PREFECT_DATABASE, Installation
from app.platform.postgres import EXTENSIONS
from app.platform.supervisor import Supervisor
from app.platform.terminal import LogStream, has_screen, step
from app.settings import settings

READY_SECONDS = 300
LOG_SECONDS = 0.25
BEHIND = ("live", "mail", "register", "worker", "relay")    # seconds of imports each: they come once a page can be seen


class StartError(RuntimeError):
    """The desk cannot start; the text says why and what mends it."""


class Startup:
    """One start of an installation, from nothing to a ready page, and its end."""

    def __init__(self, installation: Installation, console: Console) -> None:
        self.installation = installation
        self.console = console
        self._lock = running.claim(installation.data)
        if not ports.is_free(installation.port, installation.host):
            self._lock.close()
            raise StartError(f"Port {installation.port} is taken by another program. "
                             f"Mend: stop it, or choose another one: --port {ports.free_port()}")
        self.supervisor: Supervisor | None = None
        self._ready = False

    def run(self, welcome: Callable[[], None], fill: Callable[[], None], browser: bool = False) -> None:
        """Start everything, call `fill` on the migrated database and `welcome` when ready; return at Ctrl-C."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupt)
        try:
            self._start(fill)
            welcome()
            if browser and has_screen():
                webbrowser.open(self.installation.addresses.base_url)
            self._watch()
        except KeyboardInterrupt:
            pass
        finally:
            self._end()

    def _interrupt(self, number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    def _start(self, fill: Callable[[], None]) -> None:
        place = self.installation
        with step(self.console, "preparing"):
            for server in (place.cluster, place.slapd):
                if server is not None:
                    server.prepare()
                    server.stop()               # one that a killed machine or supervisor left behind
            environment = place.environment()
            supervisor = self.supervisor = Supervisor(place.processes(), place.logs)
            running.forget_supervisor(place.data)
            running.note_supervisor(place.data, supervisor.folder)
            self._stream = LogStream(self.console, {p.name: place.logs / f"{p.name}.log" for p in supervisor.processes})
            supervisor.start()
        if place.cluster is not None and place.cluster.data.parent != place.cluster.directory:
            self.console.print(f"    the database's files are in {place.cluster.data}, "
                               f"because its user ({place.cluster.user_name}) may not come here", style="dim")
        os.environ.update(environment)
        database.forget()
        settings.cache_clear()
        try:
            self._start_servers(supervisor)
        except RuntimeError:                    # why is in their logs, and the screen is where people look
            self._stream.show()
            raise
        with step(self.console, "database schema"):
            schema.upgrade()
        fill()
        supervisor.run("web")
        ours = {name: value for name, value in environment.items() if name.startswith("DESK_")}
        address = environment["DESK_BASE_URL"]
        running.Running(os.getpid(), str(supervisor.folder), address, ours).write(place.data)
        with step(self.console, "Prefect and the pages"):
            self._wait_until_ready()
        supervisor.run(*BEHIND)
        self._stream.skip()
        self._ready = True

    def _start_servers(self, supervisor: Supervisor) -> None:
        place = self.installation
        supervisor.run("slapd")
        if place.cluster is not None:
            with step(self.console, "PostgreSQL"):
                supervisor.run("postgres")
                place.cluster.wait()
                place.cluster.create_database(DATABASE, extensions=EXTENSIONS)
                place.cluster.create_database(PREFECT_DATABASE, extensions=("pg_trgm",))
        supervisor.run("prefect")               # gets ready while the schema is migrated
        if place.slapd is not None:
            with step(self.console, "directory (slapd)"):
                place.slapd.wait()
        elif place.demo and os.environ.get("DESK_LDAP_URL") == "twin:":
            self.console.print("  ! no slapd here: the directory is a twin in the database. "
                               "Mend: apt-get install slapd, then start with a new --data folder.", style="yellow")

    def _wait_until_ready(self) -> None:
        host = ports.LOOPBACK if self.installation.host in ports.EVERYWHERE else self.installation.host
        deadline, last = time.monotonic() + READY_SECONDS, ""
        while failing := probes.unready(host, self.installation.port):
            if failing != last:
                self.console.print(f"    waiting for {failing}", style="dim")
                last = failing
            if time.monotonic() > deadline:
                self._stream.show()
                raise StartError(f"Not ready after {READY_SECONDS} s: {failing}. The logs are in "
                                 f"{self.installation.logs}. Mend: ./desk doctor says what is missing.")
            time.sleep(LOG_SECONDS)

    def _watch(self) -> None:
        while self.supervisor is not None and self.supervisor.is_alive():
            self._stream.show()
            time.sleep(LOG_SECONDS)
        self.console.print("The supervisor ended; stopping.", style="bold red")

    def _end(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)       # a second Ctrl-C would only leave a mess
        if self.supervisor is not None:
            self.console.print("\nStopping: what runs is finished first ...", style="bold")
            database.forget()
            self.supervisor.stop()
            running.forget_supervisor(self.installation.data)
            if self._ready:
                self._stream.show()
            self.console.print("Stopped.", style="bold")
        with suppress(FileNotFoundError):
            (self.installation.data / "run.json").unlink()
        self._lock.close()
