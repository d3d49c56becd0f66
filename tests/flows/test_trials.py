"""The trials that anyone may run: each starts a whole desk of its own, so they belong to the nightly lane."""

from pathlib import Path
from types import ModuleType

import pytest

from app.settings import ROOT
from flows.cli import (
    bench_fulfil,
    bench_submit,
    fault_kills,
    fault_outage,
    scenario_access,
    scenario_compensate,
    scenario_drift,
    scenario_empowerment,
    scenario_expire,
    scenario_joiner,
    scenario_leaver,
    scenario_recertify,
)

pytestmark = [pytest.mark.slow, pytest.mark.engine]
PLANET = ROOT.parent / "shared" / "data" / "ldap" / "planetexpress.ldif"


@pytest.mark.parametrize("ldif", [None, PLANET], ids=["aurora", "planetexpress"])
def test_access_is_ordered_approved_and_carried_out_in_a_real_directory(ldif: Path | None) -> None:
    if ldif is not None and not ldif.is_file():
        pytest.skip("../shared/data/ldap is not there")
    found = scenario_access.play(ldif)
    assert found["ok"], found
    assert len(found["directory_changes"]) == 1
    assert {mail["state"] for mail in found["mails"]} <= {"sent", "dropped"}


@pytest.mark.parametrize("story", [scenario_joiner, scenario_leaver], ids=["joiner", "leaver"])
def test_people_come_and_go_and_days_pass(story: ModuleType) -> None:
    found = story.play()
    assert found["ok"], found


@pytest.mark.parametrize(
    "story", [scenario_drift, scenario_empowerment, scenario_compensate], ids=["drift", "empowerment", "compensate"]
)
def test_what_is_done_is_what_was_approved_or_it_is_asked_again_or_undone(story: ModuleType) -> None:
    found = story.play()
    assert found["ok"], found
    assert found["events"]
    assert all(run["run"] for run in found["runs"])


def test_processes_that_die_at_random_lose_and_double_nothing() -> None:
    found = fault_kills.run(items=40, seed=None, every=4.0)
    assert found["ok"], found


def test_while_prefect_is_away_people_order_and_approve_and_then_all_is_carried_out_once() -> None:
    found = fault_outage.run(items=30)
    assert found["ok"], found


def test_from_order_to_first_step_within_two_seconds() -> None:
    found = bench_submit.measure(requests=60, rate=1.0)
    assert found["submit_to_first_step_ms"]["p95"] <= 2000, found
    assert found["submit_ms"]["p95"] <= 50, found
    assert found["submit_queries"] <= 12, found


def test_a_crowd_is_carried_out_whole_and_a_run_costs_little_more_than_an_empty_one() -> None:
    found = bench_fulfil.measure(items=200)
    assert found["ok"], found


@pytest.mark.parametrize("story", [scenario_expire, scenario_recertify], ids=["expire", "recertify"])
def test_access_ends_on_its_day_or_by_its_reviewers_word(story: ModuleType) -> None:
    found = story.play()
    assert found["ok"], found
    assert len(found["directory_changes"]) == 4
