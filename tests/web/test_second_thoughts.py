"""Changing, sending again and cancelling, as a browser without script does it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models.requests import Item
from app.rules.approvals import Choice
from app.services import fulfilment, requests
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import GROUP_ITEM, event_names
from tests.services.test_baskets import publish
from tests.web.pages import GROUP, PLAN, asked, browser_of, counted, send
from tests.web.test_ordering import hidden


@pytest.fixture
def ana(cast: str, application: Flask) -> FlaskClient:
    return browser_of(application, "ana")


def state(number: str) -> tuple[str, int, str]:
    with unit_of_work(SYSTEM) as uow:
        item = uow.get(Item, number, lock=False)
        return item.state, item.revision, str(item.answers["group"])


def changed(client: FlaskClient, number: str, group: str) -> int:
    page = f"/requests/items/{number}/answers"
    return client.post(page, data={**hidden(client.get(page).text), "answer_group": group}).status_code


def test_answers_are_changed_while_approvers_decide(ana: FlaskClient) -> None:
    request, number = asked()
    assert f"/requests/items/{number}/answers" in ana.get(f"/requests/{request}").text
    form = ana.get(f"/requests/items/{number}/answers").text
    assert 'selected value="finance-ro"' in form
    assert changed(ana, number, "finance-ro") == 303  # nothing is different: nobody is asked again
    assert "item.change" not in event_names(number)
    assert changed(ana, number, "no-such-group") == 422
    assert changed(ana, number, "wiki-editors") == 303
    assert state(number) == ("requested", 1, "wiki-editors")


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(ana: FlaskClient) -> None:
    _, number = asked()
    page = f"/requests/items/{number}/answers"
    old = hidden(ana.get(page).text)
    changed(ana, number, "wiki-editors")
    late = ana.post(page, data={**old, "answer_group": "crm-users"})
    assert late.status_code == 409
    assert "Somebody was faster" in late.text
    row = late.text.split("<tbody>")[1].split("</tbody>")[0]
    assert "wiki-editors" in row
    assert "crm-users" in row
    assert 'selected value="crm-users"' in late.text  # nothing that was typed is lost
    assert state(number)[2] == "wiki-editors"
    assert ana.post(page, data={**hidden(late.text), "answer_group": "crm-users"}).status_code == 303  # having seen both
    assert state(number)[2] == "crm-users"


def test_a_rejected_item_is_sent_again_as_a_new_revision_or_a_new_request(ana: FlaskClient) -> None:
    request, number = asked()
    with unit_of_work("helena") as uow:
        requests.decide(uow, number, Choice.REJECT, "not this one")
    assert "Change answers and try again" in ana.get(f"/requests/{request}").text
    assert changed(ana, number, "wiki-editors") == 303
    follower = ana.get("/requests/").text
    assert "REQ0000002" in follower  # the only item was rejected, so its request had ended
    assert state(number)[0] == "rejected"


def test_what_was_rejected_is_not_sent_again_with_answers_to_an_older_form(ana: FlaskClient) -> None:
    """As a first order is not: the form may ask something else by now, or cost something else. Nor twice from two windows."""
    with unit_of_work("ana") as uow:
        lines = [requests.Line(GROUP.slug, GROUP.hash, {"group": name}) for name in ("finance-ro", "crm-users")]
        number, _ = (item.number for item in requests.submit(uow, requests.Order("two-things-1", lines)).items)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, PLAN)
    with unit_of_work("helena") as uow:
        requests.decide(uow, number, Choice.REJECT, "not this one")
    page = f"/requests/items/{number}/answers"
    old, other_window = hidden(ana.get(page).text), hidden(ana.get(page).text)
    publish(GROUP_ITEM.replace("Read and write", "Read, write and share"), GROUP.slug)
    late = ana.post(page, data={**old, "answer_group": "wiki-editors"})
    assert (late.status_code, "was changed meanwhile" in late.text, "wiki-editors" in late.text) == (409, True, True)
    assert state(number) == ("rejected", 1, "finance-ro")
    assert changed(ana, number, "wiki-editors") == 303
    assert state(number) == ("requested", 2, "wiki-editors")
    assert ana.post(page, data={**other_window, "answer_group": "crm-users"}).status_code == 409
    assert state(number) == ("requested", 2, "wiki-editors")


def test_it_is_too_late_once_decided_and_never_another_persons_business(ana: FlaskClient, application: Flask) -> None:
    request, number = asked()
    page = f"/requests/items/{number}/answers"
    assert browser_of(application, "zeca").get(page).status_code == 404
    assert browser_of(application, "helena").get(page).status_code == 403
    for login in ("helena", "igor"):
        with unit_of_work(login) as uow:
            requests.decide(uow, number, Choice.APPROVE)
    assert ana.get(page).status_code == 409
    assert page not in ana.get(f"/requests/{request}").text


def test_one_of_two_things_is_cancelled_and_the_other_goes_on(ana: FlaskClient, application: Flask) -> None:
    with unit_of_work("ana") as uow:
        lines = [requests.Line(GROUP.slug, GROUP.hash, {"group": name}) for name in ("finance-ro", "crm-users")]
        first, second = (item.number for item in requests.submit(uow, requests.Order("two-things-1", lines)).items)
    page = ana.get("/requests/REQ0000001").text
    assert page.count("Cancel only this") == 2
    address = f"/requests/items/{first}/cancel"
    assert send(browser_of(application, "zeca"), address, reason="mine").status_code == 404
    assert send(browser_of(application, "helena"), address, reason="mine").status_code == 403
    assert send(ana, address, reason="").status_code == 422
    assert send(ana, address, reason="no longer needed").status_code == 303
    assert (state(first)[0], state(second)[0]) == ("canceled", "requested")
    assert send(ana, f"/requests/items/{second}/cancel", reason="nor this").status_code == 303
    assert event_names("REQ0000001")[-1] == "request.skip"


def test_the_page_says_what_an_item_on_hold_waits_for(ana: FlaskClient) -> None:
    request, number = asked()
    for login in ("helena", "igor"):
        with unit_of_work(login) as uow:
            requests.decide(uow, number, Choice.APPROVE)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
    with unit_of_work("bo") as uow:
        fulfilment.hold(uow, number, "requester", "Which folder do you mean?")
    ana.get("/")
    with counted() as statements:
        page = ana.get(f"/requests/{request}").text
    assert len(statements) <= 16
    for words in ("On hold: we need an answer from you", "Which folder do you mean?", "Write your answer under Messages"):
        assert words in page


def test_the_cart_is_seen_from_every_page_once_something_is_in_it(ana: FlaskClient) -> None:
    assert 'href="/cart/"' not in ana.get("/").text
    form = "/catalog/workplace/visitor"
    checked = ana.post(form, data={**hidden(ana.get(form).text), "for_whom": "me", "answer_guest": "Rita"})
    ana.post("/cart/add/workplace/visitor", data=hidden(checked.text))
    assert 'href="/cart/"' in ana.get("/").text


def test_the_plan_of_a_changed_item_asks_everybody_again(ana: FlaskClient) -> None:
    _, number = asked()
    with unit_of_work("helena") as uow:
        requests.decide(uow, number, Choice.APPROVE)
    changed(ana, number, "wiki-editors")
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, PLAN)
    with unit_of_work("igor") as uow:
        requests.decide(uow, number, Choice.APPROVE)
    assert state(number)[0] == "awaiting_approval"  # helena's word was about other answers
