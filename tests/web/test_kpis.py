"""Reports: each number is what was counted by hand, leads to its records, and tells nobody of what he may not see."""

import csv
import io
import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from app import database, reports
from app.cli.verify import verify
from app.queries import kpis
from app.queries.kpis import Question
from app.rules.kpis import By, days
from app.services import calls, conversations, incident_details, incidents, work_time
from app.unit_of_work import unit_of_work
from tests.cast import NOON
from tests.services.incidents_scene import do, reported
from tests.web.pages import asked, browser_of, counted

DAYS = "period=own&from=2026-11-20&to=2026-11-24"
SCOPE = days(NOON.date() - timedelta(days=3), NOON.date() + timedelta(days=1), "America/Sao_Paulo")
HOUR = timedelta(hours=1)


@pytest.fixture
def told(cast: str) -> dict[str, str]:
    """Five incidents of ana: solved at once; reopened; handed over; cancelled; open, which only its people see."""
    quick, again, given, none, secret = (reported(title) for title in ("Quick", "Again", "Given", "None", "Secret"))
    do(quick, "take")
    do(quick, "resolve", now=NOON + 2 * HOUR)  # one hour of work: noon to one is lunch
    do(quick, "close", now=NOON + 3 * HOUR)
    do(again, "take")
    do(again, "resolve", now=NOON + 2 * HOUR)
    do(again, "reopen", who="ana", now=NOON + 3 * HOUR)
    do(again, "resolve", now=NOON + 4 * HOUR)
    do(again, "close", now=NOON + 5 * HOUR)
    with unit_of_work("bo", now=NOON + HOUR) as uow:
        incidents.hand_over(uow, given, "identity", "It is the account.")
    with unit_of_work("bo", now=NOON + 2 * HOUR) as uow:
        calls.log(uow, given, "Asked for the number.")
        conversations.reply(uow, given, "We look at it.")
        incident_details.change(uow, given, note="Everybody has it.", impact=1, urgency=1)
    do(given, "take", now=NOON + 3 * HOUR)
    with unit_of_work("bo", now=NOON + 4 * HOUR) as uow:
        entry = work_time.log(uow, given, work_time.Work(45))
        work_time.log(uow, given, work_time.Work(15))
        work_time.correct(uow, given, entry.id, work_time.Work(75))
    do(given, "resolve", now=NOON + 7 * HOUR)
    do(given, "close", now=NOON + 8 * HOUR)
    do(none, "cancel", now=NOON + HOUR)
    with unit_of_work("bo", now=NOON) as uow:
        incidents.hand_over(uow, secret, "network", "Only they know of it.")
    with database.engine().begin() as connection:
        connection.execute(text("update records set restricted = true where number = :number"), {"number": secret})
    return {"quick": quick, "again": again, "given": given, "none": none, "secret": secret}


def numbers(key: str, by: By | None = None, who: str = "bo") -> dict[str, dict[str, float | None]]:
    report = reports.all_of_them()[key]
    with unit_of_work(who) as uow:
        [lines] = kpis.ask(uow.session, uow.actor, [Question(report.facts(SCOPE, NOON + 9 * HOUR), report.measures, SCOPE, by)])
    return {line.key: {"volume": line.volume, **{name: value and round(value, 2) for name, value in line.values.items()}} for line in lines}


def test_each_number_is_what_was_counted_by_hand(told: dict[str, str]) -> None:
    assert numbers("volume")[""] == {"volume": 4, "opened": 4, "canceled": 25.0}
    assert numbers("first-contact")[""] == {"volume": 3, "first": 33.33}
    assert numbers("handling-time")[""] == {"volume": 3, "mean": 30, "logged": 33.33}  # 90 minutes on one of three
    assert numbers("reopenings")[""] == {"volume": 3, "reopened": 33.33, "times": 1}
    assert numbers("backlog")[""] == {"volume": 0, "active": 0, "age_median": None, "age_p90": None, "old": None}
    found = numbers("resolution-time")[""]  # two, four and seven hours; the second stood resolved for one of its four
    assert (found["volume"], found["net_median"], found["whole_median"], found["net_p90"]) == (3, 180, 240, 372)
    found = numbers("first-response")[""]  # each after two hours
    assert (found["volume"], found["work_median"], found["wall_p90"]) == (3, 60, 120)
    assert numbers("sla-met", By.CLOCK)["first_response"] == {"volume": 3, "met": 100}
    assert numbers("volume", By.PRIORITY) == {"1": {"volume": 1, "opened": 1, "canceled": 0}, "5": {"volume": 3, "opened": 3, "canceled": 33.33}}
    assert set(numbers("volume", By.TIME)) == {"2026-11-23"}
    assert numbers("retention")[""] == {"volume": 0, "back": None}


