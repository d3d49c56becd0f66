"""Attack 28: whether somebody exists must not show in the work a refusal takes."""

from unittest.mock import MagicMock

import pytest
from argon2 import Parameters, extract_parameters
from flask.testing import FlaskClient
from sqlalchemy import event, text

from app import database
from app.services import passwords, people
from app.unit_of_work import unit_of_work
from tests.cast import person_id
from tests.signing import WRONG, csrf, give_passwords


def test_28_the_work_is_the_same_for_unknown_disabled_and_wrong(client: FlaskClient, cast: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One argon2 each, with the same cost, and as many questions to the database: counted, because clocks lie on a busy machine."""
    give_passwords("ana", "bo")
    with unit_of_work("eva") as uow:
        people.disable(uow, person_id("bo"))
    token = csrf(client)
    asked: list[str] = []
    event.listen(database.engine(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    hasher = MagicMock(wraps=passwords._HASHER)
    monkeypatch.setattr(passwords, "_HASHER", hasher)

    def work(login: str) -> tuple[str, Parameters, int]:
        _forget_tries()
        asked.clear()
        hasher.reset_mock()
        assert client.post("/sign-in", data={"csrf_token": token, "login": login, "password": WRONG}).status_code == 422
        ((name, (stored, _), _),) = hasher.method_calls
        return name, extract_parameters(stored), len(asked)

    work("ana")  # the first one also reads what is read once
    wrong, unknown, disabled = (work(login) for login in ("ana", "nobody", "bo"))
    assert wrong == unknown == disabled
    assert wrong[:2] == ("verify", extract_parameters(passwords.hashed("whatever it is")))


def _forget_tries() -> None:
    with database.sessions().begin() as session:
        session.execute(text("delete from throttles"))
