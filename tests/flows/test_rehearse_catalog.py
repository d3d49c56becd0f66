"""Every item in service is planned against a real directory, and what does not work is marked."""

import pytest
from click.testing import CliRunner

from app import database
from app.cli import desk
from app.models.catalog import Rehearsal
from app.platform.slapd import Slapd
from app.platform.slapd_audit import changes
from app.queries import catalog_health
from flows import rehearse_catalog
from tests.cast import NOON, event_names
from tests.services.test_baskets import publish

LOST = """
name = "The archive"
name_pt = "O arquivo"
summary = "Read the archive."
summary_pt = "Ler o arquivo."
owner = "identity"
target = "8h"

[[fields]]
name = "deep"
label = "Old papers too?"
label_pt = "Papéis antigos também?"
kind = "yes-no"
required = true

[[steps]]
do = "directory.add_member"
with = { person = "{beneficiary}", group = "GROUP" }
when = { field = "deep", is = ["no"] }

[[steps]]
task = "Say where it is"
task_pt = "Diga onde fica"
"""


@pytest.fixture
def archive(company: Slapd) -> Slapd:
    """The cast's items, and one whose group is not in the directory: asked for in one branch of the form only."""
    publish(LOST.replace("GROUP", "the-archive"), "access/archive")
    return company


def test_what_cannot_be_carried_out_is_found_in_every_branch_and_nothing_is_done(archive: Slapd) -> None:
    found = {each.slug: each for each in rehearse_catalog.rehearse_all()}
    assert [slug for slug, each in found.items() if each.outcome == "broken"] == ["access/archive"]
    assert {found[slug].outcome for slug in ("access/shared-group", "workplace/visitor")} == {"works"}
    assert "the-archive" in str(found["access/archive"].why)
    assert changes(archive.audit_file) == []
    with database.sessions()() as session:
        broken = [each.slug for each in catalog_health.of(session, NOON) if each.is_broken and each.rehearsal]
    assert "access/archive" in broken
    publish(LOST.replace("GROUP", "finance-ro"), "access/archive")
    assert {each.outcome for each in rehearse_catalog.rehearse_all()} == {"works"}
    assert event_names("config")[-1] == "catalog.rehearse"


def test_a_directory_that_is_away_condemns_no_item(archive: Slapd) -> None:
    archive.stop()
    outcomes = {each.slug: each.outcome for each in rehearse_catalog.rehearse_all()}
    assert outcomes == {"access/archive": "unknown", "access/shared-group": "unknown", "workplace/visitor": "works"}
    with database.sessions()() as session:
        assert session.query(Rehearsal).count() == 3


def test_the_command_says_what_is_broken_and_fails(archive: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = CliRunner().invoke(desk, ["catalog", "rehearse", "--language", "pt"])
    assert answer.exit_code == 1
    assert "broken  access/archive: " in answer.output
    assert "works   workplace/visitor\n" in answer.output
    assert CliRunner().invoke(desk, ["catalog", "check", "--help"]).exit_code == 0  # the group has all its commands
