"""`desk demo` as a process of its own, and what really happened in its directory and its mailboxes."""

import mailbox
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pytest

from app.platform import company, ports, slapd_audit
from app.platform.slapd import Slapd
from app.settings import ROOT

T = TypeVar("T")
START_SECONDS, PATIENCE = 280, 120
COMMAND = [sys.executable, "-c", "from app.cli import main; main()", "demo", "--no-browser"]
PLAYER = re.compile(r"│ (\w+(?: other)?) +│ (\S+-\d\d) ")


class Demonstration:
    """One demonstration with a folder, a port and passwords of its own, from its first start to its last trace."""

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="balcao-journeys-"))
        self.folder.chmod(0o755)  # its servers run as another user when root tests
        self.port = ports.free_port()
        self.screen = self.folder / "screen"
        self.catalog = Path(shutil.copytree(ROOT / "catalog", self.folder / "catalog"))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("DESK_", "PREFECT_"))}
        with self.screen.open("w") as file:
            self._process = subprocess.Popen(
                [*COMMAND, "--port", str(self.port), "--data", str(self.folder / "data")], cwd=ROOT,
                env=environment | {"COLUMNS": "200", "DESK_CATALOG_DIR": str(self.catalog)}, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            )  # fmt: skip
        try:
            self.until(self._is_ready, START_SECONDS)
        except BaseException:
            self._end()
            raise
        self.passwords = dict(PLAYER.findall(self.screen.read_text()))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        code = self._end()
        assert code == 0 or error, "the demonstration did not end well"

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    def password(self, login: str) -> str:
        """Return the password that was on the screen."""
        return str(self.passwords.get(login) or self.passwords["any other"])

    def until(self, question: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Return the first true answer, or fail with what the demonstration has said last."""
        deadline = time.monotonic() + seconds
        while not (answer := question()):
            if time.monotonic() > deadline or self._process.poll() is not None:
                pytest.fail(f"It did not happen within {seconds} s:\n{self.screen.read_text()[-6000:]}")
            time.sleep(0.1)
        return answer

    def members_added(self, group: str) -> list[str]:
        """Return who was added to a group, as the directory itself wrote it down, oldest first."""
        server = Slapd(self.folder / "data" / "slapd", company.BASE, "")
        changes = slapd_audit.membership_changes(server.audit_file)
        return [value for change in changes if change.dn.startswith(f"cn={group},") for value in change.values("member")]

    def mails(self, login: str) -> list[tuple[str, str]]:
        """Return subject and text of what the mail server has taken for somebody."""
        box = mailbox.Maildir(self.folder / "data" / "mail", create=False)
        found = [BytesParser(EmailMessage, policy=policy.default).parsebytes(box.get_bytes(key)) for key in box.keys()]  # noqa: SIM118  not a dict
        mine = [mail for mail in found if f"{login}@" in str(mail["X-Envelope-To"])]
        return [(str(mail["Subject"]), _text(mail)) for mail in mine]

    def _is_ready(self) -> bool:
        return "Ready:" in self.screen.read_text()

    def _end(self) -> int:
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(90)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its supervisor dies with it, and each process with the supervisor
            return self._process.wait()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()) if isinstance(body, EmailMessage) else ""
