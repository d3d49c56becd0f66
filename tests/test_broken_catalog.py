"""A dozen files broken in a dozen ways: each is told with file, line and mend, and the desk goes on with what was good before."""

import html
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from app import database
from app.catalog import Watch
from app.cli.catalog import catalog as command
from app.models.people import RoleGrant
from app.queries import catalog
from app.settings import ROOT
from flows import follow_catalog
from tests.cast import NOON, person_id
from tests.databases import forget_settings
from tests.web.conftest import application, only_application
from tests.web.pages import browser_of

__all__ = ["application", "only_application"]


@dataclass(frozen=True)
class Break:
    """What is written instead of what in a file, where the fault is (the first line with `at`), and what mends it."""

    slug: str
    old: str
    new: str
    at: str
    mend: str


BREAKS = (
    Break("access/vpn", 'owner = "network"', "owner = 3", "owner = 3", 'owner = "..."'),
    Break("access/shared-group", "target =", "tarqet =", "tarqet", "target"),
    Break("access/shared-mailbox", 'owner = "', "owner = ", "owner =", "missing quote"),
    Break("access/application-role", "directory.add_member", "directory.add_membr", "add_membr", "directory.add_member"),
    Break("workplace/visitor", "summary_pt =", "# summary_pt =", "summary =", 'summary_pt = "..."'),
    Break("accounts/password-reset", "{beneficiary.mail}", "{beneficiary.password}", "{beneficiary.password}", "{beneficiary.mail}"),
    Break("hardware/laptop", 'who = "manager-of-beneficiary"', 'who = "the-boss"', "the-boss", "manager-of-beneficiary"),
    Break("software/licence", 'kind = "', 'kind = "x', 'kind = "x', "choice"),
    Break("hardware/monitor", "[[steps]]", '[[steps]]\nafter = ["nowhere"]', "nowhere", "Remove “after”"),
    Break("hardware/phone", "name =", "name = ñ\nname =", "name = ñ", "missing quote"),
    Break("workplace/room", "required = true", 'required = "yes"', 'required = "yes"', "required = true"),
    Break("information/report", 'name_pt =', 'name = "twice"\nname_pt =', "twice", "remove one of the two"),
)


@pytest.fixture
def folder(cast: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalogue we ship, in service."""
    copied = Path(shutil.copytree(ROOT / "catalog", tmp_path / "catalog"))
    monkeypatch.setenv("DESK_CATALOG_DIR", str(copied))
    forget_settings()
    follow_catalog.look(Watch(copied))
    return copied


def spoil(folder: Path) -> dict[str, int]:
    """Break the files; return the line of each fault."""
    lines = {}
    for each in BREAKS:
        path = folder / f"{each.slug}.toml"
        words = path.read_text("utf-8").replace(each.old, each.new, 1)
        path.write_text(words, "utf-8")
        lines[each.slug] = next(number for number, line in enumerate(words.split("\n"), 1) if each.at in line)
    return lines


def served() -> dict[str, str]:
    with database.sessions()() as session:
        return {item.slug: item.hash for item in catalog.offered(session)}


RESTARTED = """
import json
from app import database
from app.catalog import Watch
from app.queries import catalog
from app.settings import settings
from flows import follow_catalog
follow_catalog.look(Watch(settings().catalog_dir))
with database.sessions()() as session:
    print(json.dumps({item.slug: item.hash for item in catalog.offered(session)}))
"""


def test_a_dozen_broken_files_are_told_and_the_last_good_versions_serve_also_after_a_restart(folder: Path, application: Flask) -> None:
    before = served()
    lines = spoil(folder)
    told = CliRunner().invoke(command, ["check", "--folder", str(folder)])
    assert told.exit_code == 1
    follow_catalog.look(Watch(folder))
    assert served() == before
    new = subprocess.run([sys.executable, "-c", RESTARTED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(new.stdout.splitlines()[-1]) == before
    with database.sessions().begin() as session:
        session.add(RoleGrant(person_id=person_id("zeca"), role="catalog_author", granted_at=NOON))
    author = browser_of(application, "zeca")
    page = re.sub(r"\s+", " ", html.unescape(author.get("/catalog-health/").text))
    for each in BREAKS:
        place = f"catalog/{each.slug}.toml:{lines[each.slug]}"
        line = next(line for line in told.output.splitlines() if line.startswith(f"{place}:"))
        assert each.mend in line
        assert place in page
        assert each.mend in page.split(place, 1)[1][:600]
        assert author.get(f"/catalog/{each.slug}").status_code == 200  # it can be ordered as before
    assert page.count("The last good version serves.") >= len(BREAKS)
