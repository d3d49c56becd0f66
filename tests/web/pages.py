"""What the tests of pages share: a browser with somebody at it, a plan for an item, and a count of database questions."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event
from werkzeug.test import TestResponse

from app import database
from app.models.requests import Item
from app.services import fulfilment, requests, sessions
from app.services.requests import Line, Order
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import GROUP_ITEM, parsed

GROUP = parsed(GROUP_ITEM, "access/shared-group")
PLAN = {"step-1": {"words": "add", "changes": ["member"]}}


def browser_of(application: Flask, login: str) -> FlaskClient:
    """Return a browser at which this person is signed in."""
    client = application.test_client()
    with unit_of_work(login) as uow:
        found = sessions.begin(uow, "local", address="192.0.2.1", agent="Test")
    with client.session_transaction(base_url=settings().base_url) as cookie:
        cookie["_user_id"] = found
    return client


def token(client: FlaskClient) -> str:
    """Return a CSRF token of this browser's session, signed as flask_wtf signs those of the pages."""
    with client.session_transaction(base_url=settings().base_url) as cookie:
        seed = cookie.setdefault("csrf_token", secrets.token_hex(20))
    return URLSafeTimedSerializer(str(client.application.secret_key), salt="wtf-csrf-token").dumps(seed)


def send(client: FlaskClient, address: str, **fields: str) -> TestResponse:
    """Send a form as its page would."""
    return client.post(address, data={"csrf_token": token(client), **fields})


def ordered(login: str = "ana", key: str = "order-number-0001", group: str = "finance-ro") -> str:
    """Order access to a group; return the item's number."""
    with unit_of_work(login) as uow:
        return requests.submit(uow, Order(key, [Line(GROUP.slug, GROUP.hash, {"group": group})])).items[0].number


def asked(login: str = "ana", key: str = "order-number-0001") -> tuple[str, str]:
    """Order and have the approvers asked; return the numbers of request and item."""
    number = ordered(login, key)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, PLAN)
        return uow.get(Item, number, lock=False).request.number, number


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect what is asked of the database."""
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = database.engine()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
