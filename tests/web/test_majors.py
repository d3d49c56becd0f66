"""The pages of major incidents, without script: proposed, accepted, told, resolved, reported and closed; and the banner."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app import database
from app.models.majors import Major
from app.models.people import Person
from app.services import families
from app.unit_of_work import unit_of_work
from tests.cast import NOON, person_id
from tests.services.incidents_scene import brought, found, letters, reported, role
from tests.services.test_majors import IMPACT, WHY, accepted, items, row
from tests.web.pages import browser_of, counted, send

MOST_QUERIES = 12


@pytest.fixture
def house(cast: str, application: Flask) -> Flask:
    return application


def test_a_manager_leads_one_from_the_proposal_to_the_close(house: Flask) -> None:
    number = brought("in_progress")
    role("caro", "major_incident_manager")
    bo, caro, page = browser_of(house, "bo"), browser_of(house, "caro"), f"/incidents/{number}/major"

    def do(who: str, act: str, **fields: str) -> int:
        return send(caro if who == "caro" else bo, f"{page}/{act}", version=str(found(number).version), **fields).status_code

    assert ("Propose it as a major incident" in bo.get(page).text, "Accept it" in bo.get(page).text) == (True, False)
    assert (do("bo", "propose", reason="", impact=""), do("bo", "propose", reason=WHY, impact=IMPACT)) == (422, 303)
    text = caro.get(page).text
    assert ("Accept it as a major incident" in text, "Proposed by Bo Andersen." in text, IMPACT in text) == (True, True, True)
    seats = {"commander": str(person_id("caro")), "communicator": str(person_id("bo")), "scribe": str(person_id("davi"))}
    assert (do("bo", "accept", **seats), do("caro", "accept", **seats | {"scribe": ""})) == (403, 422)
    assert do("caro", "accept", **seats, headline="Mail is down", headline_pt="O correio parou") == 303
    text = bo.get(page).text
    assert ("Next update" in text, "What you can do meanwhile" in text, "O que sabemos" in text) == (True, True, True)
    for _ in range(2):  # a second press of the same form
        assert do("bo", "updates", words="It is the **exchange** server.", words_pt="É o servidor.", minutes="30", submission_key="one") == 303
    text = bo.get(page).text
    assert ("<strong>exchange</strong>" in text, text.count('<li id="u'), "told everybody affected" in text) == (True, 1, True)
    davi = browser_of(house, "davi")
    assert ("Write down what happens" in davi.get(page).text, send(davi, f"{page}/log", body="Called the supplier.").status_code) == (True, 303)
    assert ("Called the supplier." in davi.get(page).text, WHY in davi.get(page).text, send(bo, f"{page}/log", body="").status_code) == (True, True, 422)
    assert do("caro", "appoint", **seats | {"scribe": str(person_id("eva"))}, headline="Mail is down") == 303
    assert send(bo, f"/incidents/{number}/resolve", version=str(found(number).version), code="solved", notes="New disk.").status_code == 303
    text = caro.get(page).text
    assert ("Post-incident report" in text, "PRB0000001" in text, "File the report" in text, "Close the major incident" in text) == (True, True, True, False)
    assert (do("bo", "report", base="1", report="# Learned"), do("bo", "report", base="1", report="# Late")) == (303, 412)
    assert (do("bo", "file"), do("caro", "file"), do("caro", "close")) == (403, 303, 303)
    assert (found(number).state, row(number).filed_by_id) == ("closed", person_id("caro"))
    assert ("Learned" in caro.get(page).text, number in caro.get("/incidents/major").text, number in caro.get("/incidents/major?show=all").text) == (True, False, True)
    assert (browser_of(house, "ana").get("/incidents/major").status_code, ("ana", "major_update") in letters()) == (403, True)


def test_everybody_affected_reads_the_same_banner_and_a_plain_page_and_nobody_else_does(house: Flask) -> None:
    items(("mail", "service", 1), ("exchange", "server", 3))
    quiet = {login: queries_of(house, login, "/") for login in ("igor", "bo")}
    number = accepted(cis=("exchange",), headline="Mail <is> down", headline_pt="O correio parou")
    with unit_of_work("bo") as uow:
        families.adopt(uow, reported("No mail", who="zeca"), number)
    page = f"/incidents/{number}/major"
    for login, affected in (("ana", True), ("igor", True), ("zeca", True), ("eva", False), ("rui", False)):
        client = browser_of(house, login)
        home, its = client.get("/").text, client.get(page)
        assert ("Mail &lt;is&gt; down" in home, its.status_code) == (affected, 200 if affected or login == "rui" else 404), login
        if affected:
            assert ("We know, and we are working on it." in its.text, WHY in its.text, IMPACT in its.text, 'class="outages' in its.text and "Mail &lt;is&gt; down</a>" in its.text) == (True, False, False, False)
    assert queries_of(house, "bo", "/") == quiet["bo"]  # who is not affected pays nothing
    assert queries_of(house, "igor", "/") == quiet["igor"] + 1
    with database.sessions().begin() as session:
        session.execute(update(Person).where(Person.login == "igor").values(language="pt"))
    assert "O correio parou" in browser_of(house, "igor").get("/").text
    assert ("Mail &lt;is&gt; down" in browser_of(house, "rui").get("/report").text, "<strong>VPN does" in browser_of(house, "rui").get("/report").text) == (True, False)
    for login in ("bo", "caro", "igor"):
        assert queries_of(house, login, page) <= MOST_QUERIES, login
    assert queries_of(house, "caro", "/incidents/major") <= MOST_QUERIES
    assert browser_of(house, "igor").get(f"/incidents/{reported('Other')}/major").status_code == 404
    with database.sessions().begin() as session:
        session.execute(update(Major).values(update_due_at=NOON - timedelta(days=400)))
    assert "The next update is late" in browser_of(house, "bo").get(page).text
    assert re.search(r"was due by|deveria ter chegado", browser_of(house, "ana").get(page).text)


def queries_of(house: Flask, login: str, address: str) -> int:
    client = browser_of(house, login)
    client.get(address)
    with counted() as statements:
        client.get(address)
    return len(statements)
