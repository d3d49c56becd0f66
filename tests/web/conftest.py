"""A browser without a browser: Flask's test client, asking under the configured name."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.settings import settings
from app.web.application import create_app


class Client(FlaskClient):
    """Asks under the configured address unless told otherwise."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request."""
        if "Host" not in (kwargs.get("headers") or {}):
            kwargs.setdefault("base_url", settings().base_url)
        return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def only_application() -> Iterator[Flask]:
    """One application for all tests that only ask it things: its templates are compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESK_DEMO", "1")
        settings.cache_clear()
        app = create_app()
    app.test_client_class = Client
    yield app
    settings.cache_clear()


@pytest.fixture
def application(only_application: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application of the demonstration, as a process would start it."""
    monkeypatch.setenv("DESK_DEMO", "1")
    settings.cache_clear()
    yield only_application
    settings.cache_clear()


@pytest.fixture
def client(application: Flask) -> FlaskClient:
    """A visitor."""
    return application.test_client()
