"""The desk's clock moves in demonstrations only, forward only, and on record."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import database
from app.rules.errors import ActionNotAllowed, Invalid
from app.services import clock
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import event_names


@pytest.fixture
def demonstration(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DESK_DEMO", "1")
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_days_pass_in_a_demonstration(cast: str, demonstration: None) -> None:
    for _ in range(2):
        with unit_of_work(SYSTEM) as uow:
            before = uow.now
            assert clock.forward(uow, timedelta(days=3)) - before == timedelta(days=3)
    with database.sessions()() as session:
        assert session.scalar(text("select desk_now() - now()")) == timedelta(days=6)
    assert event_names("config") == ["clock.forward"] * 2


def test_a_desk_at_work_keeps_its_time_and_no_clock_goes_back(cast: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work(SYSTEM) as uow, pytest.raises(ActionNotAllowed):
        clock.forward(uow, timedelta(days=3))
    monkeypatch.setenv("DESK_DEMO", "1")
    settings.cache_clear()
    with unit_of_work(SYSTEM) as uow, pytest.raises(Invalid):
        clock.forward(uow, timedelta(days=-1))
    settings.cache_clear()
