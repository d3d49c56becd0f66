"""Remove each guard of guards.toml in a copy of the project and see that the tests named with it fail.

    .venv/bin/python -m tests.security.without_guards            all of them; exit 1 when a removal goes unnoticed
    .venv/bin/python -m tests.security.without_guards 43 44      only those of these attacks
    .venv/bin/python -m tests.security.without_guards --table    the page docs/security-tests.md
"""

import importlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
LIST: Final = Path(__file__).with_name("guards.toml")
PAGE: Final = ROOT / "docs" / "security-tests.md"
LONGEST: Final = 180.0  # seconds
HUNG: Final = 30.0  # a removal that makes the desk hang is noticed too, where the list says so: with the guard it takes 3 s
RUN: Final = "BALCAO_TEST_RUN"  # tests/databases.py: the folder with the cluster that all runs share
PROJECT: Final = frozenset({"app", "flows", "tests"})
LIBRARIES: Final = (
    "hypothesis", "faker", "pytest_alembic", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql.psycopg", "alembic.command", "flask_security",
    "flask_babel", "flask_wtf", "httpcore", "structlog", "playwright.sync_api", "holidays", "ldap", "markdown_it", "nh3",
)  # fmt: skip
PARTS: Final = ("app", "flows", "catalog", "config", "migrations", "tests", "docs", "deploy", "pyproject.toml", "README.md")


@dataclass(frozen=True)
class Edit:
    """A text that stands exactly once in a file of the project, and what to write there instead."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Guard:
    """What keeps attacks out, how it is taken away, and the tests of which each must then fail."""

    attacks: tuple[int, ...]
    what: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    hangs: bool = False


def guards() -> list[Guard]:
    """Return the list as it is written."""
    rows = tomllib.loads(LIST.read_text("utf-8"))["guard"]
    return [
        Guard(
            tuple(row["attacks"]), row["what"], tuple(Edit(**edit) for edit in row["edits"]), tuple(row["tests"]), row.get("hangs", False)
        )
        for row in rows
    ]


def missed(guard: Guard, folder: Path) -> list[str]:
    """Take the guard away in a copy of the project; return the tests that passed all the same, and put it back."""
    kept = {edit.file: (folder / edit.file).read_text("utf-8") for edit in guard.edits}
    for edit in guard.edits:
        path = folder / edit.file
        path.write_text(path.read_text("utf-8").replace(edit.old, edit.new), "utf-8")
    try:
        return _passed(guard, folder)
    finally:
        for file, text in kept.items():
            (folder / file).write_text(text, "utf-8")


def _passed(guard: Guard, folder: Path) -> list[str]:
    own_database = any(edit.file.startswith("migrations/") for edit in guard.edits)
    with tempfile.TemporaryFile("w+") as said:
        ended = _pytest(guard.tests, folder, said.fileno(), HUNG if guard.hangs else LONGEST, own_database=own_database)
        said.seek(0)
        output = said.read()
    if not ended:
        return [] if guard.hangs else list(guard.tests)
    failed = re.findall(r"^FAILED (.*?)(?: - (.*))?$", output, re.MULTILINE)
    passed = [test for test in guard.tests if not any(name.startswith(test) for name, _ in failed)]
    for name, why in failed:
        say(f"{'':>18}{name.partition('::')[2]}: {why}")
    if passed:
        say(output[-3000:])
    return passed


def _pytest(tests: Sequence[str], folder: Path, said: int, longest: float, *, own_database: bool) -> bool:
    """Run tests of the copy in a child that has the libraries already and the project not yet; False when it hangs."""
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            os.dup2(said, 1)
            os.dup2(said, 2)
            _become_pytest(tests, folder, own_database=own_database)
        finally:
            os._exit(0)
    deadline = time.monotonic() + longest
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(0.02)
    return True


def _become_pytest(tests: Sequence[str], folder: Path, *, own_database: bool) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in PROJECT]:
        del sys.modules[name]
    sys.path[:] = [str(folder), *(path for path in sys.path if path not in {"", str(ROOT)})]
    sys.dont_write_bytecode = True  # a file that is changed back within a second would not be read again
    os.chdir(folder)
    os.environ["COLUMNS"] = "240"  # of the words why a test failed
    if own_database:  # made by the migrations as they are now
        del os.environ[RUN]
    options = ["-q", "-rfE", "-p", "no:cacheprovider", "--no-header", "--tb=short", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    pytest.main([*options, *tests])
    sys.stdout.flush()


def warm() -> None:
    """Bring in the libraries once, for all children."""
    for name in LIBRARIES:
        importlib.import_module(name)


def copy(folder: Path) -> Path:
    """Copy what tests need."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, folder / part)
    return folder


def table(rows: Iterable[Guard]) -> str:
    """Return the page of the docs."""
    lines = [HEAD]
    for row in sorted(rows, key=lambda each: each.attacks):
        where = ", ".join(dict.fromkeys(f"`{edit.file}`" for edit in row.edits))
        tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in row.tests)
        lines.append(f"| {', '.join(map(str, row.attacks))} | {row.what} | {where} | {tests.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


HEAD: Final = """# Attacks, their guards and the tests that watch them

Made from [tests/security/guards.toml](../tests/security/guards.toml) by `.venv/bin/python -m tests.security.without_guards --table`;
do not edit. The numbers are those of the fifty attacks of the security design. `.venv/bin/python -m tests.security.without_guards`
copies the project, takes away one guard after the other as the list says, runs the tests named with it and ends with 1 when one of
them passes all the same. tests/security/test_guards.py holds the list to the code: each guard still stands where the list says.

| attack | guard that is taken away | where | tests that must then fail |
|---|---|---|---|"""


def say(line: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Try the guards, all or those of the attacks that are named; or print the page."""
    if "--table" in arguments:
        sys.stdout.write(table(guards()))
        return 0
    wanted = {int(each) for each in arguments}
    chosen = [guard for guard in guards() if not wanted or wanted & set(guard.attacks)]
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="balcao-guards-") as name:
        folder, run = Path(name), Path(name, "run")
        folder.chmod(0o755)
        copy(folder)
        run.mkdir()
        (run / "controller").write_text(str(os.getpid()))
        os.environ[RUN] = str(run)
        warm()
        for guard in chosen:
            began = time.monotonic()
            passed = missed(guard, folder)
            unnoticed += bool(passed)
            seen = "PASSED ALL THE SAME: " + ", ".join(passed) if passed else f"{len(guard.tests)} failed, as they must"
            say(f"{'/'.join(map(str, guard.attacks)):>8}  {time.monotonic() - began:4.0f} s  {guard.what}: {seen}")
    say(f"{len(chosen)} guards taken away, {unnoticed} unnoticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
