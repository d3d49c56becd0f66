"""An employee says what does not work: what is known already, me too, a few details, and where it stands."""

import io
import re

from flask import Flask
from sqlalchemy import update

from app import database
from app.models.records import Record
from app.services import families, incidents
from app.unit_of_work import unit_of_work
from tests.cast import event_names
from tests.services.incidents_scene import brought, letters, reported
from tests.web.pages import browser_of, counted, send, token

KEY = "report-number-0001"


def test_a_report_takes_two_pages_and_is_sent_once(cast: str, application: Flask) -> None:
    ana = browser_of(application, "ana")
    assert "autofocus" in ana.get("/report").text
    page = ana.get("/report/details?title=VPN+%3Cb%3Eslow&category=network/vpn").text
    assert "VPN &lt;b&gt;slow" in page
    assert "Where are you connected from?" in page
    said = {"title": "VPN slow", "description": "Since *nine*.", "category": "network/vpn", "urgency": "2", "submission_key": KEY}
    wrong = send(ana, "/report/details", **{**said, "title": ""})
    assert wrong.status_code == 422
    assert "Since *nine*." in wrong.text
    assert "Say in a few words what is wrong." in wrong.text
    assert send(ana, "/report/details", **said).status_code == 422  # the category asks where from
    files = {**said, "answer_place": "home", "csrf_token": token(ana)}
    sent = [ana.post("/report/details", data={**files, "file": (io.BytesIO(b"what the screen says"), "screen.txt")}) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    assert sent[0].location == sent[1].location
    shown = ana.get(sent[0].location).text
    assert "screen.txt" in shown
    listed = ana.get("/report/mine").text
    assert listed.count("VPN slow") == 1
    with counted() as statements:
        assert "VPN slow" in ana.get("/").text
    assert len(statements) <= 12, "\n".join(statements)
    assert "VPN slow" not in browser_of(application, "zeca").get("/report/mine?show=all").text


def test_me_too_on_a_known_outage_is_one_click_and_one_person(cast: str, application: Flask) -> None:
    outage, part, lone = brought("in_progress", title="Mail does not arrive"), reported("No mail here"), reported("My mail is slow", who="davi")
    zeca = browser_of(application, "zeca")
    assert "Mail does not arrive" not in zeca.get("/report?title=mail").text  # nobody said that it hurts several
    assert send(zeca, f"/report/me-too/{outage}").status_code == 404
    with unit_of_work("bo") as uow:
        families.adopt(uow, part, outage)
    with counted() as statements:
        page = zeca.get("/report/suggest?title=mails").text
    assert len(statements) <= 12, "\n".join(statements)
    assert "Mail does not arrive" in page
    assert "My mail is slow" not in page
    assert zeca.get("/report/suggest?title=printer").text.count("Mail does not arrive") == 0
    assert zeca.get(f"/incidents/{outage}").status_code == 404
    for _ in range(2):
        assert send(zeca, f"/report/me-too/{outage}").status_code == 303
    assert event_names(outage).count("incident.me_too") == 1
    assert "Mail does not arrive" in zeca.get("/report/mine").text
    assert zeca.get(f"/incidents/{outage}").status_code == 200
    assert "You are on it" in zeca.get("/report").text
    assert send(zeca, f"/report/me-too/{lone}").status_code == 404
    with unit_of_work("bo") as uow:
        incidents.resolve(uow, outage, "solved", "The queue was full.")
    assert ("zeca", "incident_works_again") in letters()
    assert "Mail does not arrive" not in zeca.get("/report").text  # it is over


def test_an_outage_is_not_suggested_for_words_that_only_its_own_text_has(cast: str, application: Flask) -> None:
    """Whoever may not see it could have learned its text word by word."""
    outage = brought("in_progress", title="Mail does not arrive", description="The VPN of the warehouse says so.")
    with unit_of_work("bo") as uow:
        families.adopt(uow, reported("No mail here"), outage)
    zeca = browser_of(application, "zeca")
    assert "Mail does not arrive" in zeca.get("/report/suggest?title=Mails").text
    assert "Mail does not arrive" not in zeca.get("/report/suggest?title=vpn").text
    with database.sessions().begin() as session:
        session.execute(update(Record).where(Record.number == outage).values(restricted=True))
    for page in ("/report/suggest?title=Mails", "/report", "/", "/outages"):
        assert "Mail does not arrive" not in zeca.get(page).text, page
    assert send(zeca, f"/report/me-too/{outage}").status_code == 404


def test_the_bar_of_a_phone_has_four_places_and_the_rest_behind_more(cast: str, application: Flask) -> None:
    """Five entries cut "Aprovações" on a phone."""
    for login, endpoints in (("ana", ["/", "/requests/", "/report/mine", "/approvals/"]), ("bo", ["/", "/approvals/", "/incidents/", "/tasks/"])):
        page = browser_of(application, login).get("/requests/").text
        bar = page[page.index('class="bottombar"') :].partition("</nav>")[0].partition("<details")[0]
        assert re.findall(r'<a href="([^"]+)"', bar) == endpoints
