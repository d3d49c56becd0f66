"""Ordering, following and deciding through the pages, as a browser without script does it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import database
from app.models.requests import Item, Request
from tests.cast import event_names
from tests.web.pages import asked, browser_of, counted, send

FORM = "/catalog/access/shared-group"


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the page's main form."""
    main = page.split("<main")[1]
    fields = re.findall(r'<input[^>]*type="hidden"[^>]*>', main)
    pairs = [(re.search(r'name="([^"]+)"', field), re.search(r'value="([^"]*)"', field)) for field in fields]
    return {name[1]: value[1] for name, value in pairs if name and value}


def filled(client: FlaskClient, **answers: str) -> dict[str, str]:
    """Return the form of the item as a browser would send it with these answers."""
    return {**hidden(client.get(FORM).text), "for_whom": "me", "answer_group": "finance-ro", **answers}


def count(model: type[Request] | type[Item]) -> int:
    with database.sessions()() as session:
        return session.scalars(select(func.count()).select_from(model)).one()


@pytest.fixture
def ana(cast: str, application: Flask) -> FlaskClient:
    return browser_of(application, "ana")


def test_details_check_sent(ana: FlaskClient) -> None:
    checked = ana.post(FORM, data=filled(ana))
    assert checked.status_code == 200
    for words in ("Check your answers", "finance-ro", "Expected by", "Helena Souza", "Igor Nunes", "Add Ana Lima to the group finance-ro"):
        assert words in checked.text
    assert count(Request) == 0
    with counted() as statements:
        sent = ana.post(f"{FORM}/send", data=hidden(checked.text))
    assert len(statements) <= 12, "\n".join(statements)
    assert sent.headers["Location"] == "/requests/REQ0000001?sent=1"
    shown = ana.get(sent.headers["Location"]).text
    assert "Your number is REQ0000001" in shown
    assert "We are working out what will be done" in shown


def test_sending_twice_makes_one_request(ana: FlaskClient) -> None:
    fields = hidden(ana.post(FORM, data=filled(ana)).text)
    places = {ana.post(f"{FORM}/send", data=fields).headers["Location"] for _ in range(3)}
    assert places == {"/requests/REQ0000001?sent=1"}
    assert count(Item) == 1


def test_answers_can_be_changed_after_checking(ana: FlaskClient) -> None:
    fields = hidden(ana.post(FORM, data=filled(ana)).text)
    again = ana.post(FORM, data={**fields, "change": "1"})
    assert again.status_code == 200
    assert re.search(r'<option selected[^>]*value="finance-ro"', again.text)


def test_mistakes_come_back_with_a_summary_and_what_was_typed(ana: FlaskClient) -> None:
    answer = ana.post(FORM, data=filled(ana, answer_group="", for_whom="other", beneficiary="bo anders"))
    assert answer.status_code == 422
    assert "<title>Error: " in re.sub(r"\s+", " ", answer.text)
    assert 'href="#answer_group"' in answer.text
    assert 'id="answer_group-error"' in answer.text


@pytest.mark.parametrize(
    "tampered",
    [{"answer_group": "domain-admins"}, {"answer_group": "finance-ro' or 1=1"}, {"for_whom": "root"}, {"beneficiary": "nobody", "for_whom": "other"},
     {"submission_key": ""}, {"answer_price": "0"}, {"submission_key": "a" * 500}],
)  # fmt: skip
def test_a_tampered_form_makes_nothing(ana: FlaskClient, tampered: dict[str, str]) -> None:
    assert ana.post(f"{FORM}/send", data={**filled(ana), **tampered}).status_code == 422
    assert count(Request) == 0


def test_a_form_of_an_older_version_is_asked_to_check_again(ana: FlaskClient) -> None:
    assert ana.post(f"{FORM}/send", data=filled(ana, catalog_hash="0" * 64)).status_code == 409
    assert count(Request) == 0


def test_ordering_for_somebody_else_asks_which_one_is_meant(cast: str, application: Flask, ana: FlaskClient) -> None:
    several = ana.post(FORM, data=filled(ana, for_whom="other", beneficiary="an"))
    assert several.status_code == 422
    assert 'type="radio" id="beneficiary-0" name="beneficiary"' in several.text
    checked = ana.post(FORM, data=filled(ana, for_whom="other", beneficiary="zeca@aurora.example"))
    ana.post(f"{FORM}/send", data=hidden(checked.text))
    assert "Zeca Dias" in browser_of(application, "zeca").get("/requests/REQ0000001").text


