"""Drafts, the cart and finding services, as a browser without script does it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import database
from app.models.baskets import CartLine, Draft
from app.models.people import Person
from app.models.requests import Item, Request
from app.services import catalog as publishing
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import parsed
from tests.services.test_baskets import publish
from tests.web.pages import browser_of, counted, send
from tests.web.test_ordering import hidden

FORM = "/catalog/workplace/visitor"


def count(model: type) -> int:
    with database.sessions()() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def ana(cast: str, application: Flask) -> FlaskClient:
    return browser_of(application, "ana")


def filled(client: FlaskClient, **answers: str) -> dict[str, str]:
    return {**hidden(client.get(FORM).text), "for_whom": "me", "answer_guest": "Rita", **answers}


def test_what_is_kept_stands_in_the_form_again_until_it_is_thrown_away(ana: FlaskClient) -> None:
    kept = ana.post(f"{FORM}/keep", data=filled(ana, answer_guest='Rita "<b>"'))
    assert kept.headers["Location"] == "/catalog/"
    again = ana.get(FORM).text
    assert "is here again" in again
    assert 'value="Rita &#34;&lt;b&gt;&#34;"' in again
    assert send(ana, f"{FORM}/forget").headers["Location"] == FORM
    assert "Rita" not in ana.get(FORM).text
    assert count(Draft) == 0


def test_a_draft_goes_when_it_is_sent(ana: FlaskClient) -> None:
    ana.post(f"{FORM}/keep", data=filled(ana))
    checked = ana.post(FORM, data=filled(ana))
    ana.post(f"{FORM}/send", data=hidden(checked.text))
    assert (count(Draft), count(Item)) == (0, 1)


def test_several_things_are_put_into_the_cart_changed_and_sent_together(ana: FlaskClient) -> None:
    for guest in ("Rita", "Zoe"):
        checked = ana.post(FORM, data=filled(ana, answer_guest=guest))
        assert ana.post("/cart/add/workplace/visitor", data=hidden(checked.text)).headers["Location"] == "/cart/"
    with counted() as statements:
        page = ana.get("/cart/").text
    assert len(statements) <= 25
    assert page.count("<h2 id=\"line-") == 2
    line = re.search(r"line=(\d+)", page)[1]
    form = ana.get(f"{FORM}?line={line}").text
    assert 'value="Rita"' in form
    checked = ana.post(FORM, data={**hidden(form), "for_whom": "other", "beneficiary": "bo", "answer_guest": "Rita B."})
    ana.post("/cart/add/workplace/visitor", data=hidden(checked.text))
    page = ana.get("/cart/").text
    assert "Rita B." in page
    assert "Bo Andersen" in page
    sent = ana.post("/cart/send", data=hidden(page))
    assert sent.headers["Location"] == "/requests/"
    assert ana.post("/cart/send", data=hidden(page)).headers["Location"] == "/requests/"
    assert (count(Request), count(Item), count(CartLine)) == (2, 2, 0)
    assert "Your cart is empty" in ana.get("/cart/").text


def test_a_line_can_be_taken_out_and_nobody_touches_anothers(ana: FlaskClient, application: Flask) -> None:
    checked = ana.post(FORM, data=filled(ana))
    ana.post("/cart/add/workplace/visitor", data=hidden(checked.text))
    with database.sessions()() as session:
        line = session.scalars(select(CartLine.id)).one()
    zeca = browser_of(application, "zeca")
    assert "Rita" not in zeca.get("/cart/").text
    assert zeca.get(f"{FORM}?line={line}").status_code == 404
    assert send(zeca, f"/cart/{line}/remove").status_code == 404
    assert count(CartLine) == 1
    assert send(ana, f"/cart/{line}/remove").headers["Location"] == "/cart/"
    assert count(CartLine) == 0


def test_a_cart_whose_item_changed_says_so_and_sends_nothing(ana: FlaskClient) -> None:
    from tests.cast import MAIL_ITEM

    checked = ana.post(FORM, data=filled(ana))
    ana.post("/cart/add/workplace/visitor", data=hidden(checked.text))
    publish(MAIL_ITEM.replace('target = "4h"', 'target = "5h"'), "workplace/visitor")
    page = ana.get("/cart/").text
    assert "The form was changed meanwhile" in page
    answer = ana.post("/cart/send", data=hidden(page))
    assert answer.status_code == 422
    assert "must be looked at first" in answer.text
    assert count(Request) == 0


DEFAULTS = """
name = "Advice"
name_pt = "Orientação"
summary = "S"
summary_pt = "S"
owner = "workplace"
target = "4h"
fields = [{ name = "department", label = "Department", label_pt = "Departamento", kind = "text", default = "{beneficiary.department}" }]
steps = [{ task = "Talk about {department}", task_pt = "Conversar sobre {department}" }]
"""


def test_a_form_is_filled_from_the_directory_for_whoever_gets_it(ana: FlaskClient) -> None:
    publish(DEFAULTS, "workplace/advice")
    assert parsed(DEFAULTS, "workplace/advice").fields[0].default
    with database.sessions()() as session:
        for login, department in (("ana", "Finance"), ("bo", "IT <b>")):
            session.scalars(select(Person).where(Person.login == login)).one().department = department
        session.commit()
    page = ana.get("/catalog/workplace/advice").text
    assert 'value="Finance"' in page
    form = {**hidden(page), "for_whom": "other", "beneficiary": "bo", "answer_department": "Finance"}
    checked = ana.post("/catalog/workplace/advice", data=form).text
    assert "IT &lt;b&gt;" in checked
    ana.post("/catalog/workplace/advice/send", data=hidden(checked))
    with database.sessions()() as session:
        assert session.scalars(select(Item)).one().answers == {"department": "IT <b>"}


def test_services_are_found_by_words_and_grouped_by_category(cast: str, application: Flask) -> None:
    with unit_of_work(SYSTEM) as uow:
        publishing.refresh(uow)
    client = browser_of(application, "ana")
    every, found, none = (client.get(f"/catalog/?q={words}").text for words in ("", "monitor", "xylophone"))
    assert every.count('<a class="tile') > 15
    assert 'href="#c-access"' in every
    assert "/catalog/hardware/monitor" in found
    assert "/catalog/access/vpn" not in found
    assert "Nothing fits “xylophone”" in none
