"""`desk hours` and `desk bench hours`: one case, many cases, any file of calendars."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.hours import bench, hours

OWN = '[nights]\nzone = "America/New_York"\nsunday = ["00:00-24:00"]\nclosing = "rolls"\n'


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(hours, list(arguments), input=given)


def batch(*lines: str, more: tuple[str, ...] = ()) -> tuple[int, list[dict[str, Any]]]:
    done = run(*more, "--batch", "-", given="\n".join(lines) + "\n")
    return done.exit_code, [json.loads(line) for line in done.output.splitlines()]


def test_one_case_is_answered_for_people_and_for_machines() -> None:
    due = json.loads(run("add", "--calendar", "business", "--from", "2026-11-19 17:00", "--minutes", "120", "--json").output)
    assert (due["due"], due["due_local"]) == ("2026-11-23T13:00:00Z", "2026-11-23T10:00:00-03:00")  # the 20th is a holiday
    assert "2026-11-23T10:00" in run("add", "--from", "2026-11-19 17:00", "--length", "2h").output
    worked = json.loads(run("between", "--calendar", "business", "--from", "2026-11-23T13:00Z", "--to", "2026-11-19T17:00", "--json").output)
    assert (worked["seconds"], worked["minutes"]) == (-7200, -120)
    assert "-2:00 h" in run("between", "--from", "2026-11-23T13:00Z", "--to", "2026-11-19T17:00").output
    assert "--calendars" in run().output


def test_many_cases_of_any_file_are_answered_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN)
    own = ("--calendars", str(tmp_path / "own.toml"))
    code, found = batch(
        '{"op": "add", "calendar": "nights", "from": "2026-10-31T12:00", "seconds": 5400.5, "id": 7}',
        '{"op": "between", "calendar": "nights", "from": "2026-11-01T00:00", "to": "2026-11-02T00:00"}',
        '{"op": "between", "calendar": "nights", "from": "2026-11-01T09:00+05:00", "to": "2026-11-01T06:00 Europe/Lisbon"}',
        '{"op": "add", "calendar": "nights", "from": "2026-11-01T00:00", "minutes": 1500}',
        more=own,
    )
    assert code == 0
    assert (found[0]["id"], found[0]["due"]) == (7, "2026-11-01T05:30:00.500000Z")
    assert found[1]["minutes"] == 25 * 60
    assert found[2]["minutes"] == 120
    assert found[3]["due_local"] == "2026-11-08T00:00:00-05:00"
    assert batch('{"calendar": "nights", "from": "2026-11-01T00:00", "seconds": 60}', more=("add", *own))[0] == 0


def test_a_bad_line_is_told_with_its_number_and_the_others_are_answered() -> None:
    good = '{"op": "add", "calendar": "business", "from": "2026-11-19T09:00", "seconds": 60}'
    code, found = batch(
        "x", good, "[1]", '{"op": "sum"}', '{"op": "add", "calendar": "night", "from": "2026-11-19T09:00", "seconds": 60}',
        '{"op": "add", "from": "noon", "seconds": 60}', '{"op": "add", "from": "2026-11-19T09:00"}',
        '{"op": "add", "from": "2026-11-19T09:00", "seconds": "60"}', '{"op": "add", "from": "2026-11-19T09:00", "seconds": -1}',
        '{"op": "add", "from": "9999-11-19T09:00", "seconds": 1e9}', '{"op": "add", "from": "2026-11-19T09:00", "to": "x"}', good, "", good,
    )  # fmt: skip
    assert code == 1
    assert [each["line"] for each in found] == [*range(1, 13), 14]
    assert [each["line"] for each in found if "error" not in each] == [2, 12, 14]
    assert "there are: business, always" in found[4]["error"]
    assert "2026-03-02T09:00" in found[5]["error"]


@pytest.mark.parametrize(("words", "told"), [("[x", "own.toml:1: "), ('[x]\nmonday = ["9-12"]', "own.toml:2: [x] monday")])
def test_a_wrong_file_of_calendars_is_named_with_its_line(tmp_path: Path, words: str, told: str) -> None:
    (tmp_path / "own.toml").write_text(words)
    done = run("add", "--calendars", str(tmp_path / "own.toml"), "--calendar", "x", "--from", "2026-01-01", "--minutes", "1")
    assert done.exit_code == 1
    assert told in done.output


def test_check_and_bench_say_what_they_saw() -> None:
    seen = json.loads(run("check", "--cases", "500", "--seed", "3", "--json").output)
    assert (seen["ok"], seen["agree"], seen["seed"]) == (True, 500, 3)
    pace = json.loads(CliRunner().invoke(bench, ["hours", "--times", "20000", "--json"]).output)
    assert pace["due_times_per_second"] > 0
    assert pace["ok"] == (pace["due_times_per_second"] >= pace["least"] == 50_000)
