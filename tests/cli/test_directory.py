"""`desk directory test | sync` against a real slapd."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.directory import directory as command
from app.directory import directory
from app.platform import demo_directory
from app.platform.slapd import Slapd
from app.settings import settings
from tests.directory.company_ldif import BASE, company


@pytest.fixture
def server(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slapd]:
    folder = Path(tempfile.mkdtemp(prefix="desk-cli-"))
    folder.chmod(0o755)
    found = Slapd(folder / "slapd", BASE, company())
    found.start()
    for name, value in demo_directory.settings(found).items():
        monkeypatch.setenv(f"DESK_{name}", value)
    settings.cache_clear()
    directory.cache_clear()
    yield found
    found.remove()
    shutil.rmtree(folder, ignore_errors=True)
    directory.cache_clear()


def test_the_directory_is_described_with_what_is_missing_in_it(server: Slapd) -> None:
    said = CliRunner().invoke(command, ["test", "--login", "ana"])
    assert said.exit_code == 0
    for words in ("ldap ldap://127.0.0.1", "private", "5 people, 0 of them disabled, 4 without a manager", "3 groups, 2 without an owner", "Ana Ribeiro"):
        assert words in said.output
    assert server.service_password not in said.output


def test_a_directory_that_is_down_is_said_with_exit_code_1(server: Slapd) -> None:
    server.stop()
    said = CliRunner().invoke(command, ["test"])
    assert said.exit_code == 1
    assert "does not answer" in said.output


def test_a_sync_says_what_changed_and_the_next_one_that_nothing_did(server: Slapd) -> None:
    first = CliRunner().invoke(command, ["sync"])
    assert "people new 5" in first.output
    assert CliRunner().invoke(command, ["sync"]).output.strip() == "nothing to change"
