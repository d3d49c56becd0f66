"""A real PostgreSQL for the tests: one private cluster a run, one database a worker, cloned clean for each test that asks.

Tests use several connections, threads and processes, so nothing here rolls back: `db` drops the worker's database and
clones the migrated template anew (about 60 ms). A run that asks for no database starts no cluster.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from app import database
from app.platform.postgres import Cluster
from app.settings import ROOT, settings
from tests.cluster_keeper import TEMPLATE

RUN = "BALCAO_TEST_RUN"


def pytest_configure(config: pytest.Config) -> None:
    """Give the run one folder, which the workers inherit, and settings that do not come from this shell."""
    for name in [name for name in os.environ if name.startswith(("DESK_", "PREFECT_"))]:
        del os.environ[name]
    if not hasattr(config, "workerinput"):
        folder = Path(tempfile.mkdtemp(prefix="balcao-test-"))
        folder.chmod(0o755)                                 # the server runs as another user when root tests
        (folder / "controller").write_text(str(os.getpid()))
        os.environ[RUN] = str(folder)
    os.environ["DESK_SECRET_KEY"] = "only-for-tests-" + "0" * 32
    os.environ["DESK_DATA_DIR"] = str(Path(os.environ[RUN]) / f"data-{_worker()}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's folder when no cluster runs there (else its keeper does)."""
    folder = Path(os.environ[RUN])
    if not hasattr(config, "workerinput") and not (folder / "ready").exists():
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
def db(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A clean database of the newest schema, set as DESK_DATABASE_URL; yields its address."""
    name = f"desk_{_worker()}"
    with cluster.connect() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    cluster.create_database(name, template=TEMPLATE)
    monkeypatch.setenv("DESK_DATABASE_URL", cluster.url(name))
    forget_settings()
    yield cluster.url(name)
    forget_settings()


def forget_settings() -> None:
    """Close this process's connections and read the settings anew at the next use."""
    database.forget()
    settings.cache_clear()
