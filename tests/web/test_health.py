"""What probes see: alive without anybody, ready only with all, and never slow."""

import time

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app import database
from app.settings import settings
from app.web.remembered import Remembered
from app.web.views import health


def engine(monkeypatch: pytest.MonkeyPatch, *, ready: bool) -> None:
    readiness = Remembered(lambda: ready, good=bool)
    readiness._answer = ready
    readiness._asked_at = time.monotonic()
    monkeypatch.setattr(health, "engine_readiness", readiness)


def test_alive_asks_nobody(client: FlaskClient) -> None:
    assert client.get("/livez").get_json() == {"status": "ok"}


def test_version_names_the_product(client: FlaskClient) -> None:
    assert client.get("/version").get_json()["name"] == "balcao"


def test_ready_when_all_checks_pass(db: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, ready=True)
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.text
    assert {name: check["status"] for name, check in answer.get_json()["checks"].items()} == dict.fromkeys(("database", "migrations", "events", "engine"), "ok")


def test_not_ready_without_prefect(db: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, ready=False)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["engine"]["status"] == "fail"


def test_not_ready_on_an_old_schema(db: str, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, ready=True)
    with database.engine().begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'older'"))
    checks = client.get("/readyz").get_json()["checks"]
    assert checks["migrations"]["status"] == "fail"
    assert checks["migrations"]["at"] == "older"


def test_not_ready_without_a_database_and_quick_about_it(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/none")
    settings.cache_clear()
    database.forget()
    started = time.monotonic()
    answer = client.get("/readyz")
    database.forget()
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["database"]["status"] == "fail"
    assert time.monotonic() - started < 5
    assert "nobody" not in answer.text


def test_a_hanging_engine_does_not_hold_the_probe() -> None:
    slow = Remembered(lambda: time.sleep(0.4) is None, good=bool)
    started = time.monotonic()
    assert slow.now() is None
    assert time.monotonic() - started < 0.2
    while slow.now() is None:
        assert time.monotonic() - started < 5
    assert slow.now() is True
