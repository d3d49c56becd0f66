"""The doctor names what is missing and the one line that mends it."""

import socket
from pathlib import Path

import pytest

from app.platform import doctor, ports, postgres, slapd_setup
from tests.databases import forget_settings


@pytest.fixture(autouse=True)
def _free_port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DESK_PORT", str(ports.free_port()))
    monkeypatch.setenv("DESK_DATA_DIR", str(tmp_path))
    forget_settings()


def findings(part: str) -> list[doctor.Finding]:
    return [finding for finding in doctor.examine() if part in finding.text]


def test_a_missing_postgresql_is_essential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "system_binaries", lambda: None)
    monkeypatch.setattr(postgres, "embedded_binaries", lambda: None)
    [found] = findings("PostgreSQL")
    assert found.is_essential_fault
    assert found.mend == "apt-get install postgresql && ./desk up"


def test_a_missing_slapd_is_not_essential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slapd_setup, "program", lambda: None)
    [found] = findings("slapd is missing")
    assert not found.is_essential_fault
    assert found.mend == "apt-get install slapd"


def test_a_taken_port_names_a_free_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("DESK_PORT", str(port))
        forget_settings()
        [found] = findings(f"port {port}")
    assert found.is_essential_fault
    assert found.mend.startswith("DESK_PORT=")


def test_wrong_settings_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_WORKER_LIMIT", "many")
    forget_settings()
    [found] = doctor.examine()
    monkeypatch.undo()
    forget_settings()
    assert found.is_essential_fault
    assert "DESK_WORKER_LIMIT" in found.text


def test_a_database_that_does_not_answer_is_essential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_DATABASE_URL", f"postgresql+psycopg://desk:x@127.0.0.1:{ports.free_port()}/desk")
    forget_settings()
    [found] = findings("does not answer")
    assert found.is_essential_fault
    assert "DESK_DATABASE_URL" in found.mend


def test_a_good_database_is_said_to_be_good(db: str) -> None:
    [found] = findings("database answers")
    assert found.weight == "good"


def test_every_fault_has_a_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "system_binaries", lambda: None)
    monkeypatch.setattr(postgres, "embedded_binaries", lambda: None)
    monkeypatch.setattr(slapd_setup, "program", lambda: None)
    monkeypatch.setenv("DESK_NOTHING_READS_THIS", "1")
    faults = [finding for finding in doctor.examine() if finding.weight != "good"]
    assert len(faults) >= 3
    assert all(finding.mend for finding in faults)
