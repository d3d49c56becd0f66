"""`desk catalog diff REV`: what a change in Git will mean, in words; on a real repository."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.catalog import catalog as command

BASE = """
name = "VPN"
name_pt = "VPN"
summary = "S"
summary_pt = "S"
owner = "network"
target = "4h"

[[fields]]
name = "until"
label = "Until"
label_pt = "Até"
kind = "date"

[[fields]]
name = "size"
label = "Size"
label_pt = "Tamanho"
kind = "choice"
choices = [{ value = "s", label = "S", label_pt = "S" }, { value = "m", label = "M", label_pt = "M" }]

[[approvals]]
who = "manager-of-beneficiary"

[[steps]]
name = "call"
task = "Call"
task_pt = "Ligar"
"""


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@demo.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository whose catalogue has one committed item."""
    catalog = tmp_path / "shop" / "catalog"
    (catalog / "access").mkdir(parents=True)
    (catalog / "access" / "category.toml").write_text('name = "Access"\nname_pt = "Acessos"\n', "utf-8")
    (catalog / "access" / "vpn.toml").write_text(BASE, "utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return catalog


def change(folder: Path, *pairs: tuple[str, str]) -> None:
    text = BASE
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    (folder / "access" / "vpn.toml").write_text(text, "utf-8")


def told(folder: Path, revision: str = "HEAD", *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, ["diff", revision, "--folder", str(folder), *more])
    return done.exit_code, done.output


def test_a_file_that_was_only_laid_out_anew_changes_nothing(folder: Path) -> None:
    change(folder, ('target = "4h"', "target    =  '4h' # soon"))
    assert told(folder) == (0, "Nothing changes.\n")


CHANGES = [
    (('target = "4h"', 'target = "8h"'), "“target”: 4h → 8h"),
    (('target = "4h"', 'target = "4h"\naudience = ["analyst", "team:network"]'), "“audience”: employees → analyst, team:network"),
    (('target = "4h"', 'target = "4h"\ncost = { amount = "5.00", currency = "BRL", per = "month" }'), "The cost: none → BRL 5.00 each month"),
    (('kind = "date"', 'kind = "date"\nrequired = true'), "The question “until” changes: required."),
    (('name = "until"', 'name = "end"'), "The question “until” is no longer asked."),
    (('name = "until"', 'name = "end"'), "A new question “end” (date), which may be left empty."),
    (('value = "m"', 'value = "l"'), "The question “size” has a new answer “l”."),
    (('value = "m"', 'value = "l"'), "The question “size” loses the answer “m”."),
    (('who = "manager-of-beneficiary"', 'who = "team:network"\nneeds = "all"\nstage = 2'), "Will be asked anew: the team network, all, in stage 2."),
    (('who = "manager-of-beneficiary"', 'who = "team:network"'), "Will no longer be asked: the manager of whoever gets it, first, in stage 1."),
    (('[[approvals]]\nwho = "manager-of-beneficiary"\n', ""), "Nobody is asked any more: an order is carried out at once."),
    (('name = "call"', 'name = "ring"'), "A new step “ring”: Call."),
    (('name = "call"', 'name = "ring"'), "The step “call” falls away: Call."),
    (('task = "Call"', 'task = "Call"\ndue = "2h"'), "The step “call” changes: due."),
]  # fmt: skip


@pytest.mark.parametrize(("pair", "words"), CHANGES)
def test_what_a_change_means_is_said_in_words(folder: Path, pair: tuple[str, str], words: str) -> None:
    change(folder, pair)
    code, said = told(folder)
    assert code == 0
    assert f"access/vpn: {words}\n" in said
    assert "What is under way keeps its version" in said


def test_new_and_lost_items_are_told_with_who_will_be_asked(folder: Path) -> None:
    (folder / "access" / "vpn.toml").rename(folder / "access" / "tunnel.toml")
    code, said = told(folder)
    assert code == 0
    assert "access/tunnel: A new item: VPN.\n" in said
    assert "access/tunnel: Will be asked anew: the manager of whoever gets it, first, in stage 1.\n" in said
    assert "access/vpn: The item can no longer be ordered." in said


def test_it_can_be_read_by_programs_and_in_portuguese(folder: Path) -> None:
    change(folder, ('[[approvals]]\nwho = "manager-of-beneficiary"\n', ""))
    code, said = told(folder, "HEAD", "--json", "--language", "pt")
    assert code == 0
    words = [each["what"] for each in json.loads(said)["differences"]]
    assert "Ninguém mais é consultado: um pedido é executado na hora." in words


def test_a_faulty_file_is_told_and_fails(folder: Path) -> None:
    change(folder, ('owner = "network"', "owner = 3"))
    code, said = told(folder)
    assert code == 1
    assert "access/vpn: The file has a fault" in said
    assert "can no longer be ordered" not in said


@pytest.mark.parametrize("revision", ["nonsense", "--output=/tmp/x", "HEAD~7"])
def test_a_revision_that_is_not_there_is_said(folder: Path, revision: str) -> None:
    done = CliRunner().invoke(command, ["diff", "--folder", str(folder), "--", revision])
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert "Traceback" not in done.output
