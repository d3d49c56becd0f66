"""Every page opens for those who may, asks the database little, and is closed to everybody else."""

import mailbox
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.models.people import Team
from app.models.requests import Item
from app.services import tasks
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from tests.databases import Scene
from tests.web.pages import asked, browser_of, counted, ordered, send

MOST_QUERIES = 12
PAGES = (
    ("ana", "/"), ("ana", "/search?q=folder"), ("ana", "/search/suggest?q=acc"), ("ana", "/catalog/"),
    ("ana", "/catalog/access/shared-group"), ("ana", "/requests/"), ("ana", "/requests/?show=all&q=access"),
    ("ana", "/requests/REQ0000001"), ("ana", "/approvals/"), ("ana", "/approvals/away/"), ("ana", "/people/suggest?q=bo"),
    ("helena", "/"), ("helena", "/approvals/"), ("helena", "/approvals/RIT0000001"), ("helena", "/requests/REQ0000001"),
    ("bo", "/stuck/"), ("eva", "/stuck/"), ("bo", "/tasks/"), ("bo", "/tasks/board"), ("bo", "/tasks/?show=mine"), ("bo", "/tasks/TSK0000001"), ("bo", "/records/REQ0000001/timeline"),
    ("bo", "/records/REQ0000001/timeline?show=talk"), ("bo", "/requests/REQ0000001"),
    ("eva", "/people/"), ("eva", "/people/?q=bo&role=analyst"), ("eva", "/people/bo"), ("eva", "/people/new"),
    ("eva", "/teams/"), ("eva", "/teams/service-desk"), ("eva", "/teams/new"), ("eva", "/roles/"), ("eva", "/directory/"),
    ("eva", "/dev/mail/"),
)  # fmt: skip
CLOSED = (
    ("ana", "/people/", 403), ("ana", "/tasks/", 403), ("ana", "/directory/", 403), ("ana", "/roles/", 403), ("ana", "/teams/", 403),
    ("zeca", "/requests/REQ0000001", 404), ("zeca", "/approvals/RIT0000001", 404), ("zeca", "/tasks/TSK0000001", 404),
    ("ana", "/records/REQ0000001/timeline", 403), ("davi", "/requests/REQ0000001", 404), ("bo", "/people/bo", 403),
    ("ana", "/catalog/access/none", 404), ("ana", "/incidents/INC0000001", 404), ("ana", "/records/CHG0000001", 404), ("eva", "/people/nobody", 404), ("eva", "/teams/none", 404),
)  # fmt: skip


@pytest.fixture
def house(cast: str, application: Flask, scene: Scene[None]) -> Flask:
    """A request that waits for its approvers, and a task of the service desk."""
    scene("house", _order)
    return application


def _order() -> None:
    _, item = asked()
    with unit_of_work(SYSTEM) as uow:
        desk = uow.session.scalars(select(Team.id).where(Team.key == "service-desk")).one()
        tasks.open_for(uow, uow.get(Item, item), "Check that the folder opens", desk, instructions="Call first.")


@pytest.mark.parametrize(("login", "path"), PAGES)
def test_the_page_opens_with_few_questions_to_the_database(house: Flask, login: str, path: str) -> None:
    client = browser_of(house, login)
    client.get(path)  # the first request of a session also writes when it was seen
    with counted() as statements:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text[:400]
    assert len(statements) <= MOST_QUERIES, "\n".join(statements)
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(("login", "path", "status"), CLOSED)
def test_the_page_is_closed_to_others(house: Flask, login: str, path: str, status: int) -> None:
    assert browser_of(house, login).get(path).status_code == status


@pytest.mark.parametrize("path", sorted({path for _, path in PAGES if not path.startswith("/dev")}))
def test_a_visitor_is_sent_to_sign_in_and_back(house: Flask, path: str) -> None:
    answer = house.test_client().get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=/")


def test_a_visitor_who_reads_json_gets_401(house: Flask) -> None:
    assert house.test_client().get("/requests/", headers={"Accept": "application/problem+json"}).status_code == 401


def test_a_list_does_not_ask_more_when_it_is_longer(house: Flask) -> None:
    client = browser_of(house, "ana")
    with counted() as few:
        client.get("/requests/")
    for number in range(8):
        asked(key=f"order-number-1{number:03d}")
    with counted() as many:
        assert client.get("/requests/").text.count("Waiting for Helena Souza") == 9
    assert len(many) <= len(few)


