"""Which servers an installation starts itself, what each process is told, and what is kept secret and remembered."""

import json
import os
import socket
from pathlib import Path

import pytest
from rich.console import Console

from app.platform import ports, running
from app.platform.installation import Installation
from app.platform.keys import kept_or_made
from app.platform.startup import StartError, Startup
from app.platform.terminal import Follower, LogStream, readable

OUTSIDE = {
    "DESK_DATABASE_URL": "postgresql://desk:x@db.example/desk",
    "DESK_LDAP_URL": "ldaps://ldap.example",
    "DESK_SMTP_HOST": "smtp.example",
    "DESK_PREFECT_API_URL": "http://prefect.example/api",
}


def names(place: Installation) -> list[str]:
    return [process.name for process in place.processes()]


def test_up_starts_everything_but_the_demonstration(open_folder: Path) -> None:
    place = Installation(open_folder, "127.0.0.1", 8080, demo=False, given={})
    assert place.cluster is not None
    place.cluster.prepare()
    assert names(place) == ["postgres", "prefect", "register", "worker", "relay", "web", "live"]


def test_nothing_is_started_for_what_the_operator_points_elsewhere(tmp_path: Path) -> None:
    place = Installation(tmp_path, "127.0.0.1", 8080, demo=True, given=OUTSIDE)
    assert names(place) == ["register", "worker", "relay", "web", "live"]
    environment = place.environment()
    assert {name: environment[name] for name in OUTSIDE} == OUTSIDE
    assert not any(name.startswith("PREFECT_API_AUTH") for name in environment)


def test_each_secret_goes_only_where_it_is_needed(open_folder: Path) -> None:
    place = Installation(open_folder, "127.0.0.1", 8080, demo=False, given={})
    assert place.cluster is not None
    place.cluster.prepare()
    plans = {process.name: process.plan.environment for process in place.processes()}
    assert plans["web"]["DESK_SECRET_KEY"] == place.keys.secret_key
    assert plans["prefect"]["PREFECT_SERVER_API_AUTH_STRING"] == place.keys.prefect_auth_string
    assert not any(name.startswith("DESK_") for name in plans["prefect"] | plans["postgres"])
    assert place.keys.secret_key not in plans["postgres"].values()


def test_a_secret_given_as_a_file_is_not_overridden(tmp_path: Path) -> None:
    given = OUTSIDE | {"DESK_SECRET_KEY_FILE": "/run/secrets/key"}
    assert "DESK_SECRET_KEY" not in Installation(tmp_path, "127.0.0.1", 8080, demo=False, given=given).environment()


def test_keys_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "secrets.toml"
    keys = kept_or_made(file)
    assert len(keys.secret_key) >= 48
    assert file.stat().st_mode & 0o077 == 0
    assert kept_or_made(file) == keys
    assert kept_or_made(tmp_path / "other.toml") != keys


def test_a_port_is_remembered_until_somebody_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "port"
    port = ports.remembered_port(file)
    assert ports.remembered_port(file) == port
    with socket.create_server(("127.0.0.1", port)):
        assert ports.remembered_port(file) != port


def test_two_starts_of_one_data_folder_are_refused(tmp_path: Path) -> None:
    with running.claim(tmp_path):
        running.Running(os.getpid(), "/run/x", "http://127.0.0.1:8080", {}).write(tmp_path)
        with pytest.raises(running.AlreadyRunning, match=r"already runs .* at http://127\.0\.0\.1:8080"):
            running.claim(tmp_path)
    running.claim(tmp_path).close()


def test_what_runs_is_told_to_the_owner_only(tmp_path: Path) -> None:
    found = running.Running(os.getpid(), "/run/x", "http://127.0.0.1:8080", {"DESK_SECRET_KEY": "s"})
    found.write(tmp_path)
    assert (tmp_path / "run.json").stat().st_mode & 0o077 == 0
    assert running.Running.read(tmp_path) == found
    (tmp_path / "run.json").write_text(json.dumps({**vars(found), "pid": 2**22 + 1}))
    assert running.Running.read(tmp_path) is None


def test_a_busy_web_port_is_refused_with_the_mend(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = Installation(tmp_path, "127.0.0.1", taken.getsockname()[1], demo=False, given={})
        with pytest.raises(StartError, match=r"is taken by another program\. Mend: .*--port \d+"):
            Startup(place, Console())


def test_a_start_removes_what_a_killed_one_left_behind(tmp_path: Path) -> None:
    left = tmp_path / "of-a-killed-supervisor"
    left.mkdir()
    (left / "web.json").write_text("secrets")
    running.note_supervisor(tmp_path, left)
    running.forget_supervisor(tmp_path)
    assert not left.exists()
    running.forget_supervisor(tmp_path)                # nothing left to do is no fault


def test_a_json_line_is_readable_and_other_lines_stay() -> None:
    line = json.dumps({"event": "page served", "level": "info", "timestamp": "2026-11-21T10:00:01Z", "path": "/", "ms": 4})
    assert readable("web", line, "cyan").plain == "web       │ 10:00:01 page served  path=/ ms=4"
    assert readable("web", "plain words", "cyan").plain == "web       │ plain words"
    assert readable("web", "[1, 2]", "cyan").plain == "web       │ [1, 2]"


def test_logs_are_followed_through_rotation_and_halves_of_lines(tmp_path: Path) -> None:
    file = tmp_path / "web.log"
    follower = Follower("web", file)
    assert follower.new_lines() == []
    file.write_text("one\ntw")
    assert follower.new_lines() == ["one"]
    with file.open("a") as stream:
        stream.write("o\n")
    assert follower.new_lines() == ["two"]
    file.rename(tmp_path / "web.log.1")
    file.write_text("three\n")
    assert follower.new_lines() == ["three"]


def test_a_stream_begins_where_the_files_ended(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("of yesterday\n")
    console = Console(record=True, width=100, file=(tmp_path / "screen").open("w"))
    stream = LogStream(console, {"web": tmp_path / "web.log"})
    with (tmp_path / "web.log").open("a") as file:
        file.write("of today\n")
    stream.show()
    shown = console.export_text()
    console.file.close()
    assert "of today" in shown
    assert "of yesterday" not in shown