def test_the_request_says_who_it_waits_for_and_takes_messages(cast: str, application: Flask) -> None:
    request, item = asked()
    ana = browser_of(application, "ana")
    page = ana.get(f"/requests/{request}").text
    assert "Waiting for the manager" in page
    assert "Helena Souza" in page
    assert send(ana, f"/requests/items/{item}/remind").status_code == 409  # asked less than a day ago
    assert send(ana, f"/requests/{request}/reply", body="When?").status_code == 303
    assert "When?" in ana.get(f"/requests/{request}").text
    assert send(ana, f"/requests/{request}/reply", body="  ").status_code == 422


def test_cancelling_needs_a_reason_and_the_version_that_was_seen(cast: str, application: Flask) -> None:
    request, _ = asked()
    ana = browser_of(application, "ana")
    version = hidden(ana.get(f"/requests/{request}").text)["version"]
    assert send(ana, f"/requests/{request}/cancel", reason="", version=version).status_code == 422
    late = send(ana, f"/requests/{request}/cancel", reason="No longer needed", version="99")
    assert late.status_code == 409
    for words in ("Somebody was faster", ">99<", f">{version}<", "No longer needed"):  # both versions, and what was typed
        assert words in late.text
    assert send(ana, f"/requests/{request}/cancel", reason="No longer needed", version=version).status_code == 303
    assert "Cancelled" in ana.get(f"/requests/{request}").text


def test_approving_takes_the_request_on(cast: str, application: Flask) -> None:
    request, item = asked()
    for approver in ("helena", "igor"):
        client = browser_of(application, approver)
        assert "Ana Lima" in client.get("/approvals/").text
        assert send(client, f"/approvals/{item}", choice="approve").headers["Location"] == "/approvals/"
        assert "Nothing waits for you" in client.get("/approvals/").text
    assert event_names(item)[-1] == "item.approve"
    assert send(browser_of(application, "helena"), f"/approvals/{item}", choice="approve").status_code == 409
    assert "The manager agreed" in browser_of(application, "ana").get(f"/requests/{request}").text


def test_rejecting_needs_a_reason(cast: str, application: Flask) -> None:
    _, item = asked()
    helena = browser_of(application, "helena")
    refused = send(helena, f"/approvals/{item}", choice="reject", comment=" ")
    assert refused.status_code == 422
    assert 'href="#comment"' in refused.text
    assert send(helena, f"/approvals/{item}", choice="maybe").status_code == 422
    assert send(helena, f"/approvals/{item}", choice="reject", comment="Not this quarter").status_code == 303
    assert "item.reject" in event_names(item)


@pytest.mark.parametrize("login", ["ana", "zeca", "bo", "eva"])
def test_nobody_else_decides(cast: str, application: Flask, login: str) -> None:
    _, item = asked()
    assert send(browser_of(application, login), f"/approvals/{item}", choice="approve").status_code in {403, 404}
    assert "item.vote" not in event_names(item)


def test_a_deputy_decides_in_the_place_of_the_approver(cast: str, application: Flask) -> None:
    _, item = asked()
    helena, davi = browser_of(application, "helena"), browser_of(application, "davi")
    assert davi.get(f"/approvals/{item}").status_code == 404
    days = {"starts_on": "2020-01-01", "ends_on": "2020-01-02"}
    assert send(helena, "/approvals/away/", delegate="davi", **days).status_code == 422
    from datetime import UTC, datetime, timedelta

    today = datetime.now(UTC).date()
    days = {"starts_on": (today - timedelta(days=1)).isoformat(), "ends_on": (today + timedelta(days=2)).isoformat()}
    assert send(helena, "/approvals/away/", delegate="davi", **days).status_code == 303
    assert "Davi Rocha" in helena.get("/approvals/away/").text
    assert "in the place of Helena Souza" in davi.get("/approvals/").text
    assert send(davi, f"/approvals/{item}", choice="approve").status_code == 303
