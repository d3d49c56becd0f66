"""An analyst writes down a call: who calls, what that person has open, what is like it."""

from flask import Flask

from tests.services.incidents_scene import brought, found, reported
from tests.web.pages import browser_of, counted, send


def test_a_call_is_written_down_for_its_caller(cast: str, application: Flask) -> None:
    like, other = brought("resolved", title="VPN does not connect"), reported("Printer is stuck", category="hardware/printer")
    bo = browser_of(application, "bo")
    bo.get("/incidents/new")
    with counted() as statements:
        assert "Who reports it?" in bo.get("/incidents/new?caller=ana").text
    assert len(statements) <= 12, len(statements)
    beside = bo.get("/incidents/new/beside?caller=ana&title=vpn+not+connecting&impact=1&urgency=2").text
    assert (other in beside, like in beside, "The cable was loose." in beside, "P2" in beside) == (True, True, True, True)
    assert "Where are you connected from?" in bo.get("/incidents/new/questions?category=network/vpn").text
    assert "Where are you" not in bo.get("/incidents/new/questions?category=mail").text

    fields = {
        "submission_key": "a-call-number-0001", "caller": "Ana Lima", "channel": "phone", "title": "VPN is down", "description": "Since **nine**.",
        "category": "network/vpn", "service": "", "impact": "2", "urgency": "1",
    }  # fmt: skip
    looked = send(bo, "/incidents/new", **fields, look="1")
    assert (looked.status_code, like in looked.text, 'value="ana"' in looked.text) == (200, True, True)
    missing = send(bo, "/incidents/new", **fields)
    assert (missing.status_code, "answer_place" in missing.text, "VPN is down" in missing.text) == (422, True, True)
    assert send(bo, "/incidents/new", **{**fields, "caller": "nobody"}, answer_place="home").status_code == 422
    sent = send(bo, "/incidents/new", **fields, answer_place="home")
    number = sent.headers["Location"].rpartition("/")[2]
    made = found(number)
    assert (made.channel, made.priority, made.fields, made.title) == ("phone", 2, {"place": "home"}, "VPN is down")
    assert send(bo, "/incidents/new", **fields, answer_place="home").headers["Location"].endswith(number)
    assert "Since <strong>nine</strong>." in browser_of(application, "ana").get(f"/incidents/{number}").text
    assert browser_of(application, "ana").get("/incidents/new").status_code == 403
