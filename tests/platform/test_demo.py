"""The demonstration's first start: a real company in a real slapd, in the twin, or beside an operator's own directory."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import database
from app.directory import directory, sync
from app.models.directory import DirectoryGroup, GroupOwner
from app.models.people import Membership, Person, RoleGrant, Team
from app.platform import company, company_ldif, demo, demo_directory
from app.platform.company import CAST, PEOPLE
from app.queries import people
from app.services import passwords
from app.settings import settings


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="desk-demo-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def use(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    """Point this process at a directory, as the supervisor does."""
    for name, value in values.items():
        monkeypatch.setenv(f"DESK_{name}", value)
    settings.cache_clear()
    directory.cache_clear()


@pytest.fixture
def server(db: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[demo.CompanySlapd]:
    found = demo.CompanySlapd(folder / "slapd")
    found.start()
    use(monkeypatch, demo_directory.settings(found))
    yield found
    found.remove()
    directory.cache_clear()


def logins(condition: object) -> set[str]:
    with database.sessions()() as session:
        return set(session.scalars(select(Person.login).where(condition)))  # type: ignore[arg-type]  # any condition


def assert_company() -> None:
    """The desk knows everybody, who leads whom, who answers for groups, and who plays which role."""
    with database.sessions()() as session:
        rows = session.scalars(select(Person)).all()
        leads = {person.login: person.manager.login if person.manager else "" for person in rows}
        assert leads == {each.login: each.manager for each in PEOPLE}
        assert {person.login for person in rows if not person.active} == {"gil"}
        assert set(session.scalars(select(Team.key))) == {team.key for team in company.TEAMS}
        held = session.execute(select(Person.login, RoleGrant.role).join(RoleGrant, RoleGrant.person_id == Person.id)).all()
        roles = {part.login: part.roles for part in CAST} | company.MORE_ROLES
        assert {(row.login, row.role) for row in held} == {(login, role) for login, many in roles.items() for role in many}
        assert session.scalar(select(func.count()).select_from(Membership)) == sum(len(team.members) for team in company.TEAMS)


def test_everybody_of_the_company_is_in_the_desk_and_the_cast_signs_in(server: demo.CompanySlapd, folder: Path) -> None:
    players = demo.seed(folder, server)
    assert_company()
    assert [player.login for player in players] == [*(part.login for part in CAST), "any other"]
    for player in players[:-1]:
        found = directory().authenticate(player.login, player.password)
        assert found is not None
        assert found.name == player.name
    assert directory().authenticate("zeca", players[-1].password) is not None
    assert directory().authenticate("gil", players[-1].password) is None
    with database.sessions()() as session:
        owners = session.execute(
            select(DirectoryGroup.name, Person.login).join(GroupOwner, GroupOwner.group_id == DirectoryGroup.id)
            .join(Person, Person.id == GroupOwner.person_id)).all()
    assert {row.name: row.login for row in owners} == {group.name: group.owner for group in company.GROUPS}
    assert len(directory().members(company_ldif.group_dn("crm-users"))) == 9


def test_no_password_is_kept_in_clear(server: demo.CompanySlapd, folder: Path) -> None:
    players = demo.seed(folder, server)
    kept = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert all(player.password.encode() not in kept for player in players)
    assert len({player.password for player in players}) == len(players)
    assert passwords.fault(players[0].password, []) is None


def test_a_second_start_tells_no_passwords_and_changes_nothing(server: demo.CompanySlapd, folder: Path) -> None:
    first = demo.seed(folder, server)
    server.stop()
    again = demo.CompanySlapd(folder / "slapd")
    again.start()
    try:
        assert demo.seed(folder, again) == []
        assert directory().authenticate("ana", first[0].password) is not None
        assert not +sync.sync()
    finally:
        again.stop()


def test_a_first_start_that_did_not_finish_is_begun_anew_with_the_same_people(server: demo.CompanySlapd, folder: Path) -> None:
    demo.seed(folder, server)
    (folder / "slapd" / "told").unlink()                # it ended before anybody could read the passwords
    server.stop()
    again = demo.CompanySlapd(folder / "slapd")
    again.start()
    try:
        players = demo.seed(folder, again)
        assert directory().authenticate("ana", players[0].password) is not None
        assert not +sync.sync()                         # nobody is new, nobody is gone: the ids are the same
    finally:
        again.stop()


def test_where_no_slapd_can_be_had_the_twin_serves_and_the_cast_has_local_accounts(
        db: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, demo_directory.settings(None))
    players = demo.seed(folder, None)
    assert_company()
    assert [player.login for player in players] == [part.login for part in CAST]
    with database.sessions()() as session:
        for player in players[:2]:
            person = people.by_login(session, player.login)
            assert person is not None
            assert passwords.is_right(player.password, person.password)
    assert directory().add_member(company_ldif.group_dn("finance-ro"), company_ldif.person_dn("ana"))
    assert sync.sync()["members_changed"] == 1
    assert demo.seed(folder, None) == []


def test_beside_an_operators_own_directory_that_is_away_the_cast_still_has_accounts(
        db: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"LDAP_URL": "ldap://127.0.0.1:1", "LDAP_PEOPLE_BASE": "ou=people,dc=x", "LDAP_GROUPS_BASE": "ou=groups,dc=x"})
    assert len(demo.seed(folder, None)) == len(CAST)
    assert_company()
    assert logins(Person.directory_uid.is_not(None)) == set()
