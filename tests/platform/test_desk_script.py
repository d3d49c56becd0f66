"""What ./desk decides: which packages are missing, which Python to take, when all is set up, how tests are run."""

import importlib.util
import json
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from app.settings import ROOT


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = SourceFileLoader("desk_script", str(ROOT / "desk"))
    spec = importlib.util.spec_from_loader("desk_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    venv = tmp_path / ".venv"
    monkeypatch.setattr(module, "VENV", venv)
    monkeypatch.setattr(module, "STAMP", venv / "balcao-setup.json")
    return module


def machine(root: Path, *files: str) -> Path:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def set_up_with(script: ModuleType, **stamp: object) -> None:
    (script.VENV / "bin").mkdir(parents=True)
    (script.VENV / "bin/desk").touch()
    script.STAMP.write_text(json.dumps({"inputs": script.inputs(), **stamp}))


def test_a_bare_machine_lacks_everything_and_chromium_only_for_tests(script: ModuleType, tmp_path: Path) -> None:
    essential, optional = script.missing_packages(True, tmp_path, which=lambda name: None, python="/nowhere/python")
    assert essential == ["python3-venv"]
    assert optional == ["postgresql", "gcc", "python3-dev", "libldap2-dev", "libsasl2-dev", "slapd", "ldap-utils", "chromium"]
    assert "chromium" not in script.missing_packages(False, tmp_path, which=lambda name: None)[1]


def test_a_complete_machine_lacks_nothing(script: ModuleType, tmp_path: Path) -> None:
    root = machine(tmp_path, "usr/lib/postgresql/15/bin/initdb", "usr/include/ldap.h", "usr/include/sasl/sasl.h", "usr/sbin/slapd")
    essential, optional = script.missing_packages(True, root, which=lambda name: f"/usr/bin/{name}", python=sys.executable)
    assert essential == []
    assert set(optional) <= {"python3-dev"}            # whether this very interpreter has its headers is its own affair


@pytest.mark.parametrize(("versions", "newest"), [([], 0), (["14"], 14), (["9.6", "13"], 13), (["14", "17", "15"], 17)])
def test_the_newest_server_counts(script: ModuleType, tmp_path: Path, versions: list[str], newest: int) -> None:
    machine(tmp_path, *(f"usr/lib/postgresql/{version}/bin/initdb" for version in versions))
    assert script.postgresql_version(tmp_path) == newest


def test_an_older_server_is_not_enough(script: ModuleType, tmp_path: Path) -> None:
    root = machine(tmp_path, "usr/lib/postgresql/14/bin/initdb")
    assert "postgresql" in script.missing_packages(False, root, which=lambda name: name)[1]


@pytest.mark.parametrize(("has", "chosen"), [
    ({"python3.13": "3 13", "python3": "3 9"}, "/bin/python3.13"),
    ({"python3": "3 11"}, "/bin/python3"),
    ({"python3": "3 10"}, None),
    ({}, None),
])
def test_the_first_interpreter_that_is_new_enough_is_taken(script: ModuleType, has: dict[str, str], chosen: str | None) -> None:
    def ask(command: list[str]) -> str:
        return f"/bin/{command[0]} {has[command[0]]}" if command[0] in has else ""

    assert script.find_python(ask=ask) == chosen


def test_a_stamp_of_these_lock_files_makes_the_start_quick(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "postgresql_version", lambda: 15)
    assert not script.is_set_up(False)
    set_up_with(script, testing=False, ldap=True, embedded=False)
    assert script.is_set_up(False)
    assert not script.is_set_up(True)                  # the test packages are not there yet


@pytest.mark.parametrize(("stamp", "headers", "version"), [
    ({"ldap": False, "embedded": False}, True, 15),    # LDAP can be built since
    ({"ldap": True, "embedded": False}, True, 0),      # the system's PostgreSQL went away
    ({"inputs": "of older lock files", "ldap": True, "embedded": True}, True, 15),
])
def test_what_changed_since_is_set_up_again(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, stamp: dict[str, object], headers: bool, version: int
) -> None:
    monkeypatch.setattr(script, "postgresql_version", lambda: version)
    monkeypatch.setattr(script, "has_ldap_headers", lambda: headers)
    set_up_with(script, **stamp)
    assert not script.is_set_up(False)


def test_a_mirror_set_for_pip_serves_uv_too(script: ModuleType) -> None:
    given = {"PIP_INDEX_URL": "https://mirror.example/simple", "PIP_CERT": "/etc/ca.pem", "VIRTUAL_ENV": "/other"}
    environment = script.environment_for_uv(given)
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert environment["SSL_CERT_FILE"] == "/etc/ca.pem"
    assert "VIRTUAL_ENV" not in environment


def test_without_rights_the_one_line_to_run_is_printed(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "missing_packages", lambda *args, **options: ([], ["slapd", "gcc"]))
    monkeypatch.setattr(script.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(script.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(script, "run", lambda command, **options: command[:3] != ["sudo", "-n", "true"])
    script.install_packages(False, "python3")
    assert "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends slapd gcc'" in capsys.readouterr().out


def test_without_sudo_root_is_asked(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "missing_packages", lambda *args, **options: (["python3-venv"], []))
    monkeypatch.setattr(script.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(script.shutil, "which", lambda name: None if name == "sudo" else f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(script.SetupError, match=r"cannot go on without python3-venv\. Mend: apt-get update"):
        script.install_packages(False, "python3")
    assert "run once, as root:  apt-get update" in capsys.readouterr().out


def test_installing_starts_no_service_and_puts_everything_back(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[list[str]] = []

    def note(command: list[str], **options: object) -> bool:
        said.append(list(map(str, command)))
        return True

    monkeypatch.setattr(script, "run", note)
    monkeypatch.setattr(script.subprocess, "run", note)
    monkeypatch.setattr(script.Path, "exists", lambda path: False)
    script.apt([], ["postgresql", "slapd"])
    written = [command[4] for command in said if command[:2] == ["sh", "-c"]]
    assert written == ["/usr/sbin/policy-rc.d", "/etc/postgresql-common/createcluster.d/balcao.conf"]
    assert ["debconf-set-selections"] in said
    assert said[-2:] == [["rm", "-f", path] for path in written]


def test_a_whole_test_run_checks_types_and_contracts_and_leaves_the_slow_lane_out(script: ModuleType) -> None:
    checks, pytest_command = script.test_commands([], 2)
    assert [Path(command[0]).name for command in checks] == ["ruff", "mypy", "lint-imports"]
    assert pytest_command[1:] == ["-m", "pytest", "-n", "2", "--dist", "loadfile", "-m", "not slow"]


def test_all_lanes_and_pytest_arguments_are_passed_on(script: ModuleType) -> None:
    assert "not slow" not in script.test_commands(["--all"], 2)[1]
    checks, command = script.test_commands(["tests/rules", "-k", "hours", "-n0"], 2)
    assert checks == []
    assert command[1:] == ["-m", "pytest", "-m", "not slow", "tests/rules", "-k", "hours", "-n0"]


def test_a_failed_check_fails_the_run_though_the_tests_pass(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "run", lambda command, **options: Path(command[0]).name != "mypy")
    assert script.test([]) == 1
    monkeypatch.setattr(script, "run", lambda command, **options: True)
    assert script.test([]) == 0


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"exec(compile(open({str(ROOT / 'desk')!r}).read(), 'desk', 'exec'), "
                           "{'__name__': 'checked', '__file__': 'desk'})"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
