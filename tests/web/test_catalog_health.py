"""The page of the catalogue's health: what its author must look at, and how each item does."""

import pytest
from flask import Flask

from app import database
from app.models.catalog import CatalogItem
from app.models.people import RoleGrant
from app.rules.words import t
from app.services import rehearsals
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON, person_id
from tests.web.pages import asked, browser_of, counted


@pytest.fixture
def sofia(cast: str, application: Flask):
    with database.sessions()() as session:
        session.add(RoleGrant(person_id=person_id("zeca"), role="catalog_author", granted_at=NOON))
        session.commit()
    return browser_of(application, "zeca")


def test_an_author_sees_that_all_is_well_and_how_each_item_does(sofia) -> None:
    asked()
    with counted() as statements:
        page = sofia.get("/catalog-health/")
    assert page.status_code == 200
    assert len(statements) <= 20
    assert "Every file is good" in page.text
    assert "access/shared-group" in page.text
    assert page.text.count("<tr>") >= 2


def test_faults_failed_rehearsals_and_lost_teams_come_first_with_their_mend(sofia) -> None:
    fault = {"file": "catalog/workplace/visitor.toml", "line": 3, "what": ["The key “%(key)s” is missing.", {"key": "<b>"}], "mend": ["Remove it, or change the kind.", {}]}
    with database.sessions()() as session:
        session.get(CatalogItem, "workplace/visitor").fault = [fault]
        session.commit()
    with unit_of_work(SYSTEM) as uow:
        digest = dict(rehearsals.due(uow))["access/shared-group"]
        rehearsals.store(uow, "access/shared-group", digest, "broken", t("There is no team “%(team)s”.", team="x{{7*7}}"))
    page = sofia.get("/catalog-health/").text
    assert "catalog/workplace/visitor.toml:3" in page
    assert "The key “&lt;b&gt;” is missing. <strong>Remove it, or change the kind." in page
    assert "The last good version serves." in page
    assert "There is no team “x{{7*7}}”." in page


def test_an_employee_is_refused_and_has_no_link(cast: str, application: Flask) -> None:
    ana = browser_of(application, "ana")
    assert ana.get("/catalog-health/").status_code == 403
    assert "catalog-health" not in ana.get("/").text
