"""A private installation in one data folder: which servers it starts itself, and how each process of it runs.

Whatever the operator points elsewhere (DESK_DATABASE_URL, DESK_LDAP_URL, DESK_SMTP_HOST, DESK_PREFECT_API_URL) is not
started here.
"""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from app.platform import demo_directory
from app.platform.environment import Addresses, desk, is_given, prefect, prefect_server
from app.platform.keys import Keys, kept_or_made
from app.platform.launch import Plan
from app.platform.ports import EVERYWHERE, LOOPBACK, remembered_port
from app.platform.postgres import Cluster
from app.platform.slapd import Slapd
from app.platform.supervisor import Process
from app.settings import ROOT

DATABASE = "desk"
PREFECT_DATABASE = "prefect"
GUNICORN = "python:app.platform.gunicorn"


@dataclass
class Installation:
    """What `desk up` or `desk demo` runs; `given` is the operator's environment."""

    data: Path
    host: str
    port: int
    demo: bool
    given: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def logs(self) -> Path:
        """One file for each process."""
        return self.data / "log"

    @cached_property
    def keys(self) -> Keys:
        """The secrets made on the first start."""
        return kept_or_made(self.data / "secrets.toml")

    @cached_property
    def cluster(self) -> Cluster | None:
        """The private PostgreSQL, unless DESK_DATABASE_URL names another."""
        return None if is_given(self.given, "DATABASE_URL") else Cluster(self.data / "postgres")

    @cached_property
    def slapd(self) -> Slapd | None:
        """The demonstration's directory, unless DESK_LDAP_URL names another or there is no slapd."""
        wanted = self.demo and not is_given(self.given, "LDAP_URL")
        return demo_directory.slapd(self.data / "slapd") if wanted else None

    @cached_property
    def addresses(self) -> Addresses:
        """Where everything listens; the inner ports are remembered in the data folder."""
        def inner(name: str, wanted: bool) -> int | None:
            return remembered_port(self.data / "ports" / name) if wanted else None

        own_prefect = self.cluster is not None and not is_given(self.given, "PREFECT_API_URL")
        name = LOOPBACK if self.host in EVERYWHERE else self.host
        return Addresses(
            base_url=f"http://{name}:{self.port}",
            host=self.host,
            port=self.port,
            live_port=remembered_port(self.data / "ports" / "live"),
            prefect_port=inner("prefect", own_prefect),
            mail_port=inner("mail", self.demo and not is_given(self.given, "SMTP_HOST")),
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of the desk's processes; the servers' folders must be prepared."""
        values = {"SECRET_KEY": self.keys.secret_key, "DEMO": str(self.demo).lower()}
        if self.cluster is not None:
            values["DATABASE_URL"] = self.cluster.url(DATABASE)
        if self.addresses.prefect_port is not None:
            values["PREFECT_AUTH_STRING"] = self.keys.prefect_auth_string
        if self.demo and not is_given(self.given, "LDAP_URL"):
            values |= demo_directory.settings(self.slapd)
        return desk(self.given, self.data, self.addresses, values) | prefect(self.data)

    def processes(self) -> list[Process]:
        """Return everything the supervisor runs, in the order it is started."""
        environment = self.environment()
        found = [*self._servers(environment)]
        web = ["-m", "gunicorn", "--config", GUNICORN, "--bind", f"{self.host}:{self.port}"]
        found += [
            _python("register", ["-m", "flows.serve"], environment, once=True),
            _python("worker", ["-m", "flows.worker"], environment, stop_seconds=30),
            _python("relay", ["-m", "flows.relay_outbox"], environment),
            _python("web", web, environment, stop_seconds=25),
            _python("live", ["-m", "app.live", "--host", self.host], environment),
        ]
        return found

    def _servers(self, environment: dict[str, str]) -> list[Process]:
        found: list[Process] = []
        plain = {name: value for name, value in environment.items() if not name.startswith(("DESK_", "PREFECT_"))}
        if self.cluster is not None:
            found.append(_server("postgres", self.cluster, plain, signal.SIGINT))
        if self.slapd is not None:
            found.append(_server("slapd", self.slapd, plain, signal.SIGTERM))
        if self.cluster is not None and (port := self.addresses.prefect_port) is not None:
            auth, url = self.keys.prefect_auth_string, self.cluster.url(PREFECT_DATABASE, "asyncpg")
            variables = prefect_server(environment, self.data, port, auth, url)
            command = ["-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)]
            found.append(_python("prefect", command, variables, group="engine", stop_seconds=15))
        if self.addresses.mail_port is not None:
            found.append(_python("mail", ["-m", "app.platform.mail_sink"], environment, group="base"))
        return found


def _python(name: str, arguments: list[str], environment: dict[str, str], *, group: str = "desk",
            stop_seconds: int = 10, once: bool = False) -> Process:
    plan = Plan([sys.executable, *arguments], environment, str(ROOT))
    return Process(name, plan, group=group, stop_seconds=stop_seconds, once=once)


def _server(name: str, server: Cluster | Slapd, environment: dict[str, str], end: signal.Signals) -> Process:
    user = (server.user.pw_uid, server.user.pw_gid) if server.user else None
    plan = Plan(server.command(), environment, "/", user, int(end))
    return Process(name, plan, group="base", stop_signal=end.name.removeprefix("SIG"), stop_seconds=30)
