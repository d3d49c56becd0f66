"""Browsers for the attacks, on plain http and on https."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from app import directory
from app.services import passwords
from app.settings import settings
from app.web.application import create_app
from tests.directory.conftest import access, folder, new_server, server
from tests.web.conftest import Client, application, client, only_application

__all__ = ["access", "application", "client", "folder", "new_server", "only_application", "server"]


@pytest.fixture
def https(cast: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application as it is served over https, with everything that asks for."""
    monkeypatch.setenv("DESK_BASE_URL", "https://desk.example")
    settings.cache_clear()
    app = create_app()
    app.test_client_class = Client
    yield app
    settings.cache_clear()


@pytest.fixture
def secure(https: Flask) -> FlaskClient:
    """A visitor over https."""
    return https.test_client()


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little memory where a test is not about hashing: the real thing takes a tenth of a second each time."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", quick)
    monkeypatch.setattr(passwords, "_NOBODY", quick.hash("nobody"))


@pytest.fixture
def no_directory() -> Iterator[None]:
    """Forget the directory of a test that set one."""
    directory.directory.cache_clear()
    yield
    directory.directory.cache_clear()
