"""The page of an incident, without script: what the desk sees and does there, and what its caller sees and does."""

import html
import io
import re

import pytest
from flask import Flask
from sqlalchemy import update

from app import database
from app.models.records import Record
from app.services import incident_details, incidents, relations, tags, watching
from app.unit_of_work import unit_of_work
from tests.cast import person_id
from tests.services.incidents_scene import brought, found, letters, problem, reported, role
from tests.web.pages import browser_of, counted, send, token
from tests.web.test_ordering import hidden

MOST_QUERIES = 12


@pytest.fixture
def house(cast: str, application: Flask) -> Flask:
    return application


def test_an_analyst_takes_answers_and_resolves_and_the_caller_confirms(house: Flask) -> None:
    number = reported(description="It says “timeout”.")
    bo, ana = browser_of(house, "bo"), browser_of(house, "ana")
    page = f"/incidents/{number}"
    assert bo.get(f"/records/{number}").headers["Location"] == page
    assert (">Take it<" in bo.get(page).text, "Take it" in ana.get(page).text, "Internal note" in ana.get(page).text) == (True, False, False)

    version = str(found(number).version)
    assert send(bo, f"{page}/take", version=version).headers["Location"] == page
    assert send(bo, f"{page}/resolve", version=version, code="solved", notes="x").status_code == 412
    assert send(bo, f"{page}/notes", body="Between us: the router.").status_code == 303
    assert send(bo, f"{page}/reply", body="Which room?", then="hold", version=str(found(number).version)).status_code == 303
    assert (found(number).state, found(number).hold_reason) == ("on_hold", "caller")

    hers = ana.get(page).text
    assert ("Which room?" in hers, "We wait for your answer." in hers, "the router" in hers) == (True, True, False)
    assert send(ana, f"{page}/notes", body="x").status_code == 403
    assert send(ana, f"{page}/reply", body="Room 5.").status_code == 303
    assert found(number).state == "in_progress"
    assert ("bo", "incident_reply") in letters()

    empty = send(bo, f"{page}/resolve", code="solved", notes="", version=str(found(number).version))
    assert (empty.status_code, 'id="act-resolve" data-menu open' in empty.text) == (422, True)
    sent = send(bo, f"{page}/reply", body="The cable was loose.", then="resolve", code="solved", version=str(found(number).version))
    assert (sent.status_code, found(number).state) == (303, "resolved")
    assert "Does it work again?" in ana.get(page).text
    assert send(ana, f"{page}/close", version=str(found(number).version)).status_code == 303
    assert found(number).state == "closed"
    assert (send(ana, f"{page}/reply", body="Thanks").status_code, send(ana, f"{page}/follow-up", body="It is back.").status_code) == (409, 303)


def test_two_at_one_incident_see_both_versions_field_by_field_and_overwrite_only_what_they_saw(house: Flask) -> None:
    number = brought("in_progress", title="VPN <b>drops</b>", category="network/vpn", fields={"place": "home"})
    page, seen = f"/incidents/{number}", str(found(number).version)
    role("caro", "analyst")
    bo, caro, ana = (browser_of(house, login) for login in ("bo", "caro", "ana"))
    assert send(bo, f"{page}/weigh", version=seen, impact="1", urgency="2", note="The whole floor.").status_code == 303
    assert send(bo, f"{page}/describe", version=str(found(number).version), title="VPN is down", category="network/vpn", answer_place="office").status_code == 303
    before = found(number)

    late = send(caro, f"{page}/describe", version=seen, title="VPN <i>slow</i>", category="network", answer_place="home")
    rows = {cells[0]: cells[1:] for cells in cells_of(late.text)}
    assert (late.status_code, rows["Title"][0].startswith("VPN is down"), "Bo Andersen" in rows["Title"][0], rows["Title"][1]) == (412, True, True, "VPN <i>slow</i>")
    assert (rows["Impact"][0].startswith("High impact"), rows["Impact"][1], "VPN" in rows["Category"][0], rows["Category"][1]) == (True, "as it is", True, "Network")
    assert (found(number).version, found(number).title, "<i>slow" in late.text) == (before.version, "VPN is down", False)
    heavier = send(caro, f"{page}/weigh", version=seen, impact="3", urgency="2", note="Only one person.")
    assert "Only one person." in heavier.text
    told = caro.post(f"{page}/weigh", data={"csrf_token": token(caro), "version": seen, "impact": "3"}, headers={"Accept": "application/json"})
    assert (told.status_code, told.json["theirs"]["impact"], told.json["yours"]) == (412, 1, {"version": int(seen), "impact": "3"})

    kept = {name: html.unescape(value) for name, value in hidden(late.text).items() if name != "csrf_token"}
    assert kept["version"] == str(before.version)
    assert send(caro, f"{page}/describe", **kept).status_code == 303
    assert (found(number).title, found(number).impact) == ("VPN <i>slow</i>", 1)

    assert send(bo, f"{page}/resolve", version=str(found(number).version), code="solved", notes="New cable.").status_code == 303
    hers = send(ana, f"{page}/close", version=seen)
    assert (hers.status_code, {cells[0] for cells in cells_of(hers.text)}) == (412, {"Detail", "Title", "State"})
    assert send(browser_of(house, "igor"), f"{page}/close", version=seen).status_code == 404