def test_a_list_is_turned_page_by_page(house: Flask) -> None:
    for number in range(55):
        ordered(key=f"order-number-2{number:03d}")
    client = browser_of(house, "ana")
    first = client.get("/requests/").text
    assert "REQ0000056" in first
    assert "REQ0000001" not in first
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = client.get(following).text
    assert "REQ0000001" in second
    assert "REQ0000056" not in second
    assert client.get("/requests/?page=nonsense").status_code == 422


@pytest.mark.parametrize("words", ["REQ0000001", "req1", " req0000001 "])
def test_a_number_opens_its_record(house: Flask, words: str) -> None:
    client = browser_of(house, "ana")
    assert client.get("/search", query_string={"q": words}).headers["Location"] == "/records/REQ0000001"
    assert client.get("/records/REQ0000001").headers["Location"] == "/requests/REQ0000001"
    assert "Nothing fits" in browser_of(house, "zeca").get("/search", query_string={"q": words}).text


@pytest.mark.parametrize("words", ["shared group", "GRUPO", "compartilhado", "shraed", "acess"])
def test_search_forgives_accents_languages_and_slips(house: Flask, words: str) -> None:
    assert "/catalog/access/shared-group" in browser_of(house, "ana").get("/search", query_string={"q": words}).text


@pytest.mark.parametrize("words", ["%", "_", "'; drop table records --", "{{7*7}}", "<b>x</b>", "\x00", "x" * 3000])
def test_search_takes_any_words_as_words(house: Flask, words: str) -> None:
    answer = browser_of(house, "ana").get("/search", query_string={"q": words})
    assert answer.status_code == 200
    assert "<b>x</b>" not in answer.text
    assert "REQ0000001" not in answer.text


def test_the_palette_gets_json(house: Flask) -> None:
    answer = browser_of(house, "ana").get("/search/suggest?q=REQ1", headers={"Accept": "application/json"})
    assert answer.get_json()["results"] == [{"text": "Access to a shared group", "number": "REQ0000001", "href": "/records/REQ0000001"}]


def test_mail_is_shown_as_text_and_only_in_the_demonstration(house: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings(), "data_dir", tmp_path)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "desk@x.example", "ana@x.example", "<script>alert(1)</script>"
    message["Date"] = "Mon, 23 Nov 2026 12:00:00 -0300"
    message.set_content("Hello <b>Ana</b>: http://127.0.0.1/x")
    message.add_alternative("<p>never <b>drawn</b></p>", subtype="html")
    box = mailbox.Maildir(tmp_path / "mail")
    key = box.add(message)
    client = house.test_client()
    assert "&lt;script&gt;alert(1)" in client.get("/dev/mail/").text
    page = client.get(f"/dev/mail/{key}").text
    assert "Hello &lt;b&gt;Ana&lt;/b&gt;" in page
    assert "never" not in page
    assert client.get("/dev/mail/none").status_code == 404


def test_without_the_demonstration_there_is_neither_mail_nor_style_guide(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.web.application import create_app

    monkeypatch.setenv("DESK_DEMO", "0")
    settings.cache_clear()
    routes = {rule.rule for rule in create_app().url_map.iter_rules()}
    settings.cache_clear()
    assert not [rule for rule in routes if rule.startswith(("/dev", "/styleguide"))]


def test_administration_changes_people_teams_and_roles(house: Flask) -> None:
    client = browser_of(house, "eva")
    assert send(client, "/people/new", login="nina", name="Nina Alves", email="nina@aurora.example").status_code == 303
    assert send(client, "/people/new", login="nina", name="", email="bad").status_code == 422
    assert send(client, "/people/nina/roles", role="analyst").status_code == 303
    assert send(client, "/people/nina/manager", manager="rui").status_code == 303
    assert send(client, "/teams/identity/members", person="nina").status_code == 303
    page = client.get("/people/nina").text
    assert "Analyst" in page
    assert "Rui Prado" in page
    assert "Nina Alves" in client.get("/teams/identity").text
    assert send(client, "/people/nina/roles/revoke", role="analyst").status_code == 303
    assert send(client, "/people/nina/disable").status_code == 303
    assert "Disabled" in client.get("/people/nina").text
    assert send(client, "/people/eva/disable").status_code == 409
    assert send(browser_of(house, "ana"), "/people/ana/roles", role="administrator").status_code == 403
