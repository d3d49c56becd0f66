"""Signing in and the own account, page by page, as a browser without script sees them."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app import database
from app.models.people import OneTimeLink, Person
from app.services import accounts, links, people
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import person_id
from tests.security.conftest import quick_passwords
from tests.signing import PASSWORD, account, come_in, give_passwords, is_in, let_time_pass, open_sessions, post, sign_in

__all__ = ["quick_passwords"]
pytestmark = pytest.mark.usefixtures("quick_passwords")


def test_a_visitor_is_sent_to_sign_in_and_back_to_the_page(client: FlaskClient, cast: str) -> None:
    give_passwords("ana")
    asked = client.get("/account")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/sign-in?next=/account")
    sign_in(client, "ana", next="/account")
    page = client.get("/sign-in/next", follow_redirects=True)
    assert "My account and security" in page.text
    assert client.get("/sign-in").headers["Location"] == "/"


def test_the_page_asks_for_what_is_missing_and_keeps_the_name(client: FlaskClient, cast: str) -> None:
    page = sign_in(client, "", "")
    assert page.status_code == 422
    assert "Type your user name" in page.text
    assert "Type your password" in page.text
    page = sign_in(client, "ana", "wrong wrong wrong")
    assert 'value="ana"' in page.text
    assert "wrong wrong wrong" not in page.text


def test_the_page_speaks_both_languages_and_says_what_plain_http_lacks(client: FlaskClient, cast: str) -> None:
    assert "no second factor is asked for" in client.get("/sign-in").text
    page = client.get("/sign-in", headers={"Accept-Language": "pt-BR"})
    assert "<h1>Entrar</h1>" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_session_costs_a_page_one_question_and_a_write_once_a_minute(client: FlaskClient, cast: str) -> None:
    come_in(client, "ana")
    asked: list[str] = []
    event.listen(database.engine(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    client.get("/account/password")
    assert sum("sign_in_sessions" in question for question in asked) == 1
    let_time_pass("sign_in_sessions", "seen_at", "2 minutes")
    for expected in (2, 1):
        asked.clear()
        client.get("/account/password")
        assert sum("sign_in_sessions" in question for question in asked) == expected
    asked.clear()
    client.get("/static/desk.css")
    client.get("/livez")
    assert asked == []


def test_the_account_page_lists_browsers_and_ends_them(client: FlaskClient, cast: str) -> None:
    come_in(client, "ana")
    others = [client.application.test_client() for _ in range(3)]
    for other in others:
        come_in(other, "ana")
    page = client.get("/account")
    assert page.text.count("/end\"") == 3
    assert "192.0.2.1" in page.text
    mine = max(row.id for row in open_sessions(person_id("ana")))
    post(client, f"/account/sessions/{mine}/end", page="/account")
    assert [is_in(other) for other in others] == [True, True, False]
    post(client, "/account/sessions/end-others", page="/account")
    assert [is_in(other) for other in (client, *others)] == [True, False, False, False]


def test_nobody_ends_the_browser_of_somebody_else_there(client: FlaskClient, cast: str) -> None:
    come_in(client, "eva")
    come_in(client.application.test_client(), "ana")
    (row,) = open_sessions(person_id("ana"))
    assert post(client, f"/account/sessions/{row.id}/end", page="/account").status_code == 404
    assert len(open_sessions(person_id("ana"))) == 1


def test_preferences_are_kept_with_the_person(client: FlaskClient, cast: str) -> None:
    come_in(client, "ana")
    kept = post(client, "/account/preferences", page="/account", speaks="pt", timezone="America/Manaus", theme="dark", density="compact")
    assert kept.status_code == 303
    page = client.get("/account").text
    assert re.search(r'<html lang="pt-BR" data-theme="dark" data-density="compact"', page)
    assert 'value="America/Manaus" selected' in page or re.search(r'selected value="America/Manaus"', page)
    wrong = post(client, "/account/preferences", page="/account", timezone="Mars/Base")
    assert wrong.status_code == 422
    post(client, "/preferences", page="/account", theme="light", back="/account")
    with database.sessions()() as session:
        assert session.get_one(Person, person_id("ana")).theme == "light"


def test_an_invitation_leads_to_a_first_password(client: FlaskClient, cast: str) -> None:
    account("zoe", password=None)
    administrator = client.application.test_client()
    come_in(administrator, "eva")
    assert "Mail an invitation" in administrator.get("/people/zoe").text
    assert post(administrator, "/people/zoe/invite", page="/people/zoe").status_code == 303
    with database.sessions()() as session:
        path = links.path(session.query(OneTimeLink).filter_by(purpose=links.INVITATION).one())
    assert sign_in(client, "zoe").status_code == 422
    assert post(client, path, new_password=PASSWORD, again=PASSWORD).status_code == 303
    assert sign_in(client, "zoe").status_code == 303
    assert "Mail an invitation" not in administrator.get("/people/zoe").text
    assert post(administrator, "/people/bo/invite", page="/people/zoe").status_code == 303


def test_an_administrator_takes_a_lost_second_factor_away(client: FlaskClient, cast: str) -> None:
    come_in(client, "bo")
    (row,) = open_sessions(person_id("bo"))
    with unit_of_work("bo") as uow:
        accounts.enrol(uow, "secret", ["aaaa-bbbb-cccc"], row.id)
    administrator = client.application.test_client()
    come_in(administrator, "eva")
    assert "Take the second factor away" in administrator.get("/people/bo").text
    post(administrator, "/people/bo/second-factor/remove", page="/people/bo")
    assert not is_in(client)
    assert "Take the second factor away" not in administrator.get("/people/bo").text


def test_the_first_administrator_is_told_what_does_not_fit(client: FlaskClient, db: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        path = str(people.first_administrator_link(uow))
    page = post(client, path, login="ro ot", name="", email="nobody", new_password=PASSWORD, again="another")
    assert page.status_code == 422
    for words in ("This is needed.", "The two passwords are not the same."):
        assert words in page.text
    page = post(client, path, login="ro ot", name="Ruth", email="nobody", new_password=PASSWORD, again=PASSWORD)
    for words in ("This is not a mail address.", "letters, digits and signs"):
        assert words in page.text


def test_a_machine_gets_401_and_no_page(client: FlaskClient, cast: str) -> None:
    page = client.get("/account", headers={"Accept": "application/problem+json"})
    assert page.status_code == 401
    assert page.mimetype == "application/problem+json"

