"""Every clock of a record explains itself: to the desk all of them, to whoever has it what was promised."""

import re
from datetime import timedelta

from flask import Flask

from app.rules.approvals import Choice
from app.services import conversations, fulfilment, incidents
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON
from tests.services.incidents_scene import do, reported
from tests.services.test_requests import decide, planned
from tests.web.pages import browser_of, counted


def test_each_stretch_says_why_and_only_the_desk_reads_what_teams_agreed(cast: str, application: Flask) -> None:
    number = reported()
    do(number, "take", now=NOON + timedelta(minutes=10))
    with unit_of_work("bo", now=NOON + timedelta(minutes=30)) as uow:
        incidents.hold(uow, number, "caller", "Which version is it?")
    with unit_of_work("ana", now=NOON + timedelta(minutes=90)) as uow:
        conversations.reply(uow, number, "Version <b>3</b>.")
    page = f"/records/{number}/clocks"
    bo = browser_of(application, "bo")
    with counted() as statements:
        desk = bo.get(page).text
    assert len(statements) <= 12
    for words in ("First response", "Next response", "Resolution", "Time with the team", "the desk answered", "waits for:", "30 min not counted", "If it paused now"):
        assert words in desk, words  # noon to one is lunch
    assert "Next step of its ladder, at 75 %: told: who has it" in desk
    hers = browser_of(application, "ana").get(page).text
    assert "ladder" not in hers
    assert ("Resolution" in hers, "Time with the team" in hers, "waits for:" in hers) == (True, False, True)
    assert browser_of(application, "igor").get(page).status_code == 404
    assert page in browser_of(application, "ana").get(f"/incidents/{number}").text
    assert page in browser_of(application, "bo").get(f"/incidents/{number}").text


def test_lists_and_records_say_what_is_left_and_to_employees_only_the_day_that_was_promised(cast: str, application: Flask) -> None:
    runs, waits = reported("The printer is dark"), reported("VPN does not connect")
    for number in (runs, waits):
        do(number, "take", now=NOON)
    with unit_of_work("bo", now=NOON) as uow:
        incidents.hold(uow, waits, "caller", "Which version is it?")
    bo, ana = browser_of(application, "bo"), browser_of(application, "ana")
    for page in ("/incidents/?show=mine", f"/incidents/{runs}/panel", f"/incidents/{runs}"):
        assert re.search(r'countdown[^>]*>.*?(left|late)</span>\s*<span class="cell-note">First response', bo.get(page).text, re.DOTALL), page
    for page in ("/incidents/?show=mine", f"/incidents/{waits}/panel", f"/incidents/{waits}"):
        assert re.search(r"</svg>(Paused|[^<]* late)</span>", bo.get(page).text), page
    mine, hers = ana.get("/report/mine").text, ana.get(f"/incidents/{runs}").text
    assert re.search(r"(Late: e|E)xpected by [A-Z][a-z]{2} \d", mine)
    assert "Expected by" in hers
    assert "The time stands still while we wait for you" in ana.get(f"/incidents/{waits}").text
    assert "Time with the team" not in mine + hers + ana.get("/").text


def test_what_was_ordered_says_by_when_and_what_waits_for_an_answer_says_until_when(cast: str, application: Flask) -> None:
    number = planned()
    helena = browser_of(application, "helena").get("/approvals/").text
    assert re.search(r'title="Approval[^"]*"><svg.*?(left|late)</span>', helena)
    assert "xpected by" not in browser_of(application, "ana").get("/requests/").text.replace('"Expected by"', "").replace(">Expected by<", "")
    for login in ("helena", "igor"):
        decide(login, number, Choice.APPROVE)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
    assert re.search(r'data-label="Expected by">\s*<span class="countdown[^"]*">', browser_of(application, "ana").get("/requests/").text)
    desk = browser_of(application, "bo").get(f"/records/{number}", follow_redirects=True).text
    assert re.search(rf'href="/records/{number}/clocks"[^>]*>\s*<span class="countdown', desk)