def cells_of(page: str) -> list[list[str]]:
    """Return the rows of a page's table as their words."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.S)
    return [[html.unescape(" ".join(re.sub(r"<[^>]+>", " ", cell).split())) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def test_the_page_asks_little_however_much_hangs_on_it_and_keeps_inside_what_is_inside(house: Flask) -> None:
    number, cause = brought("in_progress", category="network/vpn", fields={"place": "home"}), problem()
    alike = reported("The VPN is slow, too", who="igor", category="network/vpn", fields={"place": "home"})
    with unit_of_work("bo") as uow:
        relations.add(uow, number, "problem", cause)
        tags.add(uow, number, "vpn")
        incidents.add_task(uow, number, "Look at the router", "network")
        incident_details.change(uow, number, impact=2, note="The whole team.")
        watching.invite(uow, number, person_id("zeca"))
    bo, page = browser_of(house, "bo"), f"/incidents/{number}"
    data = {"csrf_token": token(bo), "body": "See the log.", "file": (io.BytesIO(b"secret"), "router.txt")}
    assert bo.post(f"{page}/notes", data=data, content_type="multipart/form-data").status_code == 303
    for login, inside in (("bo", True), ("caro", True), ("ana", False), ("zeca", False)):
        client = browser_of(house, login)
        client.get(page)
        with counted() as statements:
            text = client.get(page).text
        assert len(statements) <= MOST_QUERIES, (login, len(statements))
        for word in ("router.txt", "See the log.", "The whole team.", "priority from P5 Planning to P4 Low", cause):
            assert (word in text) is inside, (login, word)
        assert ("Network › VPN" in text, "Home" in text, "Why P4?" in text) == (True, True, True)
        with counted() as statements:
            beside = client.get(f"{page}/beside")
        assert (beside.status_code, len(statements) <= MOST_QUERIES) == (200 if inside else 403, True), login
        assert (alike in beside.text, alike in text, alike in client.get(f"{page}?beside=1").text) == (inside, False, inside), login
    assert [browser_of(house, "igor").get(address).status_code for address in (page, f"{page}/beside")] == [404, 404]
    assert "See the log." not in bo.get(f"{page}?show=changes").text
    assert "made it" not in bo.get(f"{page}?show=talk").text
    with database.sessions().begin() as session:
        session.execute(update(Record).where(Record.number == number).values(restricted=True, team_id=None))
    assert browser_of(house, "caro").get(page).status_code == 404


def test_every_other_step_has_its_form(house: Flask) -> None:
    number = reported()
    bo, page = browser_of(house, "bo"), f"/incidents/{number}"

    def do(act: str, **fields: str) -> int:
        return send(bo, f"{page}/{act}", version=str(found(number).version), **fields).status_code

    assert do("assign", assignee=str(person_id("caro"))) == 303
    assert do("start") == 303
    assert do("hold", reason="vendor", comment="Order 4711") == 303
    assert do("resume") == 303
    assert do("weigh", impact="1", urgency="1") == 422
    assert do("weigh", impact="1", urgency="1", note="All of them.") == 303
    assert found(number).priority == 1
    assert do("hand-over", team="network", body="Yours.") == 303
    assert do("take") == 303
    assert do("resolve", code="solved", notes="New switch.") == 303
    assert do("reopen", body="Not yet.") == 303
    other = reported("Same again")
    assert do("cancel", why="duplicate", body="Twice.") == 422
    assert do("cancel", why="duplicate", body="Twice.", other=other) == 303
    text = bo.get(page).text
    for words in ("gave it to <", "handed it over to Network", "A supplier", "cancelled it: Reported twice", "Order 4711"):
        assert words.rstrip("<") in text, words
