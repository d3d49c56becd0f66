"""A real PostgreSQL for the tests: one private cluster a run, one database a worker, cloned clean for each test that asks.

Tests use several connections, threads and processes, so nothing here rolls back: `db` drops the worker's database and
clones the migrated template anew (20 ms in memory); a scene that many tests begin with is set once and cloned too. A run that asks for no database starts no cluster.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
import pytest
from psycopg import sql

from app import database
from app.platform.postgres import Cluster
from app.services import anchors
from app.settings import ROOT, settings
from tests.cluster_keeper import TEMPLATE

RUN = "BALCAO_TEST_RUN"
ROOM = 2 * 1024**3  # bytes
T = TypeVar("T")


def pytest_configure(config: pytest.Config) -> None:
    """Give the run one folder, which the workers inherit, and settings that do not come from this shell."""
    for name in [name for name in os.environ if name.startswith(("DESK_", "PREFECT_"))]:
        del os.environ[name]
    if not hasattr(config, "workerinput") and RUN not in os.environ:  # else of a worker, or of a run of many runs
        folder = Path(tempfile.mkdtemp(prefix="balcao-test-", dir=_memory()))
        folder.chmod(0o755)                                 # the server runs as another user when root tests
        (folder / "controller").write_text(str(os.getpid()))
        os.environ[RUN] = str(folder)
    os.environ["DESK_SECRET_KEY"] = "only-for-tests-" + "0" * 32
    os.environ["DESK_DATA_DIR"] = str(Path(os.environ[RUN]) / f"data-{_worker()}")


def _memory() -> Path | None:
    """Return a folder in memory where there is room for the cluster: a clone takes 20 ms there, on some disks 500."""
    memory = Path("/dev/shm")
    fits = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return memory if fits else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's folder when it is this process's and no cluster runs there (else its keeper does)."""
    folder = Path(os.environ[RUN])
    if not (folder / "ready").exists() and (folder / "controller").read_text() == str(os.getpid()):
        shutil.rmtree(folder, ignore_errors=True)


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The run's cluster: the first worker that asks has it started, the others wait for it."""
    folder = Path(os.environ[RUN])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _start_keeper(folder)
    return Cluster(folder / "cluster", durable=False)


def _start_keeper(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.cluster_keeper", (folder / "controller").read_text(), str(folder)]
    with (folder / "keeper.log").open("w") as log:
        keeper = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  start_new_session=True)
    deadline = time.monotonic() + 120
    while not (folder / "ready").exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            pytest.exit(f"The tests' PostgreSQL did not start:\n{(folder / 'keeper.log').read_text()}", returncode=3)
        time.sleep(0.05)
    keeper.returncode = 0       # it outlives this worker on purpose; the run's end is what stops it


@pytest.fixture(scope="session")
def administrator(cluster: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """The connection by which this worker drops and clones its databases."""
    with cluster.connect() as connection:
        yield connection


@pytest.fixture
def db(cluster: Cluster, administrator: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """A clean database of the newest schema, set as DESK_DATABASE_URL; yields its address.

    Where a scene is known by the name of a fixture that the test asks for, the database is cloned with it at once.
    """
    name = f"desk_{_worker()}"
    coming = [KEPT[key] for each in request.fixturenames if (key := _key(request, each)) in KEPT]
    standing = max(coming, key=lambda scene: len(scene.within), default=None)
    _clone(administrator, name, standing.database if standing else TEMPLATE)
    monkeypatch.setenv("DESK_DATABASE_URL", cluster.url(name))
    forget_settings()
    anchors.path().unlink(missing_ok=True)  # it testifies of the database that was here before
    request.node.stash[STANDING] = standing.within if standing else ()
    yield cluster.url(name)
    forget_settings()


@dataclass(frozen=True)
class Kept:
    """A scene this worker has set once: what it told, its database, and the scenes within it, itself the last."""

    told: Any
    database: str
    within: tuple[str, ...]


CAST: Final = "cast"
STANDING: Final = pytest.StashKey[tuple[str, ...]]()
KEPT: Final[dict[str, Kept]] = {}
Scene = Callable[[str, Callable[[], T]], T]


@pytest.fixture
def scene(administrator: psycopg.Connection[Any], db: str, request: pytest.FixtureRequest) -> Scene[Any]:
    """Set a scene in the test's database: built by the first test of this file that asks for it, cloned for the others.

    A scene depends on the scenes set before it, and returns plain values (ids, numbers); what it returned then is
    returned again. One that a fixture always sets is named as the fixture, so that `db` sees it coming.
    """

    def set_(name: str, build: Callable[[], T]) -> T:
        key, standing, here = _key(request, name), request.node.stash[STANDING], f"desk_{_worker()}"
        if key in standing:
            pass
        elif key in KEPT:
            database.forget()
            _clone(administrator, here, KEPT[key].database)
            request.node.stash[STANDING] = KEPT[key].within
        else:
            told = build()
            database.forget()  # a template with a connection left cannot be cloned
            KEPT[key] = Kept(told, f"{here}_{len(KEPT)}", (*standing, key))
            _clone(administrator, KEPT[key].database, here)
            request.node.stash[STANDING] = KEPT[key].within
        return KEPT[key].told  # type: ignore[no-any-return]

    return set_


def _key(request: pytest.FixtureRequest, name: str) -> str:
    """Return under which key a scene is kept: the cast is everybody's, others are their file's."""
    return name if name == CAST else f"{request.node.nodeid.partition('::')[0]} {name}"


def _clone(connection: psycopg.Connection[Any], name: str, template: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    copied = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")  # nothing of it goes through the log
    connection.execute(copied.format(sql.Identifier(name), sql.Identifier(template)))


def forget_settings() -> None:
    """Close this process's connections and read the settings anew at the next use."""
    database.forget()
    settings.cache_clear()
