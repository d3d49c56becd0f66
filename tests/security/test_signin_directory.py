"""Signing in with the directory's password, on a real slapd: who comes in, and attacks 26, 27, 28 and 32 through the page."""

from collections.abc import Iterator
from statistics import median
from time import perf_counter

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app import database, directory
from app.models.people import Person
from app.platform.slapd import Slapd
from app.services import people
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from app.web.application import create_app
from tests.directory.wire import Wire
from tests.signing import PASSWORD, WRONG, account, csrf, happened, is_in, names, post, sign_in
from tests.web.conftest import Client

pytestmark = pytest.mark.usefixtures("quick_passwords")
INVALID = "This user name or password is not right"


@pytest.fixture
def wire(server: Slapd) -> Iterator[Wire]:
    """Everything the desk says to the directory passes here."""
    with Wire(server.port) as wire:
        yield wire


@pytest.fixture
def browser(db: str, server: Slapd, wire: Wire, monkeypatch: pytest.MonkeyPatch, no_directory: None) -> FlaskClient:
    """A visitor of a desk that knows the company's directory, and nobody in it yet."""
    for name, value in {
        "URL": wire.url, "BIND_DN": server.service_dn, "BIND_PASSWORD": server.service_password,
        "PEOPLE_BASE": f"ou=people,{server.base_dn}", "GROUPS_BASE": f"ou=groups,{server.base_dn}",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"DESK_LDAP_{name}", value)
    settings.cache_clear()
    directory.directory.cache_clear()
    app = create_app()
    app.test_client_class = Client
    return app.test_client()


def known() -> dict[str, Person]:
    with database.sessions()() as session:
        return {person.login: person for person in session.scalars(select(Person))}


def test_somebody_of_the_directory_comes_in_and_is_known_from_then_on(browser: FlaskClient) -> None:
    assert sign_in(browser, " ANA@test.example ", "ana-secret").status_code == 303
    assert is_in(browser)
    ana = known()["ana"]
    assert (ana.name, ana.email, ana.source, ana.department, ana.language) == ("Ana Ribeiro", "ana@test.example", "directory", "Finance", "pt")
    assert ana.password is None
    sign_in(browser.application.test_client(), "ana", "ana-secret")
    assert len(known()) == 1
    assert names(f"people:{ana.id}") == ["person.create", "session.begin", "session.begin"]
    assert happened(f"people:{ana.id}")[1][1]["by"] == "directory"


def test_local_accounts_come_in_while_the_directory_is_away(browser: FlaskClient, wire: Wire) -> None:
    account("root", "administrator")
    wire.__exit__(None, None, None)
    assert sign_in(browser, "root", PASSWORD).status_code == 303
    visitor = browser.application.test_client()
    away = sign_in(visitor, "ana", "ana-secret")
    assert away.status_code == 503
    assert "directory does not answer" in away.text


def test_26_an_injected_user_name_is_one_no_and_comes_in_nowhere(browser: FlaskClient) -> None:
    for login in ("*", "a*", "ana)(uid=*", "*)(uid=*))(|(uid=*", "a)(|(uid=*", "ana\0", "\\2a", "(", "uid=ana,ou=people", "ana)(objectClass=*", "\uff0a", "a" * 300):
        page = sign_in(browser, login, "ana-secret")
        assert page.status_code == 422, login
        assert INVALID in page.text
        with database.sessions().begin() as session:
            session.execute(text("delete from throttles"))
    assert known() == {}
    assert {after["why"] for name, after in happened("signin")} == {"wrong", "unacceptable"}


def test_26_a_body_that_is_no_form_is_no_sign_in(browser: FlaskClient) -> None:
    token = csrf(browser)
    for body in ({"login": ["ana"], "password": "ana-secret"}, {"login": {"$ne": ""}, "password": {"$ne": ""}}, ["ana"], "ana", None, 1):
        page = browser.post("/sign-in", json=body, headers={"X-CSRFToken": token})
        assert page.status_code == 422
    assert known() == {}


def test_27_an_empty_password_never_reaches_the_directory(browser: FlaskClient, wire: Wire) -> None:
    for password in ("", " ", "\t\n ", "\0", "\0ana-secret", "ana-secret\0", "\u00a0\u2003"):
        assert sign_in(browser, "ana", password).status_code == 422, password
    assert browser.post("/sign-in", data={"csrf_token": csrf(browser), "login": "ana"}).status_code == 422
    assert wire.connections == 0
    assert known() == {}


def test_28_the_answer_and_the_time_are_the_same_for_unknown_wrong_and_disabled(browser: FlaskClient) -> None:
    sign_in(browser.application.test_client(), "bo", "bo-secret")
    with unit_of_work(SYSTEM) as uow:
        people.disable(uow, known()["bo"].id)
    account("root")
    tried = (("ana", WRONG), ("nobody", WRONG), ("bo", WRONG), ("bo", "bo-secret"), ("root", WRONG))
    token, said = csrf(browser), set()
    rounds: list[list[float]] = []
    for _ in range(5):
        rounds.append([])
        for login, password in tried:
            with database.sessions().begin() as session:
                session.execute(text("delete from throttles"))
            began = perf_counter()
            page = browser.post("/sign-in", data={"csrf_token": token, "login": login, "password": password})
            rounds[-1].append(perf_counter() - began)
            said.add((page.status_code, INVALID in page.text, len(page.text) - len(login)))
    assert len(said) == 1
    usual = [median(column) for column in zip(*rounds, strict=True)]
    assert min(min(column) for column in zip(*rounds, strict=True)) > 0.25
    assert max(usual) - min(usual) < 0.5, usual


def test_the_directory_takes_over_no_account_of_the_desk(browser: FlaskClient) -> None:
    eva = account("eva", "administrator")
    assert sign_in(browser, "eva", "eva-secret").status_code == 422
    assert sign_in(browser, "eva@test.example", "eva-secret").status_code == 422
    assert not is_in(browser)
    assert list(known()) == ["eva"]
    assert names(f"people:{eva}").count("signin.fail") == 1
    assert happened("signin")[-1] == ("signin.fail", {"why": "not_admitted"})


def test_32_who_is_disabled_in_the_desk_stays_outside_whatever_the_directory_says(browser: FlaskClient) -> None:
    sign_in(browser, "bo", "bo-secret")
    with unit_of_work(SYSTEM) as uow:
        people.disable(uow, known()["bo"].id)
    assert not is_in(browser)
    assert sign_in(browser, "bo", "bo-secret").status_code == 422


def test_a_password_of_the_directory_is_asked_again_before_something_dangerous(browser: FlaskClient) -> None:
    sign_in(browser, "ana", "ana-secret")
    assert post(browser, "/account/second-factor", current_password="bo-secret").status_code == 422
    done = post(browser, "/account/second-factor", current_password="ana-secret")
    assert (done.status_code, done.headers["Location"]) == (303, "/account/second-factor/device")
    assert 'name="new_password"' not in browser.get("/account/password").text
