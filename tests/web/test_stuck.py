"""The page of what is stuck: failed items with a retry for their team, given-up work for administrators."""

from flask import Flask

from app import database
from app.models.events import Delivery
from app.models.requests import Step
from app.services import fulfilment
from app.unit_of_work import SYSTEM, unit_of_work
from tests.services.test_requests import approved, state
from tests.web.pages import browser_of, send


def failed() -> str:
    """An item whose automatic step failed for good."""
    number = approved()
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
        fulfilment.ready_steps(uow, number)
    with database.sessions().begin() as session:
        step = session.query(Step).filter_by(key="step-1").one()
        step.state, step.attempt = "failed", 5
        step.error, step.result = "The directory said no.", {"error": ["There is no %(what)s, or you may not see it.", {"what": "finance-ro"}]}
    with unit_of_work(SYSTEM) as uow:
        fulfilment.advance(uow, number)
    return number


def test_the_owner_reads_why_it_failed_and_tries_again(application: Flask, cast: str) -> None:
    number = failed()
    client = browser_of(application, "bo")
    page = client.get("/stuck/").get_data(as_text=True)
    assert number in page
    assert "There is no finance-ro, or you may not see it." in page
    request = client.get("/requests/REQ0000001").get_data(as_text=True)
    assert "There is no finance-ro" in request
    assert send(client, f"/stuck/items/{number}/retry").status_code == 303
    assert state(number) == "fulfilling"


def test_the_requester_sees_no_inner_reason_and_cannot_retry(application: Flask, cast: str) -> None:
    number = failed()
    client = browser_of(application, "ana")
    assert "There is no finance-ro" not in client.get("/requests/REQ0000001").get_data(as_text=True)
    assert client.get("/stuck/").status_code == 403
    assert send(client, f"/stuck/items/{number}/retry").status_code == 403
    assert state(number) == "failed"


def test_given_up_work_is_for_administrators(application: Flask, cast: str) -> None:
    approved()
    with database.sessions().begin() as session:
        delivery = session.query(Delivery).first()
        assert delivery is not None
        delivery.state, delivery.error = "dead", "KeyError: what"
        number = delivery.id
    assert "KeyError" not in browser_of(application, "bo").get("/stuck/").get_data(as_text=True)
    client = browser_of(application, "eva")
    assert "KeyError: what" in client.get("/stuck/").get_data(as_text=True)
    assert send(client, "/stuck/redrive", work=str(number)).status_code == 303
    with database.sessions()() as session:
        assert session.get_one(Delivery, number).state == "due"
