"""Worked time on the pages of records: written, corrected, measured; and nothing of it for whoever has the record."""

from flask import Flask
from sqlalchemy import select

from app import database
from app.models.people import Membership, Team
from app.models.requests import Item
from app.models.work_time import TimeEntry
from app.services import tasks
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import person_id
from tests.services.incidents_scene import brought, role
from tests.web.pages import asked, browser_of, counted, send


def last() -> TimeEntry:
    with database.sessions()() as session:
        return session.scalars(select(TimeEntry).order_by(TimeEntry.id.desc()).limit(1)).one()


def test_time_is_written_down_corrected_and_measured_on_the_page(cast: str, application: Flask) -> None:
    number = brought("in_progress")
    bo, page, its = browser_of(application, "bo"), f"/incidents/{number}", f"/records/{number}/time"
    assert send(bo, its, time="1h30", note="The <b>router</b>").headers["Location"] == f"{page}#work-time"
    wrong = send(bo, its, time="a while", back="time")
    assert (wrong.status_code, "a while" in wrong.text, "Write minutes, or hours and minutes" in wrong.text, 'href="#log-time"' in wrong.text) == (422, True, True, True)
    text = bo.get(page).text
    assert ("1 h 30 min" in text, "wrote down 1 h 30 min of work" in text, "The <b>router</b>" in text) == (True, True, False)
    entry = f"{its}/{last().id}"
    wrong = send(bo, entry, time="30 h")
    assert (wrong.status_code, f'href="#e{last().id}-time"' in wrong.text, "more than 24 hours" in wrong.text) == (422, True, True)
    assert (send(bo, entry, time="45").status_code, last().minutes) == (303, 45)

    assert send(bo, f"/records/{number}/timer").status_code == 303
    assert "Stop and write down" in bo.get(page).text
    assert "Your timer runs on" in bo.get(f"/records/{brought('new', title='Printer')}/time").text
    assert (send(bo, "/records/timer/stop", number=number, time="20 parsecs").status_code, send(bo, "/records/timer/stop", number=number).status_code) == (422, 303)
    with counted() as statements:
        text = bo.get(its).text
    assert (len(statements) <= 10, "46 min" in text, "Bo Andersen" in text) == (True, True, True), len(statements)
    assert (send(bo, entry, drop="1").status_code, "1 min" in bo.get(its).text, send(bo, "/records/timer/stop", number=number).status_code) == (303, True, 404)


def test_on_a_request_the_time_of_its_tasks_counts_and_who_asked_sees_none_of_it_on_whatever_team(cast: str, application: Flask) -> None:
    request, item = asked()
    with unit_of_work(SYSTEM) as uow:
        team = uow.session.scalars(select(Team.id).where(Team.key == "service-desk")).one()
        task = tasks.open_for(uow, uow.get(Item, item), "Ring her", team).number
    bo, ana = browser_of(application, "bo"), browser_of(application, "ana")
    assert [send(bo, f"/records/{number}/time", time="25", note="Rang her").status_code for number in (request, task)] == [303, 303]
    assert send(bo, f"/records/{item}/time", time="25").status_code == 404
    for page, words in ((f"/requests/{request}", "50 min"), (f"/tasks/{task}", "25 min"), (f"/records/{request}/time", task)):
        assert words in bo.get(page).text, page
    role("ana", "analyst", team="identity")
    with database.sessions().begin() as session:
        session.add(Membership(person_id=person_id("ana"), team_id=team))
    hers = [ana.get(page) for page in (f"/requests/{request}", f"/tasks/{task}", f"/records/{request}/time", f"/records/{task}/time")]
    assert [answer.status_code for answer in hers] == [200, 200, 403, 403]
    assert not [words for answer in hers for words in ("Worked time", "25 min", "Rang her") if words in answer.text]
    assert [send(ana, f"/records/{number}/{act}", time="5").status_code for number in (request, task) for act in ("time", "timer", f"time/{last().id}")] == [403] * 6
    assert send(browser_of(application, "zeca"), f"/records/{request}/time", time="5").status_code == 404
    role("davi", "auditor")
    seen = browser_of(application, "davi").get(f"/records/{request}/time")
    assert ("50 min" in seen.text, "Start the timer" in seen.text, "Take it off" in seen.text) == (True, False, False)
