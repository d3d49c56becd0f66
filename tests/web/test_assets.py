"""Services and what they stand on, as pages."""

from flask import Flask

from app.services import assets, reporting
from app.services.reporting import Report
from app.unit_of_work import SYSTEM, unit_of_work
from tests.web.pages import browser_of, counted, send


def things() -> None:
    with unit_of_work(SYSTEM) as uow:
        assets.create(uow, "mail-server", "Mail server", "server")
        assets.create(uow, "mail", "Mail and <b>calendar</b>", "service", criticality=1)
        assets.relate(uow, "mail", "depends_on", "mail-server")


def test_a_service_shows_what_fails_with_it_as_graph_and_as_list(cast: str, application: Flask) -> None:
    things()
    with unit_of_work("ana") as uow:
        number = reporting.report(uow, Report("Mail does not open", cis=("mail-server",))).number
    bo = browser_of(application, "bo")
    with counted() as statements:
        page = bo.get("/services/mail-server").text
    assert len(statements) <= 12
    assert "<svg" in page
    assert page.count("Mail and &lt;b&gt;calendar") >= 2
    assert number in page
    assert "Vital" in page
    listed = bo.get("/services/?class=server").text
    assert "Mail server" in listed
    assert "Mail and" not in listed
    assert "Nothing fits" in bo.get("/services/?q=zzz").text
    assert bo.get("/services/nothing").status_code == 404
    assert browser_of(application, "ana").get("/services/mail-server").status_code == 403


def test_an_administrator_keeps_services_and_what_is_wrong_is_said_and_kept(cast: str, application: Flask) -> None:
    things()
    eva, bo = browser_of(application, "eva"), browser_of(application, "bo")
    new = {"key": "crm", "name": "Customers", "class": "service", "criticality": "2", "owner": "ana", "team": "", "description": "Who buys"}
    assert send(bo, "/services/new", **new).status_code == 403
    wrong = send(eva, "/services/new", **{**new, "key": "Not A Key", "owner": "nobody"})
    assert wrong.status_code == 422
    assert "Choose somebody from the list." in wrong.text
    assert "Who buys" in wrong.text
    assert send(eva, "/services/new", **new).status_code == 303
    assert send(eva, "/services/crm/relations", type="runs_on", target="mail-server").status_code == 303
    assert send(eva, "/services/mail-server/relations", type="runs_on", target="crm").status_code == 422  # a ring
    assert "Customers" in eva.get("/services/mail-server").text
    assert send(eva, "/services/crm/relations", type="runs_on", target="mail-server", remove="1").status_code == 303
    changed = send(eva, "/services/crm/change", **{**new, "name": "Clients"})
    assert changed.status_code == 303
    page = eva.get("/services/crm").text
    assert "Clients" in page
    assert "Not in use" in page
    assert "Ana" in page
