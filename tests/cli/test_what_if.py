"""`desk sla what-if` plays what happened under another policy, and stores nothing."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.sla import sla as command
from app.services import sla
from app.settings import ROOT
from tests.cast import NOON
from tests.services.incidents_scene import brought, do, reported

SLA, CALENDARS = (ROOT / "config" / name for name in ("sla.toml", "calendars.toml"))
SINCE = ("--since", "2026-11-23")


@pytest.fixture
def solved(cast: str) -> str:
    """An incident that took two working hours: noon to three, less the hour of lunch; and one that was cancelled."""
    number = reported()
    do(number, "take", now=NOON)
    do(number, "resolve", now=NOON + timedelta(hours=3))
    do(number, "close", now=NOON + timedelta(hours=4))
    brought("canceled")
    return number


def changed(source: Path, folder: Path, old: str, new: str) -> str:
    text = source.read_text("utf-8")
    assert old in text
    file = folder / source.name
    file.write_text(text.replace(old, new), "utf-8")
    return str(file)


def asked(*words: str) -> Result:
    return CliRunner().invoke(command, ["what-if", *words])


def told(*words: str) -> dict[str, Any]:
    answer = asked(*words, "--json")
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    return {**found, **{each["clock"]: each for each in found["totals"]}}


def test_a_shorter_target_says_which_clocks_would_have_been_breached(solved: str, tmp_path: Path) -> None:
    shorter = changed(SLA, tmp_path, '{ target = "5d" },\n]', '{ target = "1h 59m" },\n]')
    found = told("--sla", shorter, *SINCE, "--csv", str(tmp_path / "out.csv"))
    resolution = found["resolution"]
    assert (found["records"], found["different"], resolution["clocks"]) == (2, 2, 2)
    assert (resolution["is"]["met"], resolution["is"]["met_percent"], resolution["is"]["canceled"]) == (1, 100.0, 1)
    assert (resolution["would_be"]["breached"], resolution["would_be"]["met_percent"], resolution["due_earlier"]) == (1, 0.0, 2)
    assert resolution["turned"] == {"met_to_breached": 1}
    assert found["first_response"]["turned"] == {}
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        line = next(row for row in csv.DictReader(stream) if row["record"] == solved)
    assert (line["clock"], line["outcome"], line["outcome_if"], line["target_minutes_if"]) == ("resolution", "met", "breached", "119")
    assert line["breached_at_if"] == (NOON + timedelta(hours=2, minutes=59)).isoformat(timespec="minutes")
    said = asked("--sla", shorter, *SINCE).output
    assert f"{solved}  resolution: met → breached  (target 2400 → 119 minutes" in said
    assert sla.recompute(check=True).different == 0  # nothing was stored


def test_the_same_policy_changes_nothing_and_other_calendars_move_what_is_due(solved: str, tmp_path: Path) -> None:
    assert told("--sla", str(SLA), *SINCE)["different"] == 0
    assert told("--calendars", str(CALENDARS), "--since", "2999-01-01")["records"] == 0
    no_lunch = changed(CALENDARS, tmp_path, '"09:00-12:00", "13:00-18:00"', '"09:00-18:00"')
    assert told("--calendars", no_lunch, *SINCE)["resolution"]["due_earlier"] == 0  # five days end at the same noon
    in_hours = changed(SLA, tmp_path, '{ target = "5d" },\n]', '{ target = "40h" },\n]')
    found = told("--calendars", no_lunch, "--sla", in_hours, *SINCE)["resolution"]
    assert (found["due_earlier"], found["due_later"], found["turned"]) == (2, 0, {})


def test_a_clock_that_is_new_or_gone_is_said(solved: str, tmp_path: Path) -> None:
    renamed = changed(SLA, tmp_path, "[clocks.team]", "[clocks.group]")
    found = told("--sla", renamed, *SINCE)
    assert (found["team"]["turned"], found["group"]["turned"]) == ({"canceled_to_none": 1, "met_to_none": 1}, {"none_to_canceled": 1, "none_to_met": 1})


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ((), "Name a policy to try"),
        (("--sla", str(SLA), "--since", "soon"), "'soon' is no length such as"),
        (("--sla", str(CALENDARS)), "calendars.toml:"),
        (("--calendars", str(SLA)), "sla.toml:"),
    ],
)
def test_what_cannot_be_tried_is_said(db: str, words: tuple[str, ...], fault: str) -> None:
    answer = asked(*words)
    assert answer.exit_code != 0
    assert fault in answer.output
