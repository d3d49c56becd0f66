"""The organisation's files on incidents are read whole, and a wrong one says what is wrong with it."""

import shutil
from pathlib import Path

import pytest

from app import imports, practice, priorities
from app.imports import Unreadable
from app.practice import PracticeFault
from app.priorities import PriorityFault
from app.rules.categories import CategoryFault, below
from app.rules.majors import MajorFault
from app.settings import ROOT

CONFIG = ROOT / "config"


def test_the_files_that_ship_are_good() -> None:
    found = practice.load(CONFIG)
    assert found.categories["network/vpn"].team == "network"
    assert [field.name for field in found.categories["hardware/printer"].fields] == ["asset"]
    assert [each.key for each in below(found.categories, "network")] == ["network/vpn", "network/wifi"]
    assert found.holds["vendor"].to("pt") == "Um fornecedor"
    for file in (CONFIG / "imports").glob("*.toml"):
        assert imports.mapping(file).name


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("incidents.toml", "reopen_days = 5 ", "reopen_days = -1 ", "reopen_days must be a whole number from 0 to 365"),
        ("incidents.toml", "vendor   =", "supplier =", "must have vendor"),
        ("incidents.toml", ', name_pt = "Resolvido" }', " }", "solved of [codes] needs name and name_pt"),
        ("incidents.toml", "watchers = 50", "watchers = 50\ncolour = 1", "unknown colour"),
        ("incidents.toml", "[holds]", "[holds", "incidents.toml"),
        ("incidents.toml", "routed_teams = []", 'routed_teams = "network"', "routed_teams must be a list"),
        ("categories.toml", 'key = "network/vpn"', 'key = "net/vpn"', "'net/vpn' is part of 'net'"),
        ("categories.toml", 'key = "mail"', 'key = "access"', "or is one already"),
        ("categories.toml", 'team = "identity"', 'tame = "identity"', "says tame"),
        ("categories.toml", 'kind = "text"', 'kind = "txet"', "categories.toml"),
        ("categories.toml", 'name = "place"', 'name = "PLACE"', "cannot be the name of a field"),
        ("majors.toml", "children = 10", "kids = 10", "many-reports says kids"),
        ("majors.toml", "children = 10", "", "many-reports has no condition"),
        ("majors.toml", "criticality = 1", "criticality = 9", "criticality must be a whole number from 1 to 4"),
        ("majors.toml", 'key = "many-reports"', 'key = "critical-service"', "the same key"),
        ("majors.toml", "every_minutes = 30", "", "every_minutes must be"),
        ("majors.toml", "after_minutes = 5\n", "after_minutes = 50\n", "in the order of after_minutes"),
        ("majors.toml", '["managers"]', '["boss"]', "must name some of commander"),
        ("majors.toml", "{services}. It", "{service}. It", "a gap {service}"),
        ("majors.toml", "[template]", "[template", "majors.toml"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, file: str, old: str, new: str, fault: str) -> None:
    for name in ("incidents.toml", "categories.toml", "majors.toml"):
        shutil.copy(CONFIG / name, tmp_path)
    text = (tmp_path / file).read_text("utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises((PracticeFault, CategoryFault, MajorFault)) as refused:
        practice.load(tmp_path)
    assert fault in str(refused.value)


def test_a_matrix_with_a_hole_is_refused(tmp_path: Path) -> None:
    (tmp_path / "priorities.toml").write_text("[matrix]\n11 = 1\n", "utf-8")
    with pytest.raises(PriorityFault, match="33"):
        priorities.load(tmp_path / "priorities.toml")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("log.csv", b"number,incident_state\n", "has no column"), ("log.csv.gz", b"\x1f\x8bbroken", "cannot be read"), ("none.csv", None, "cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable, match=said):
        list(imports.lines(tmp_path / name, imports.mapping(CONFIG / "imports" / "servicenow.toml")))


def test_a_line_that_is_not_utf8_or_too_short_is_told_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(b"login,name,email,title,department,manager,vip\nlia,L\xefa,,,,,\nana\n\xc3\xa1,\xc3\x81,,,,,\n")
    found = list(imports.lines(tmp_path / "people.csv", imports.mapping(CONFIG / "imports" / "people.toml")))
    assert [(each.number, each.fault) for each in found] == [(2, "it is not UTF-8"), (3, "it has 1 values, and the heading has 7"), (4, "")]
