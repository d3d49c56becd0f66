"""A real PostgreSQL for the tests: one private cluster a run, one database a worker, cloned clean for each test that asks.

Tests use several connections, threads and processes, so nothing here rolls back: `db` drops the worker's database and
clones the migrated template anew (about 60 ms); a scene that many tests begin with is set once and cloned too. A run that asks for no database starts no cluster.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from psycopg import sql

from app import database
from app.platform.postgres import Cluster
from app.services import anchors
from app.settings import ROOT, settings
from tests.cluster_keeper import TEMPLATE

RUN = "BALCAO_TEST_RUN"
T = TypeVar("T")


def pytest_configure(config: pytest.Config) -> None:
    """Give the run one folder, which the workers inherit, and settings that do not come from this shell."""
    for name in [name for name in os.environ if name.startswith(("DESK_", "PREFECT_"))]:
        del os.environ[name]
    if not hasattr(config, "workerinput") and RUN not in os.environ:  # else of a worker, or of a run of many runs
        folder = Path(tempfile.mkdtemp(prefix="balcao-test-"))
        folder.chmod(0o755)                                 # the server runs as another user when root tests
        (folder / "controller").write_text(str(os.getpid()))
        os.environ[RUN] = str(folder)
    os.environ["DESK_SECRET_KEY"] = "only-for-tests-" + "0" * 32
    os.environ["DESK_DATA_DIR"] = str(Path(os.environ[RUN]) / f"data-{_worker()}")


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


@pytest.fixture
def db(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """A clean database of the newest schema, set as DESK_DATABASE_URL; yields its address."""
    name = f"desk_{_worker()}"
    scene = CAST if CAST in request.fixturenames and CAST in KEPT else ""  # cloned at once with whom the test will ask for
    _clone(cluster, name, f"{name}_{scene}" if scene else TEMPLATE)
    monkeypatch.setenv("DESK_DATABASE_URL", cluster.url(name))
    forget_settings()
    anchors.path().unlink(missing_ok=True)  # it testifies of the database that was here before
    request.node.stash[STANDING] = scene
    yield cluster.url(name)
    forget_settings()


CAST: Final = "cast"
STANDING: Final = pytest.StashKey[str]()
KEPT: Final[dict[str, Any]] = {}  # scenes this worker has set once: what they told, by name
Scene = Callable[[str, Callable[[], T]], T]


@pytest.fixture
def scene(cluster: Cluster, db: str, request: pytest.FixtureRequest) -> Scene[Any]:
    """Set a scene in the test's database: built by the first test of this worker that asks for it, cloned for the others.

    A scene is named once, depends on the scenes set before it, and returns plain values (ids, numbers); what it returned
    then is returned again.
    """
    name = f"desk_{_worker()}"

    def set_(key: str, build: Callable[[], T]) -> T:
        if request.node.stash[STANDING] != key:
            if key in KEPT:
                database.forget()
                _clone(cluster, name, f"{name}_{key}")
            else:
                KEPT[key] = build()
                database.forget()  # a template with a connection left cannot be cloned
                _clone(cluster, f"{name}_{key}", name)
            request.node.stash[STANDING] = key
        return KEPT[key]  # type: ignore[no-any-return]

    return set_


def _clone(cluster: Cluster, name: str, template: str) -> None:
    with cluster.connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    cluster.create_database(name, template=template)


def forget_settings() -> None:
    """Close this process's connections and read the settings anew at the next use."""
    database.forget()
    settings.cache_clear()
