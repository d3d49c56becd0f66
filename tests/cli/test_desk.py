"""The command line as people meet it: quick help, plain refusals, and the running installation's addresses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app import cli
from app.rules.errors import Unavailable
from app.rules.words import t
from app.settings import ROOT, settings

HEAVY = ("prefect", "sqlalchemy", "flask", "alembic")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_help_names_every_command_without_reading_anything_heavy() -> None:
    code = ("import sys; from app.cli import desk; from click.testing import CliRunner; "
            "print(CliRunner().invoke(desk, ['--help']).output); "
            f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "HEAVY []" in done.stdout, done.stdout + done.stderr
    for command in ("up", "demo", "doctor", "config", "db"):
        assert f"\n  {command} " in done.stdout


def test_wrong_settings_are_one_plain_answer(tmp_path: Path) -> None:
    done = run("config", "check", DESK_PORT="x", DESK_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "DESK_PORT (from environment) is a text of 1 characters; allowed: a whole number from 1 to 65535" in done.stderr
    assert "Traceback" not in done.stderr


def test_config_check_warns_of_unknown_names(tmp_path: Path) -> None:
    done = run("config", "check", DESK_PROT="1", DESK_DATA_DIR=str(tmp_path))
    assert done.returncode == 0
    assert "did you mean DESK_PORT?" in done.stderr


def test_config_show_hides_secrets(tmp_path: Path) -> None:
    done = run("config", "show", DESK_SECRET_KEY="very-secret-indeed", DESK_DATA_DIR=str(tmp_path))
    assert "DESK_SECRET_KEY" in done.stdout
    assert "very-secret-indeed" not in done.stdout


def test_a_refusal_is_a_sentence_and_exit_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise Unavailable(t("The database sleeps."))

    monkeypatch.setattr(cli, "desk", refuse)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "desk: The database sleeps." in capsys.readouterr().err


def test_commands_find_the_installation_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"pid": os.getpid(), "environment": {"DESK_DATABASE_URL": "postgresql://here", "DESK_MAIL_FROM": "theirs"}}
    (tmp_path / "run.json").write_text(json.dumps(found))
    monkeypatch.setenv("DESK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DESK_MAIL_FROM", "mine")
    monkeypatch.delenv("DESK_DATABASE_URL", raising=False)
    cli.attach()
    try:
        assert os.environ["DESK_DATABASE_URL"] == "postgresql://here"
        assert os.environ["DESK_MAIL_FROM"] == "mine"
    finally:
        os.environ.pop("DESK_DATABASE_URL")


def test_one_that_ended_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"pid": 2**22 + 1, "environment": {"DESK_DATABASE_URL": "gone"}}))
    monkeypatch.setenv("DESK_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DESK_DATABASE_URL", raising=False)
    cli.attach()
    assert "DESK_DATABASE_URL" not in os.environ


def test_the_schema_is_newest_in_a_fresh_database(db: str) -> None:
    result = CliRunner().invoke(cli.desk, ["db", "current"])
    assert result.exit_code == 0, result.output
    assert "newest" in result.output


def test_upgrade_says_that_there_is_nothing_to_do(db: str) -> None:
    result = CliRunner().invoke(cli.desk, ["db", "upgrade"])
    assert result.exit_code == 0, result.output
    assert "nothing to do" in result.output
    assert settings().database_url.get_secret_value() == db
