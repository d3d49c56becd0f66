"""Every item of the catalogue as it is in service opens, in both languages, and takes its files, rows and conditions."""

import re
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import database
from app.queries import catalog
from app.services import catalog as publishing
from app.unit_of_work import SYSTEM, unit_of_work
from tests.web.pages import browser_of, token
from tests.web.test_ordering import hidden


@pytest.fixture
def ana(cast: str, application: Flask) -> FlaskClient:
    """Ana, with the whole catalogue in service."""
    with unit_of_work(SYSTEM) as uow:
        publishing.refresh(uow)
    return browser_of(application, "ana")


def test_every_item_opens_in_both_languages(ana: FlaskClient) -> None:
    with database.sessions()() as session:
        items = catalog.offered(session)
    assert len(items) >= 4
    for language in ("en", "pt"):
        send = ana.post("/preferences", data={"csrf_token": token(ana), "language": language})
        assert send.status_code == 303
        for item in items:
            page = ana.get(f"/catalog/{item.slug}")
            if page.status_code == 404:  # not for employees
                continue
            assert page.status_code == 200, item.slug
            assert item.name.to(language) in page.text
            for question in item.fields:
                assert question.label.to(language) in re.sub(r"&#39;", "'", page.text).replace("&amp;", "&"), (item.slug, question.name)


def test_a_file_goes_with_the_order_and_is_kept_when_something_else_is_wrong(ana: FlaskClient) -> None:
    with database.sessions()() as session:
        found = [(item, field) for item in catalog.offered(session) for field in item.fields if field.kind == "file"]
    if not found:
        raise AssertionError("no item of the catalogue asks for a file: this test has lost its subject")
    item, question = found[0]
    address = f"/catalog/{item.slug}"
    ending = (question.types or ("pdf",))[0]
    name = f"answer_{question.name}"
    form = {**hidden(ana.get(address).text), f"{name}-file": (BytesIO(b"%PDF-1.4 hello"), f"evidence.{ending}")}
    back = ana.post(address, data=form, content_type="multipart/form-data")
    assert back.status_code in {200, 422}
    kept = hidden(back.text)[name]
    assert len(kept) >= 24
    assert f"evidence.{ending}" in back.text
    foreign = {**hidden(ana.get(address).text), name: "somebody-elses-key-0000000"}
    assert ana.post(address, data=foreign).status_code == 422
    refused = {**hidden(ana.get(address).text), f"{name}-file": (BytesIO(b"MZ"), "evil.exe")}
    answer = ana.post(address, data=refused, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert f'href="#{name}"' in answer.text
