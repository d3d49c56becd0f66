"""Attack 28: whether somebody exists must not show in the work a refusal takes."""

import time
from unittest.mock import MagicMock

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text

from app import database
from app.services import passwords, people
from app.unit_of_work import unit_of_work
from tests.cast import person_id
from tests.signing import WRONG, csrf, give_passwords


def test_28_the_work_is_the_same_for_unknown_disabled_and_wrong(client: FlaskClient, cast: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One argon2 each, as many questions to the database; processor time, because a busy machine makes clocks lie."""
    give_passwords("ana", "bo")
    with unit_of_work("eva") as uow:
        people.disable(uow, person_id("bo"))
    token = csrf(client)
    asked: list[str] = []
    event.listen(database.engine(), "before_cursor_execute", lambda *args: asked.append(args[2]))

    verified: list[int] = []
    hasher = MagicMock(wraps=passwords._HASHER)
    monkeypatch.setattr(passwords, "_HASHER", hasher)

    def work(login: str) -> tuple[float, int]:
        _forget_tries()
        asked.clear()
        hasher.reset_mock()
        began = time.process_time()
        client.post("/sign-in", data={"csrf_token": token, "login": login, "password": WRONG})
        spent = time.process_time() - began
        verified.append(hasher.verify.call_count + hasher.hash.call_count)
        return spent, len(asked)

    rounds = []
    for _ in range(8):
        rounds.append([work(login) for login in ("ana", "nobody", "bo")])
    seconds = [min(each[0] for each in column) for column in zip(*rounds, strict=True)]
    assert max(seconds) - min(seconds) < max(0.015, 0.3 * min(seconds)), seconds
    assert verified == [1] * len(rounds) * 3
    assert len({min(each[1] for each in column) for column in zip(*rounds, strict=True)}) == 1


def _forget_tries() -> None:
    with database.sessions().begin() as session:
        session.execute(text("delete from throttles"))
