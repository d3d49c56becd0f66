"""A real Prefect server for these tests, one a run, and the desk's own processes against it.

Each test has a work pool of its own, so that tests which run beside each other take no run from one another.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from app.directory import directory
from app.platform.postgres import Cluster
from app.platform.slapd import Slapd
from app.settings import ROOT
from tests import prefect_keeper
from tests.cast import GROUPS, PEOPLE
from tests.databases import RUN, forget_settings
from tests.directory.company_ldif import entry

T = TypeVar("T")
BASE = "dc=aurora,dc=example"


@pytest.fixture(scope="session")
def prefect_api(cluster: Cluster) -> str:
    """The run's Prefect server: the first worker that asks has it started, the others wait for it."""
    folder = Path(os.environ[RUN])
    with (folder / "prefect-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "prefect-api").exists():
            cluster.create_database("prefect", extensions=("pg_trgm",))
            _start_keeper(folder, cluster.url("prefect", driver="asyncpg"))
    return (folder / "prefect-api").read_text()


def _start_keeper(folder: Path, address: str) -> None:
    command = [sys.executable, "-m", "tests.prefect_keeper", (folder / "controller").read_text(), str(folder), address]
    with (folder / "prefect.log").open("w") as log:
        keeper = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + prefect_keeper.START_SECONDS
    while not (folder / "prefect-api").exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            pytest.exit(f"The tests' Prefect did not start:\n{(folder / 'prefect.log').read_text()}", returncode=3)
        time.sleep(0.1)
    keeper.returncode = 0  # it outlives this worker on purpose; the run's end is what stops it


@dataclass
class Engine:
    """Prefect as one test sees it, and the processes the test started."""

    client: SyncPrefectClient
    pool: str
    logs: Path
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, module: str, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start `python -m module`; it ends with the test."""
        log = (self.logs / f"{module}-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log
        )
        log.close()
        self.processes.append(process)
        return process

    def log(self) -> str:
        """Return what the processes said."""
        return "\n".join(f"== {file.name}\n{file.read_text()[-8000:]}" for file in sorted(self.logs.glob("*.log")))

    def times(self, words: str) -> int:
        """Return how often the processes said this."""
        return sum(file.read_text().count(words) for file in self.logs.glob("*.log"))

    def until(self, question: Callable[[], T], seconds: float = 180) -> T:
        """Return the first true answer, or fail with what the processes said."""
        deadline = time.monotonic() + seconds
        while True:
            if answer := question():
                return answer
            if time.monotonic() > deadline:
                pytest.fail(f"It did not happen within {seconds} s.\n{self.log()}")
            time.sleep(0.05)


@pytest.fixture
def engine(prefect_api: str, cast: str, company: Slapd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The cast's desk, its directory, and Prefect with an empty pool of this test's own."""
    pool = f"pool-{uuid4().hex[:8]}"
    monkeypatch.setenv("DESK_PREFECT_API_URL", prefect_api)
    monkeypatch.setenv("DESK_PREFECT_AUTH_STRING", prefect_keeper.AUTH)
    monkeypatch.setenv("DESK_WORK_POOL", pool)
    monkeypatch.setenv("DESK_WORKER_LIMIT", "4")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.setenv("DESK_CATALOG_DIR", str(tmp_path))  # no catalogue there: what the cast published stays
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"):  # the processes take them from the desk's settings
        monkeypatch.delenv(name, raising=False)
    forget_settings()
    with (
        temporary_settings({PREFECT_API_URL: prefect_api, PREFECT_API_AUTH_STRING: prefect_keeper.AUTH}),
        get_client(sync_client=True) as client,
    ):
        running = Engine(client, pool, tmp_path)
        yield running
        for process in running.processes:
            process.kill()
            process.wait()
    forget_settings()


@pytest.fixture
def company(cast: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slapd]:
    """The cast and the groups in a real directory, which counts what is done to it."""
    folder = Path(tempfile.mkdtemp(prefix="desk-flows-"))
    folder.chmod(0o755)  # the server runs as another user when root tests
    server = Slapd(folder / "slapd", BASE, _entries())
    server.start()
    for name, value in {
        "URL": server.url, "BIND_DN": server.service_dn, "BIND_PASSWORD": server.service_password,
        "PEOPLE_BASE": f"ou=people,{BASE}", "GROUPS_BASE": f"ou=groups,{BASE}",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"DESK_LDAP_{name}", value)
    monkeypatch.setenv("DESK_CHECKS_AFTER", " ")  # closed at once
    forget_settings()
    directory.cache_clear()
    yield server
    directory.cache_clear()
    server.remove()
    shutil.rmtree(folder, ignore_errors=True)


def _entries() -> str:
    people = [
        entry(person_dn(login), objectClass="inetOrgPerson", uid=login, cn=name, sn=name.split()[-1], mail=f"{login}@aurora.example")
        for login, name, *_ in PEOPLE
    ]
    groups = [entry(group_dn(name), objectClass="groupOfNames", cn=name, member=person_dn("rui")) for name in GROUPS]
    tree = [
        entry(BASE, objectClass=["organization", "dcObject"], o="Aurora", dc="aurora"),
        entry(f"ou=people,{BASE}", objectClass="organizationalUnit", ou="people"),
        entry(f"ou=groups,{BASE}", objectClass="organizationalUnit", ou="groups"),
    ]
    return "\n".join((*tree, *people, *groups))


def person_dn(login: str) -> str:
    return f"uid={login},ou=people,{BASE}"


def group_dn(name: str) -> str:
    return f"cn={name},ou=groups,{BASE}"
