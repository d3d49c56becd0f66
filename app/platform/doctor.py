"""What `desk doctor` looks at: each finding says what is so, and the one line that mends it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from sqlalchemy.exc import SQLAlchemyError

from app import config_files, settings_check
from app.platform import ports, postgres, probes, schema, slapd_setup
from app.platform.running import Running
from app.reports import goals
from app.rules.errors import DeskError
from app.settings import Settings, settings

ROOM = 1024**3
SIGNS = {"good": ("ok  ", "green"), "optional": ("note", "yellow"), "essential": ("MISS", "red")}


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `weight` is good, optional (works without) or essential (does not)."""

    weight: str
    text: str
    mend: str = ""

    @property
    def sign(self) -> str:
        """Four letters for the start of the line."""
        return SIGNS[self.weight][0]

    @property
    def colour(self) -> str:
        """The colour of the sign."""
        return SIGNS[self.weight][1]

    @property
    def is_essential_fault(self) -> bool:
        """The desk does not work like this."""
        return self.weight == "essential"


def examine() -> list[Finding]:
    """Look at everything; wrong settings end the examination, because all else depends on them."""
    try:
        settings()
    except settings_check.WrongSettings as error:
        return [Finding("essential", str(error), "correct or unset the variables named above; ./desk config show lists all")]
    found = [Finding("optional", line, "unset it, or correct its name") for line in settings_check.warnings(Settings.model_fields)]
    for look in LOOKS:
        found.extend(look())
    return found


def _python() -> Iterator[Finding]:
    yield Finding("good", f"Python {'.'.join(map(str, sys.version_info[:3]))}")     # ./desk lets no older one pass


def _files() -> Iterator[Finding]:
    faults = config_files.faults(goals.goals)
    for fault in faults:
        yield Finding("essential", fault, "correct that line, then: ./desk config check")
    if not faults:
        yield Finding("good", f"files of {settings().config_dir}")


def _data_folder() -> Iterator[Finding]:
    data = settings().data_dir
    existing = next(folder for folder in (data, *data.absolute().parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        yield Finding("essential", f"{existing} cannot be written by this user", f"chown -R $(id -u) {existing}")
    elif (free := shutil.disk_usage(existing).free) < ROOM:
        yield Finding("essential", f"{existing} has {free // 1024**2} MiB left; 1024 are wanted", f"free some room on the disk of {existing}")
    else:
        yield Finding("good", f"data folder {data}")


def _postgresql() -> Iterator[Finding]:
    if settings().database_url.get_secret_value():
        return                                      # looked at by _database
    try:
        yield Finding("good", f"PostgreSQL from {postgres.find_binaries()}")
    except postgres.PostgresError as error:
        yield Finding("essential", str(error).partition(" Mend:")[0], "apt-get install postgresql && ./desk up")


def _directory() -> Iterator[Finding]:
    ldap = find_spec("ldap") is not None
    if not ldap:
        yield Finding("optional", "python-ldap is missing: no directory can be reached",
                      "apt-get install gcc python3-dev libldap2-dev libsasl2-dev && ./desk up")
    if slapd_setup.program() is None:
        yield Finding("optional", "slapd is missing: the demonstration uses a twin in the database", "apt-get install slapd")
    elif ldap:
        yield Finding("good", "python-ldap and slapd")


def _ports() -> Iterator[Finding]:
    running = Running.read(settings().data_dir)
    if running is not None:
        yield Finding("good", f"the desk runs at {running.address} (process {running.pid})")
    elif ports.is_free(settings().port):
        yield Finding("good", f"port {settings().port} is free")
    else:
        yield Finding("essential", f"port {settings().port} is taken by another program",
                      f"DESK_PORT={ports.free_port()} ./desk up")


def _database() -> Iterator[Finding]:
    if not settings().database_url.get_secret_value():
        return                                      # private, and not running now
    try:
        found, newest = schema.revisions()
    except (DeskError, SQLAlchemyError) as error:
        reason = str(error).splitlines()[0]
        yield Finding("essential", f"the database does not answer: {reason}", "start it, or correct DESK_DATABASE_URL")
        return
    if found == newest:
        yield Finding("good", f"database answers, schema {found}")
    else:
        yield Finding("essential", f"the database's schema is {found or 'empty'}, the code expects {newest}", "./desk db upgrade")


def _engine() -> Iterator[Finding]:
    if Running.read(settings().data_dir) is None and settings_check.source("prefect_api_url") == "default":
        return
    address = settings().prefect_api_url.rstrip("/")
    if probes.answers(f"{address}/ready", settings().prefect_auth_string.get_secret_value()):
        yield Finding("good", f"Prefect answers at {address}")
    else:
        yield Finding("optional", f"Prefect does not answer at {address}: requests are taken, and carried out later",
                      "start it, or correct DESK_PREFECT_API_URL and DESK_PREFECT_AUTH_STRING")


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python, _files, _data_folder, _postgresql, _directory, _ports, _database, _engine,
)
