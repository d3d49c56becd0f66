"""An incident that is a request, and a request that is an incident: another record, linked, and nothing of what was said is lost."""

import re

from flask import Flask

from app.models.requests import Request
from app.services import conversations
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import event_names, person_id
from tests.services.incidents_scene import brought, found, letters, linked, reported, role
from tests.services.test_baskets import publish
from tests.web.pages import asked, browser_of, counted, send
from tests.web.test_ordering import hidden

SLUG = "hardware/laptop"
LAPTOP = """
name = "New laptop"
name_pt = "Notebook novo"
summary = "A new computer."
summary_pt = "Um computador novo."
owner = "workplace"
target = "8h"

[[fields]]
name = "reason"
label = "Why?"
label_pt = "Por quê?"
kind = "long-text"
required = true

[[approvals]]
who = "manager-of-beneficiary"

[[steps]]
task = "Set it up"
task_pt = "Prepare"
team = "workplace"
"""


def request(number: str) -> Request:
    with unit_of_work(SYSTEM) as uow:
        return uow.get(Request, number, lock=False)


def plain(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name != "csrf_token"}


def test_an_incident_that_is_a_request_is_ordered_for_its_caller_and_ends_as_none(cast: str, application: Flask) -> None:
    publish(LAPTOP, SLUG)
    number = reported("My laptop is too slow", description="It is from 2019, and I need one for the closing.")
    with unit_of_work("ana") as uow:
        conversations.reply(uow, number, "A blue one, please.")
    bo, page = browser_of(application, "bo"), f"/incidents/{number}/request"
    assert page in bo.get(f"/incidents/{number}").text
    chosen = bo.get(page)
    assert (chosen.status_code, "Probably one of these" in chosen.text, f"{page}/{SLUG}" in chosen.text) == (200, True, True)
    assert "Nothing fits" in bo.get(f"{page}?q=xyzzy").text
    form = bo.get(f"{page}/{SLUG}").text
    assert ("It is from 2019" in form.split('name="answer_reason"')[1], "> Ana Lima" in form or "Ana Lima</" in form, "Keep for later" in form) == (True, True, False)
    fields = {**hidden(form), "for_whom": "me", "answer_reason": "It is from 2019."}
    checked = send(bo, f"{page}/{SLUG}", **fields)
    assert (checked.status_code, "ends as no incident" in checked.text, "Put into the cart" in checked.text) == (200, True, False)
    assert "For somebody else" in send(bo, f"{page}/{SLUG}", **fields, change="1").text
    assert send(bo, f"{page}/{SLUG}", **{**fields, "answer_reason": ""}).status_code == 422

    for client in (browser_of(application, "zeca"), browser_of(application, "ana")):
        assert [client.get(page).status_code, send(client, f"{page}/{SLUG}/send", **plain(fields)).status_code] == [403, 403]
    made = send(bo, f"{page}/{SLUG}/send", **hidden(checked.text)).headers["Location"].rpartition("/")[2]
    new = request(made)
    assert (new.requester_id, new.beneficiary_id, new.opened_by_id) == (person_id("ana"), person_id("ana"), person_id("bo"))
    assert (found(number).state, linked(number)) == ("canceled", [("replaced_by", made)])
    assert (event_names(made).count("request.replace"), event_names(number).count("incident.cancel")) == (1, 1)
    ana = browser_of(application, "ana")
    hers = ana.get(f"/requests/{made}").text
    for words in (f"{number}: My laptop is too slow", "It is from 2019, and I need one for the closing.", "A blue one, please.", "Replaces", "Cancel this request"):
        assert words in hers, words
    told = ana.get(f"/incidents/{number}").text
    assert ("it goes on as" in told, made in told) == (True, True)
    assert {("ana", "request_submitted"), ("ana", "incident_canceled")} <= letters()
    assert ("bo", "request_submitted") not in letters()
    assert send(bo, f"{page}/{SLUG}/send", **hidden(checked.text)).headers["Location"].endswith(made)  # sent twice
    again = send(bo, f"{page}/{SLUG}/send", **{**hidden(checked.text), "submission_key": "another-order-0001"})
    assert (again.status_code, made in again.text) == (409, True)
    over = brought("resolved")
    assert send(bo, f"/incidents/{over}/request/{SLUG}/send", **{**hidden(checked.text), "submission_key": "another-order-0002"}).status_code == 409
    role("ana", "analyst")  # whose own incident is for others to judge
    assert browser_of(application, "ana").get(f"/incidents/{reported('A chair')}/request").status_code == 403


def test_a_request_that_is_an_incident_fills_the_call_form_and_is_linked(cast: str, application: Flask) -> None:
    number, _ = asked()
    bo, ana = browser_of(application, "bo"), browser_of(application, "ana")
    send(ana, f"/requests/{number}/reply", body="I cannot open the folder since nine.")
    with counted() as statements:
        assert f"/incidents/new?origin={number}" in bo.get(f"/requests/{number}").text
    assert len(statements) <= 14, len(statements)
    assert "This is an incident" not in ana.get(f"/requests/{number}").text
    form = bo.get(f"/incidents/new?origin={number}").text
    for words in ('value="ana"', "Access to a shared group", "finance-ro", "&gt; I cannot open the folder since nine.", f"From {number}", "Portal"):
        assert words in form, words
    said = re.search(r'<textarea[^>]*name="description"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    fields = {**hidden(form), "caller": "ana", "channel": "portal", "title": "The folder does not open", "category": "mail", "service": "", "impact": "3", "urgency": "3",
              "description": said[1] if said else "", "cancels": "y"}  # fmt: skip
    assert send(bo, "/incidents/new", **{**fields, "title": ""}).status_code == 422
    assert f"From {number}" in send(bo, "/incidents/new", **{**fields, "title": ""}).text
    assert [send(bo, "/incidents/new", **{**fields, "origin": "REQ9999999"}).status_code, send(browser_of(application, "zeca"), "/incidents/new", **plain(fields)).status_code] == [404, 403]
    made = send(bo, "/incidents/new", **fields).headers["Location"].rpartition("/")[2]
    assert send(bo, "/incidents/new", **fields).headers["Location"].endswith(made)
    assert (linked(made), found(made).requester_id, found(made).channel, request(number).state) == ([("request", number)], person_id("ana"), "portal", "canceled")
    assert event_names(number).count("request.convert") == 1
    assert f"it goes on as {made}" in ana.get(f"/requests/{number}").text
    assert "I cannot open the folder" in ana.get(f"/incidents/{made}").text
    assert f"opened the incident {made} from it" in browser_of(application, "bo").get(f"/records/{number}/timeline").text
    role("ana", "analyst")
    ana = browser_of(application, "ana")
    assert [ana.get(f"/incidents/new?origin={number}").status_code, send(ana, "/incidents/new", **{**plain(fields), "submission_key": "her-own-request-01"}).status_code] == [403, 403]
