"""The private cluster: as root and as an ordinary user, beside and outside the checkout, again after a crash."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from app.platform import postgres
from app.platform.postgres import Cluster, PostgresError
from app.settings import ROOT

AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]     # the interpreter may be in a closed home
USED_BY_SCRIPT = """
import sys
from pathlib import Path
from app.platform.postgres import Cluster
with Cluster(Path(sys.argv[1]), durable=False) as cluster, cluster.connect() as connection:
    print(connection.execute("SELECT 40 + 2").fetchone()[0], Path(f"/proc/{cluster.pid()}").stat().st_uid)
"""


def test_both_extensions_work_and_data_stays_over_a_restart(open_folder: Path) -> None:
    with Cluster(open_folder / "pg", durable=False) as cluster:
        cluster.create_database("desk", extensions=postgres.EXTENSIONS)
        with cluster.connect("desk") as connection:
            connection.execute("CREATE TABLE kept AS SELECT unaccent('ação') AS word, similarity('abc', 'abc') AS alike")
    with Cluster(open_folder / "pg", durable=False) as cluster, cluster.connect("desk") as connection:
        assert connection.execute("SELECT word, alike FROM kept").fetchone() == ("acao", 1.0)


def test_the_server_never_runs_as_root(open_folder: Path) -> None:
    with Cluster(open_folder / "pg", durable=False) as cluster:
        owner = Path(f"/proc/{cluster.pid()}").stat().st_uid
        assert owner != 0
        assert cluster.data.stat().st_uid == owner


def test_an_ordinary_user_starts_it_too(open_folder: Path) -> None:
    root = os.geteuid() == 0
    if root:
        open_folder.chmod(0o777)
    command = [*(AS_NOBODY if root else []), sys.executable, "-c", USED_BY_SCRIPT, str(open_folder / "pg")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["42", str(65534 if root else os.geteuid())], done.stderr


def test_strangers_on_this_machine_need_the_password(open_folder: Path) -> None:
    with Cluster(open_folder / "pg", durable=False) as cluster:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host="127.0.0.1", port=cluster.port, user="desk", password="guessed", dbname="postgres")
        assert (open_folder / "pg/password").stat().st_mode & 0o077 == 0


def test_it_starts_again_after_a_crash(open_folder: Path, eventually: Callable[..., None]) -> None:
    cluster = Cluster(open_folder / "pg", durable=False)
    cluster.start()
    pid, port = cluster.pid(), cluster.port
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    cluster.stop()
    eventually(lambda: not cluster.is_running())
    cluster.data.chmod(0o755)  # as a copy leaves it: the server would refuse
    with cluster, cluster.connect() as connection:
        assert cluster.pid() != pid
        assert cluster.port == port
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_second_start_leaves_the_running_server_alone(open_folder: Path) -> None:
    with Cluster(open_folder / "pg", durable=False) as cluster:
        other = Cluster(open_folder / "pg", durable=False)
        other.start()
        assert other.pid() == cluster.pid()
        assert other.url() == cluster.url()


def test_a_closed_home_moves_the_data_to_where_the_server_may_go(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SHARED_STATE", open_folder / "shared")
    monkeypatch.setattr(postgres, "may", lambda user, test, path: "closed" not in str(path))
    cluster = Cluster(open_folder / "closed" / "pg", durable=False)
    with cluster:
        assert cluster.data.parent == open_folder / "shared"
        assert Cluster(open_folder / "closed" / "pg").pid() == cluster.pid()
    cluster.remove()
    assert list((open_folder / "shared").iterdir()) == []


def test_data_whose_folder_was_deleted_is_set_aside_and_not_destroyed(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SHARED_STATE", open_folder / "shared")
    monkeypatch.setattr(postgres, "may", lambda user, test, path: "closed" not in str(path))
    Cluster(open_folder / "closed" / "pg", durable=False).prepare()
    shutil.rmtree(open_folder / "closed")
    with Cluster(open_folder / "closed" / "pg", durable=False) as cluster, cluster.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    [old] = (open_folder / "shared").glob("*.before-*")
    assert (old / "PG_VERSION").is_file()


def test_older_servers_count_as_absent(tmp_path: Path) -> None:
    for version in ("9.6", "13", "14"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin/initdb").touch()
    assert postgres.system_binaries(tmp_path) is None
    (tmp_path / "17/bin").mkdir(parents=True)
    (tmp_path / "17/bin/initdb").touch()
    assert postgres.system_binaries(tmp_path) == tmp_path / "17/bin"


def test_without_any_server_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "system_binaries", lambda: None)
    monkeypatch.setattr(postgres, "embedded_binaries", lambda: None)
    with pytest.raises(PostgresError, match="apt-get install postgresql"):
        postgres.find_binaries()


def test_root_gets_an_ordinary_account() -> None:
    user = Cluster(Path("/nowhere")).user
    assert (user is None) == (os.geteuid() != 0)
    assert user is None or pwd.getpwuid(user.pw_uid).pw_uid != 0
