"""How did it go? Asked once when it is over, of whoever had it; one answer, by the mail's link or signed in; looking stores nothing."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from app import database, surveys
from app.models.messages import Message
from app.models.people import OneTimeLink
from app.models.surveys import Survey
from app.rules.surveys import Policy
from app.services import incidents, links, undoing
from app.settings import ROOT
from app.unit_of_work import unit_of_work
from tests.cast import event_names, person_id
from tests.services.incidents_scene import LATER, brought, do, found, letters
from tests.web.pages import browser_of, counted, send, token


def closed(title: str = "VPN does not connect") -> str:
    """Return ana's incident, closed; asked about by the desk's own clock, so that the answer is taken."""
    number = brought("closed", title=title)
    with database.sessions().begin() as session:
        session.execute(text("update surveys set sent_at = desk_now() where record_id = :id"), {"id": found(number).id})
    return number


def survey(number: str) -> Survey | None:
    with database.sessions()() as session:
        return session.get(Survey, found(number).id)


def path(number: str) -> str:
    with database.sessions()() as session:
        letter = session.scalars(select(Message).where(Message.template == "survey", Message.record_id == found(number).id).order_by(Message.id.desc())).first()
        assert letter is not None
        return links.path(session.get_one(OneTimeLink, letter.params["link_id"]))


def press(application: Flask, address: str, **said: str) -> tuple[int, str]:
    client = application.test_client()
    client.get(address)
    answer = client.post(address, data={"csrf_token": token(client), **said})
    return answer.status_code, answer.text


def test_one_answer_is_taken_by_the_link_and_looking_stores_nothing(cast: str, application: Flask) -> None:
    number = closed("Mail <b>stuck")
    with database.sessions().begin() as session:
        session.execute(text("update teams set lead_id = :rui where id = :team"), {"rui": person_id("rui"), "team": found(number).team_id})
    address = path(number)
    page = application.test_client().get(f"{address}?csat=2")
    assert (page.status_code, "Mail &lt;b&gt;stuck" in page.text, "no-store" in page.headers["Cache-Control"]) == (200, True, True)
    assert 'value="2" checked' in page.text
    assert application.test_client().post(address, data={"csat": "5"}).status_code == 400  # no page of ours sent it
    status, again = press(application, address, csat="9", nps="11", comment="Kept <i>words")
    assert (status, "Kept &lt;i&gt;words" in again, survey(number).answered_at) == (422, True, None)  # type: ignore[union-attr]
    assert press(application, address, csat="2", nps="3", comment="Too <script>slow")[0] == 200
    kept = survey(number)
    assert kept is not None
    assert (kept.csat, kept.nps, kept.comment) == (2, 3, "Too <script>slow")
    assert event_names(number)[-1] == "incident.survey"
    assert ("rui", "survey_bad") in letters()
    assert press(application, address, csat="5")[0] == 404
    assert browser_of(application, "ana").get(f"/surveys/{number}").status_code == 404
    bo = browser_of(application, "bo")
    with counted() as statements:
        desk = bo.get(f"/incidents/{number}").text
    assert ("Too &lt;script&gt;slow" in desk, len(statements) <= 12) == (True, True), statements


def test_whoever_was_asked_answers_signed_in_and_nobody_else(cast: str, application: Flask) -> None:
    number = closed()
    ana = browser_of(application, "ana")
    assert f"/surveys/{number}" in ana.get(f"/incidents/{number}").text
    assert {browser_of(application, login).get(f"/surveys/{number}").status_code for login in ("bo", "igor", "helena")} == {404}
    assert send(browser_of(application, "bo"), f"/surveys/{number}", csat="5").status_code == 404
    assert send(ana, f"/surveys/{number}", csat="").status_code == 422
    assert send(ana, f"/surveys/{number}", csat="5").status_code == 200
    assert (survey(number).csat, survey(number).nps) == (5, None)  # type: ignore[union-attr]
    assert send(ana, f"/surveys/{number}", csat="1").status_code == 409
    assert application.test_client().get(path(number)).status_code == 404


def test_a_link_is_dead_when_it_goes_on_again_is_foreign_or_too_old(cast: str, application: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    number = closed()
    address = path(number)
    assert application.test_client().get(address[:-1] + ("A" if address[-1] != "A" else "B")).status_code == 404
    assert application.test_client().get(address.replace("/survey/", "/works/")).status_code == 404
    with database.sessions().begin() as session:
        session.execute(text("update surveys set sent_at = desk_now() - interval '31 day'"))
    assert press(application, address, csat="5")[0] == 404
    with database.sessions().begin() as session:
        session.execute(text("update surveys set sent_at = desk_now()"))
        session.execute(text("update records set state = 'in_progress' where number = :number"), {"number": number})
    assert press(application, address, csat="5")[0] == 404
    assert survey(number).answered_at is None  # type: ignore[union-attr]


def test_nobody_is_asked_twice_too_soon_of_what_was_cancelled_or_the_own_solution(cast: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, none = closed(), brought("closed", title="Second"), brought("canceled", title="None")
    assert [survey(number) is not None for number in (first, second, none)] == [True, False, False]
    with database.sessions().begin() as session:
        session.execute(text("update surveys set sent_at = sent_at - interval '30 day'"))
    third = brought("resolved", title="Third")
    with unit_of_work("ana", now=LATER) as uow:
        incidents.close(uow, third)
        step = undoing.offer(uow, third)
    assert ("ana", "survey") in letters()
    with unit_of_work("ana", now=LATER + timedelta(seconds=3)) as uow:
        undoing.undo(uow, third, step or 0)
    do(third, "close", now=LATER + timedelta(minutes=1))
    assert event_names(third).count("incident.ask_survey") == 1
    assert path(third)  # the first mail was never sent: it is asked now
    monkeypatch.setattr(surveys, "policy", lambda: Policy(percent=0))
    assert survey(brought("closed", title="Fourth")) is None


@pytest.mark.parametrize(("old", "new", "fault"), [
    ("percent = 100 ", "percent = 101 ", "surveys.toml:6: [survey.percent] percent is 101; a whole number from 0 to 100"),
    ("pause_days = 7 ", "", "pause_days is None"), ("answer_days", "days", "unknown days; allowed: answer_days, pause_days, percent"),
])  # fmt: skip
def test_a_wrong_file_says_where_and_what_is_allowed(tmp_path: Path, old: str, new: str, fault: str) -> None:
    words = (ROOT / "config" / "surveys.toml").read_text("utf-8")
    assert old in words
    (tmp_path / "surveys.toml").write_text(words.replace(old, new, 1), "utf-8")
    with pytest.raises(surveys.SurveyFault) as wrong:
        surveys.load(tmp_path / "surveys.toml")
    assert fault in str(wrong.value)
