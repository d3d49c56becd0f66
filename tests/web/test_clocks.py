"""Every clock of a record explains itself: to the desk all of them, to whoever has it what was promised."""

from datetime import timedelta

from flask import Flask

from app.services import conversations, incidents
from app.unit_of_work import unit_of_work
from tests.cast import NOON
from tests.services.incidents_scene import do, reported
from tests.web.pages import browser_of, counted


def test_each_stretch_says_why_and_only_the_desk_reads_what_teams_agreed(cast: str, application: Flask) -> None:
    number = reported()
    do(number, "take", now=NOON + timedelta(minutes=10))
    with unit_of_work("bo", now=NOON + timedelta(minutes=30)) as uow:
        incidents.hold(uow, number, "caller", "Which version is it?")
    with unit_of_work("ana", now=NOON + timedelta(minutes=90)) as uow:
        conversations.reply(uow, number, "Version <b>3</b>.")
    page = f"/records/{number}/clocks"
    with counted() as statements:
        desk = browser_of(application, "bo").get(page).text
    assert len(statements) <= 12
    for words in ("First response", "Next response", "Resolution", "Time with the team", "the desk answered", "waits for:", "30 min not counted", "If it paused now"):
        assert words in desk, words  # noon to one is lunch
    hers = browser_of(application, "ana").get(page).text
    assert ("Resolution" in hers, "Time with the team" in hers, "waits for:" in hers) == (True, False, True)
    assert browser_of(application, "igor").get(page).status_code == 404
    assert page in browser_of(application, "ana").get(f"/incidents/{number}").text
    assert page in browser_of(application, "bo").get(f"/incidents/{number}").text
