"""Attacks on the register of access: other people's grants and entries (1, 2), counting (4), what others own (6), formulas (40)."""

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app import database
from app.models.access import CampaignEntry, Grant
from app.models.people import Person
from app.services import recertification
from app.unit_of_work import unit_of_work
from app.web.table_file import defused
from tests import access as acts
from tests.databases import Scene
from tests.web.pages import browser_of, send


@pytest.fixture
def house(cast: str, application: Flask, scene: Scene[None]) -> Flask:
    """Ana and Zeca hold access; Igor owns all groups but wiki-editors, which is Davi's."""
    scene("house", _hold)
    return application


def _hold() -> None:
    with database.sessions().begin() as session:
        session.execute(text(
            "update group_owners set person_id = (select id from people where login = 'davi') "
            "where group_id = (select id from directory_groups where name = 'wiki-editors')"
        ))  # fmt: skip
    acts.held("ana", "finance-ro", acts.in_days(20))
    acts.held("zeca", "wiki-editors", acts.in_days(20), approvers=("rui", "davi"))
    with unit_of_work("eva") as uow:
        recertification.start(uow, "Fourth quarter", uow.now.date() + timedelta(days=5))


def ids() -> tuple[int, int]:
    with database.sessions()() as session:
        first, second = session.scalars(select(Grant.id).order_by(Grant.id)).all()
    return first, second


@pytest.mark.parametrize("who", ["zeca", "bo", "helena", "davi"])
def test_attack_1_nobody_opens_or_acts_on_the_access_of_others(house: Flask, who: str) -> None:
    ana, _ = ids()
    client = browser_of(house, who)
    for number in (ana, ana + 1000):
        assert client.get(f"/access/{number}").status_code == 404
        assert client.get(f"/access/{number}/extend").status_code == 404
        assert send(client, f"/access/{number}/give-back").status_code == 404
        assert send(client, f"/access/{number}/revoke", reason="mine now").status_code == 403
    assert "finance-ro" not in client.get("/access/").text
    assert acts.grant(ana).state == "open"


def test_attack_1_a_reviewer_answers_only_what_was_asked_of_him(house: Flask) -> None:
    with database.sessions()() as session:
        rows = session.execute(select(Person.login, CampaignEntry.id).join(Person, Person.id == CampaignEntry.reviewer_id))
        entries = {row.login: row.id for row in rows}
    assert set(entries) == {"igor", "davi"}
    assert send(browser_of(house, "davi"), "/access/reviews/1", **{f"entry-{entries['igor']}": "revoke"}).status_code == 404
    assert send(browser_of(house, "zeca"), "/access/reviews/1", **{f"entry-{entries['davi']}": "keep"}).status_code == 404
    assert send(browser_of(house, "igor"), f"/access/campaigns/1/entries/{entries['igor']}", decision="keep").status_code == 403
    for path in ("/access/campaigns", "/access/campaigns/1", "/access/campaigns/new"):
        assert browser_of(house, "igor").get(path).status_code == 403
    with database.sessions()() as session:
        assert session.scalars(select(CampaignEntry.decision)).all() == [None, None]
    assert "finance-ro" not in browser_of(house, "davi").get("/access/reviews").text


def test_attack_2_the_register_closes_with_the_ownership(house: Flask) -> None:
    ana, _ = ids()
    client = browser_of(house, "igor")
    assert client.get(f"/access/{ana}").status_code == 200
    with database.sessions().begin() as session:
        session.execute(text("delete from group_owners where person_id = (select id from people where login = 'igor')"))
    for path in (f"/access/{ana}", "/access/register", "/access/register.csv"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("ask", ["", "?q=zeca", "?group=wiki-editors", "?q=z&before=2099-01-01", "?show=ended", "?show=stuck"])
def test_attack_4_pages_and_files_are_those_of_a_desk_without_the_others(house: Flask, ask: str) -> None:
    client = browser_of(house, "igor")
    seen = client.get(f"/access/register{ask}").text, client.get(f"/access/register.csv{ask}").data
    with database.sessions().begin() as session:  # a desk in which nobody holds anything of a group that is not his
        session.execute(update(Grant).where(Grant.target == "wiki-editors").values(target="gone", person_id=Grant.person_id))
        session.execute(text("delete from campaign_entries where grant_id in (select id from grants where target = 'gone')"))
        session.execute(text("delete from grants where target = 'gone'"))
    assert (_plain(client.get(f"/access/register{ask}").text), client.get(f"/access/register.csv{ask}").data) == (_plain(seen[0]), seen[1])


def _plain(page: str) -> str:
    """Without what differs at each request: tokens, the request's id, when the page was made."""
    return re.sub(r' since="[^"]+"', "", page.partition("<main")[2].partition("</main>")[0])


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "  =1", "＝1"])
def test_attack_40_no_cell_of_the_file_is_run_by_a_spreadsheet(house: Flask, cell: str) -> None:
    with database.sessions().begin() as session:
        session.execute(update(Person).where(Person.login == "ana").values(name=cell, department=f"{cell}!A1"))
    answer = browser_of(house, "eva").get("/access/register.csv")
    row = next(row for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")) if row[1] == "ana")
    assert row[0].startswith("'")
    assert row[2].startswith("'")
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_attack_40_numbers_stay_numbers() -> None:
    assert (defused(-5), defused(None), defused("Ana")) == (-5, "", "Ana")
