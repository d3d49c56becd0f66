"""New incidents go to whoever is there and has least open, in the teams that want it; never to somebody who is away."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import update

from app import database, practice
from app.models.people import Delegation, SignInSession
from app.services import sessions
from app.settings import ROOT, settings
from app.unit_of_work import unit_of_work
from tests.cast import NOON, event_names, person_id
from tests.services.incidents_scene import do, found, letters, reported, role


@pytest.fixture
def routed(cast: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The service desk wants its incidents given to somebody."""
    folder = copytree(ROOT / "config", tmp_path / "config")
    file = folder / "incidents.toml"
    file.write_text(file.read_text().replace("routed_teams = []", 'routed_teams = ["service-desk"]'))
    monkeypatch.setenv("DESK_CONFIG_DIR", str(folder))
    settings.cache_clear()
    assert practice.practice().routed_teams == {"service-desk"}
    yield
    settings.cache_clear()


def comes(login: str) -> None:
    with unit_of_work(login) as uow:
        sessions.begin(uow, "local", address="192.0.2.1", agent="Test")


def test_it_goes_to_whoever_is_there_and_has_least_open(routed: None) -> None:
    nobody = reported("Before anybody came")
    assert found(nobody).assignee_id is None
    assert ("service-desk", "incident_for_team") in letters() or found(nobody).team_id is not None
    comes("bo")
    comes("caro")
    first, second, third = reported("One"), reported("Two"), reported("Three")
    assert [found(each).assignee_id for each in (first, second)] == [person_id("bo"), person_id("caro")]
    assert found(third).assignee_id == person_id("bo")
    assert found(third).state == "new"
    assert "incident.route" in event_names(third)
    for number in (first, third):
        do(number, "take")
        do(number, "resolve")
    assert found(reported("Four")).assignee_id == person_id("bo")  # what is resolved weighs nothing
    assert found(reported("Not theirs", category="network/wifi")).assignee_id is None


def test_nobody_gets_what_is_away_left_or_is_the_caller(routed: None) -> None:
    comes("bo")
    comes("caro")
    with database.sessions().begin() as session:
        session.execute(update(SignInSession).where(SignInSession.person_id == person_id("bo")).values(seen_at=SignInSession.seen_at - timedelta(hours=1)))
    assert found(reported("One")).assignee_id == person_id("caro")
    with database.sessions().begin() as session:
        session.add(Delegation(person_id=person_id("caro"), delegate_id=person_id("eva"), starts_at=NOON - timedelta(hours=1), ends_at=NOON + timedelta(days=1), created_at=NOON))
    assert found(reported("Two")).assignee_id is None
    role("zeca", "analyst", team="service-desk")
    comes("zeca")
    assert found(reported("Mine", who="zeca")).assignee_id is None
    assert found(reported("Hers")).assignee_id == person_id("zeca")