def test_both_ways_to_every_number_agree_and_a_number_that_was_tampered_with_is_found(told: dict[str, str]) -> None:
    asked()
    proved = CliRunner().invoke(verify, ["--reports", "--json"])
    found = json.loads(proved.stdout)
    assert (proved.exit_code, found["different"], found["records"]) == (0, 0, 7)
    with database.engine().begin() as connection:
        connection.execute(text("update incidents set resolved_at = resolved_at - interval '1 hour' where id = (select id from records where number = :number)"), {"number": told["quick"]})
    broken = CliRunner().invoke(verify, ["--reports"])
    assert (broken.exit_code, "resolution-time" in broken.output, "tables say" in broken.output) == (1, True, True)


def test_what_a_reader_may_not_see_is_neither_counted_nor_listed(told: dict[str, str], application: Flask) -> None:
    assert numbers("volume", who="ana")[""]["volume"] == 5  # all of it is hers
    assert numbers("volume", who="igor")[""]["volume"] == 0
    bo = browser_of(application, "bo")
    page = bo.get(f"/reports/volume/records?{DAYS}").text
    assert [name for name, number in told.items() if number in page] == ["quick", "again", "given", "none"]
    for login in ("ana", "eva"):
        assert {browser_of(application, login).get(f"/reports/{rest}").status_code for rest in ("", "volume", "volume.csv", "volume/records")} == {403}
    assert bo.get("/reports/nothing").status_code == 404


def test_a_page_has_its_table_its_meaning_and_the_records_behind_each_number(told: dict[str, str], application: Flask) -> None:
    bo = browser_of(application, "bo")
    for path, most in (("/reports/", 12), (f"/reports/first-contact?by=team&{DAYS}", 12), (f"/reports/sla-met/records?part=resolution&{DAYS}", 12)):
        with counted() as statements:
            assert bo.get(path).status_code == 200
        assert len(statements) <= most
    for key, report in reports.all_of_them().items():
        for by in report.by or (None,):
            page = bo.get(f"/reports/{key}?{DAYS}&compare=year{f'&by={by}' if by else ''}")
            assert (page.status_code, "What these numbers mean" in page.text) == (200, True), (key, by)
        assert report.counter in reports.all_of_them()
    missed = bo.get(f"/reports/first-contact/records?only=not-first&{DAYS}").text
    assert [name for name, number in told.items() if number in missed] == ["again", "given"]
    rows = list(csv.reader(io.StringIO(bo.get(f"/reports/volume.csv?by=priority&{DAYS}").data.decode("utf-8-sig"))))
    assert rows == [["Priority", "incidents opened", "Incidents opened (count)", "Cancelled since (percent)"], ["All", "4", "4", "25"],
                    ["P1 Critical", "1", "1", "0"], ["P5 Planning", "3", "3", "33.33"]]  # fmt: skip


@pytest.mark.parametrize("wrong", ["from=2026-11-20&to=2026-11-10", "from=x&to=y", "from=1200-01-01&to=2026-01-01", ""])
def test_days_that_cannot_be_are_told_at_their_field(cast: str, application: Flask, wrong: str) -> None:
    page = browser_of(application, "bo").get(f"/reports/volume?period=own&{wrong}")
    assert (page.status_code, "Give two days, the earlier one first" in page.text) == (422, True)
