"""Accounts to sign in with, and what a browser does to come in."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from flask.sessions import SessionMixin
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app import database
from app.models.events import Event
from app.models.people import Person, SignInSession
from app.services import passwords, people, sessions
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work

PASSWORD = "correct horse battery staple"
WRONG = "incorrect horse battery"


def account(login: str, *roles: str, password: str | None = PASSWORD, **more: Any) -> int:
    """Make a local account and return its id."""
    with unit_of_work(SYSTEM) as uow:
        person = people.create(uow, login, login.title(), email=f"{login}@aurora.example", password=password, **more)
        for role in roles:
            people.grant(uow, person.id, role)
        return person.id


def give_passwords(*logins: str) -> None:
    """Let people of the cast sign in with PASSWORD."""
    hashed = passwords.hashed(PASSWORD)
    with database.sessions().begin() as session:
        for person in session.scalars(select(Person).where(Person.login.in_(logins))):
            person.password = hashed


def csrf(client: FlaskClient, page: str = "/sign-in") -> str:
    """Return the CSRF token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page, follow_redirects=True).text)
    assert found, page
    return found[1]


def post(client: FlaskClient, address: str, page: str | None = None, **fields: str) -> TestResponse:
    """Send a form as the page would."""
    return client.post(address, data={"csrf_token": csrf(client, page or address), **fields})


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD, **fields: str) -> TestResponse:
    """Send the sign-in form."""
    return post(client, "/sign-in", login=login, password=password, **fields)


def come_in(client: FlaskClient, login: str) -> str:
    """Put somebody at this browser without the form; return the session's token."""
    with unit_of_work(login) as uow:
        token = sessions.begin(uow, "local", address="192.0.2.1", agent="Test")
    with cookie_of(client) as cookie:
        cookie.clear()
        cookie["_user_id"] = token
    return token


def cookie_of(client: FlaskClient) -> AbstractContextManager[SessionMixin]:
    """Open what this browser's cookie says, to read and to change it."""
    return client.session_transaction(base_url=settings().base_url)


def is_in(client: FlaskClient) -> bool:
    """Say whether somebody is signed in at this browser."""
    return client.get("/account").status_code == 200


def token_of(client: FlaskClient) -> str | None:
    """Return the token in this browser's cookie."""
    with cookie_of(client) as cookie:
        token: str | None = cookie.get("_user_id")
    return token


def happened(stream: str) -> list[tuple[str, Any]]:
    """Return the names and contents of a stream's events."""
    with database.sessions()() as session:
        rows = session.execute(select(Event.name, Event.after).where(Event.stream == stream).order_by(Event.seq))
        return [(name, after) for name, after in rows]


def names(stream: str) -> list[str]:
    """Return the names of a stream's events."""
    return [name for name, _ in happened(stream)]


def open_sessions(person_id: int) -> Sequence[SignInSession]:
    """Return the sessions of a person that are open."""
    with database.sessions()() as session:
        return session.scalars(
            select(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
        ).all()


def let_time_pass(table: str, column: str, interval: str) -> None:
    """Make rows older, as if so much time had passed since."""
    with database.sessions().begin() as session:
        session.execute(text(f"update {table} set {column} = {column} - interval '{interval}'"))  # noqa: S608  constants
