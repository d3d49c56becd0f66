"""Remove each guard of guards.toml in a copy of the project and see that the tests named with it fail.

    .venv/bin/python -m tests.security.without_guards            all of them; exit 1 when a removal goes unnoticed
    .venv/bin/python -m tests.security.without_guards 43 44      only those of these attacks
    .venv/bin/python -m tests.security.without_guards --table    the page docs/security-tests.md
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
LIST: Final = Path(__file__).with_name("guards.toml")
PAGE: Final = ROOT / "docs" / "security-tests.md"
LONGEST: Final = 180.0  # seconds; a removal that makes the desk hang is noticed too, where the list says that it hangs
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
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", "--no-header", *guard.tests]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return [] if guard.hangs else list(guard.tests)
    failed = re.findall(r"^FAILED (\S.*?)(?: - .*)?$", done.stdout, re.MULTILINE)
    passed = [test for test in guard.tests if not any(each.startswith(test) for each in failed)]
    if passed:
        say(done.stdout[-3000:] + done.stderr[-1000:])
    return passed


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
        folder = Path(name)
        folder.chmod(0o755)
        copy(folder)
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
