"""A private OpenLDAP server: the company's directory of `desk demo`, and the real directory of the tests.

It listens on loopback only, runs as an ordinary user, keeps its data between starts, and writes every successful change
to `audit.ldif`, so that anyone can count what really happened in the directory (app/platform/slapd_audit.py).
It never touches the system's own slapd: configuration, data and process are this folder's.
"""

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from app.platform.accounts import as_user, give, may, ordinary_user
from app.platform.certificates import ServerCertificate
from app.platform.ports import LOOPBACK, remembered_port
from app.platform.postgres import SHARED_STATE
from app.platform.slapd_setup import (
    CONFIGURATION,
    CONFINED,
    MODULES,
    SCHEMA_NAMES,
    SCHEMAS,
    SlapdError,
    first_folder,
    has_argon2,
    program,
    salted_hash,
)

LONGEST_SOCKET = 100                    # the kernel's limit is 108 bytes, with the end


class Slapd:
    """One private directory in a folder: `config/`, `data/`, `audit.ldif`, `slapd.log`, `port` and two password files."""

    def __init__(self, directory: Path, base_dn: str, ldif: Path | str | Callable[[], str], *, schema_ldif: Path | None = None,
                 tls: ServerCertificate | None = None, size_limit: int = 500, own_copy: bool | None = None) -> None:
        """Describe a server for `base_dn`; `ldif` (a file, text, or what makes it) fills it once, `size_limit` holds for searches that are not paged.

        `own_copy` runs a copy of the program: AppArmor's rules for the system's slapd would keep it out of our folder.
        """
        self.directory = directory.absolute()
        self.base_dn = base_dn
        self.size_limit = size_limit
        self.tls = tls
        self.user = ordinary_user()
        self._ldif = ldif
        self._schema_ldif = schema_ldif
        self._own_copy = CONFINED.is_file() if own_copy is None else own_copy
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    @property
    def home(self) -> Path:
        """The server's own files: beside us, or under /var/lib/balcao when the server's user may not come here."""
        note = self.directory / "location"
        return Path(note.read_text().strip()) if note.is_file() else self.directory / "server"

    @property
    def port(self) -> int:
        """The loopback port: kept over restarts while it is free."""
        if self._port is None:
            file = self.directory / "port"
            self._port = int(file.read_text()) if self.is_running() else remembered_port(file)
        return self._port

    @property
    def url(self) -> str:
        """The address for clients without TLS, or with StartTLS."""
        return f"ldap://{LOOPBACK}:{self.port}"

    @property
    def tls_url(self) -> str:
        """The address for clients that start with TLS; only when the server has a certificate."""
        return f"ldaps://{LOOPBACK}:{self.tls_port}"

    @property
    def tls_port(self) -> int:
        """The second port, for LDAPS."""
        file = self.directory / "tls-port"
        return int(file.read_text()) if file.is_file() else remembered_port(file)

    @property
    def socket_url(self) -> str | None:
        """The address of the Unix socket, or None where its path would be too long."""
        path = str(self.home / "ldapi")
        return f"ldapi://{quote(path, safe='')}" if len(path) <= LONGEST_SOCKET else None

    @property
    def admin_dn(self) -> str:
        """Who may do everything; for the demonstration and tests, never for the desk."""
        return f"cn=admin,{self.base_dn}"

    @property
    def admin_password(self) -> str:
        """The administrator's password, made at random on the first start."""
        return (self.directory / "admin.password").read_text().strip()

    @property
    def service_dn(self) -> str:
        """The desk's own account: it reads people and groups, and changes the members of groups, nothing else."""
        return f"cn=desk,{self.base_dn}"

    @property
    def service_password_file(self) -> Path:
        """The file with the desk's password, for DESK_LDAP_BIND_PASSWORD_FILE."""
        return self.directory / "service.password"

    @property
    def service_password(self) -> str:
        """The desk's password, made at random on the first start."""
        return self.service_password_file.read_text().strip()

    @property
    def audit_file(self) -> Path:
        """Every successful change, as LDIF."""
        return self.home / "audit.ldif"

    def prepare(self) -> None:
        """Make configuration and data when they are not there yet."""
        if (self.directory / "complete").is_file():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        if not may(self.user, "-x", self.directory):
            name = hashlib.sha256(str(self.directory).encode()).hexdigest()[:12]
            (self.directory / "location").write_text(f"{SHARED_STATE / f'slapd-{name}'}\n")
        shutil.rmtree(self.home, ignore_errors=True)             # what a start that was cut short left behind
        for folder in (self.home, self.home / "config", self.home / "data"):
            folder.mkdir(mode=0o700, parents=True)
            give(folder, self.user)
        for name in ("admin.password", "service.password"):
            if not (self.directory / name).is_file():
                write_secret(self.directory / name, secrets.token_urlsafe(24) + "\n")
        self._load(0, self._configuration())
        if self._schema_ldif is not None:
            self._load(0, self._schema_ldif.read_text("utf-8"), tool="modify")
        self._load(1, f"{self._entries().rstrip()}\n\n{self._service_entry()}")
        (self.directory / "complete").touch()

    def _entries(self) -> str:
        if isinstance(self._ldif, Path):
            return self._ldif.read_text("utf-8")
        return self._ldif if isinstance(self._ldif, str) else self._ldif()

    def reconfigure(self, ldif: str) -> None:
        """Change the configuration of a server that is stopped, by LDIF with `changetype: modify`."""
        self._load(0, ldif, tool="modify")

    def _load(self, database: int, ldif: str, tool: str = "add") -> None:
        options = ["-T", tool, "-n", str(database), "-F", str(self.home / "config"), *(["-q"] if tool == "add" else [])]
        done = subprocess.run([self._program(), *options], input=ldif, capture_output=True, text=True, check=False,
                              **as_user(self.user))
        if done.returncode != 0:
            raise SlapdError(f"slapd refused the {'configuration' if database == 0 else 'entries'}: {done.stderr.strip()}")

    def _configuration(self) -> str:
        schemas = first_folder(SCHEMAS, "core.ldif")
        tls = "" if self.tls is None else "".join(f"{name}: {path}\n" for name, path in (
            ("olcTLSCACertificateFile", self.tls.authority),
            ("olcTLSCertificateFile", self.tls.certificate), ("olcTLSCertificateKeyFile", self.tls.key)))
        return CONFIGURATION.format(
            pid_file=self.home / "slapd.pid", modules=first_folder(MODULES, "back_mdb*"), tls=tls, data=self.home / "data", audit=self.audit_file,
            includes="\n".join(f"include: file://{schemas}/{name}.ldif" for name in SCHEMA_NAMES),
            argon2="olcModuleLoad: argon2\n" if has_argon2() else "", base=self.base_dn, limit=self.size_limit,
            admin=self.admin_dn, admin_hash=salted_hash(self.admin_password), service=self.service_dn,
        )

    def _service_entry(self) -> str:
        return (f"dn: {self.service_dn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: desk\n"
                f"description: The service desk\nuserPassword: {salted_hash(self.service_password)}\n")

    def command(self) -> list[str]:
        """Return the command of the server in the foreground, for a supervisor that runs it as `self.user`."""
        urls = [self.url, *([self.tls_url] if self.tls else []), *([self.socket_url] if self.socket_url else [])]
        return [self._program(), "-F", str(self.home / "config"), "-h", " ".join(urls), "-d", "0"]

    def start(self, timeout: float = 20) -> None:
        """Start the server and return when it answers; one that runs already is left as it is."""
        self.prepare()
        if not self.is_running():
            with (self.directory / "slapd.log").open("ab") as log:
                self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                 start_new_session=True, **as_user(self.user))
        self.wait(timeout)

    def wait(self, timeout: float = 20) -> None:
        """Return when the server answers."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                socket.create_connection((LOOPBACK, self.port), timeout=2).close()
                return
            except OSError as error:
                ended = self._process is not None and self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise SlapdError(f"slapd does not answer: {error}\n{self._log_tail()}") from error
                time.sleep(0.02)

    def pid(self) -> int | None:
        """Return the server's process id while it lives."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        try:
            pid = int((self.home / "slapd.pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        return pid if str(self.home).encode() in command else None      # the id may have been given to another program

    def is_running(self) -> bool:
        """Say whether this folder's server lives."""
        return self.pid() is not None

    def signal(self, number: signal.Signals) -> None:
        """Send the server a signal: SIGSTOP makes it hang, SIGKILL ends it as a power cut would."""
        if (pid := self.pid()) is not None:
            os.kill(pid, number)

    def stop(self, timeout: float = 10) -> None:
        """End the server cleanly; after `timeout` seconds, by force."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while self.is_running():
            if time.monotonic() > deadline:
                self.signal(signal.SIGKILL)
            time.sleep(0.02)
        self._process = self._port = None

    def remove(self) -> None:
        """Stop the server and delete all of its files."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _program(self) -> str:
        found = program()
        if found is None:
            raise SlapdError("No slapd here. Mend: apt-get install slapd")
        if not self._own_copy:
            return str(found)
        copy = self.home / "slapd"
        if not copy.is_file() or copy.stat().st_mtime < found.stat().st_mtime:
            shutil.copyfile(found, copy)
            copy.chmod(0o755)
        return str(copy)

    def _log_tail(self) -> str:
        log = self.directory / "slapd.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.is_file() else ""


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(text)
