"""The desk's people and groups follow the directory: never from a part of an answer, never too many at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import ldap
import pytest
from sqlalchemy import func, select, update

from app import database
from app.directory import Directory, DirectoryError, DirectoryPartial, sync
from app.directory.ldap_directory import LdapDirectory
from app.directory.off import OffDirectory
from app.directory.twin import TwinDirectory
from app.models.directory import DirectoryGroup, DirectorySync, GroupMember, GroupOwner
from app.models.events import Delivery, Event
from app.models.people import Person, RoleGrant, SignInSession
from app.platform.slapd import Slapd
from app.rules.directory import DirectoryGroup as Group
from app.rules.directory import DirectoryPerson, DirectorySnapshot
from app.rules.errors import ActionNotAllowed
from app.rules.words import t
from app.services import directory_sync, people, sessions
from app.settings import matrix
from app.unit_of_work import SYSTEM, unit_of_work
from tests.directory.company_ldif import ANA, CARO, DAVI, GROUPS
from tests.directory.conftest import access

pytestmark = pytest.mark.usefixtures("db")


def dn(login: str) -> str:
    return f"uid={login},ou=people,dc=test"


def somebody(number: int, **more: object) -> DirectoryPerson:
    login = f"p{number:03}"
    plain = DirectoryPerson(uid=f"uid-{number}", dn=dn(login), login=login, name=f"Person {number}", mails=(f"{login}@test.example",))
    return replace(plain, **more)  # type: ignore[arg-type]  # field by name


def group(name: str, *members: str, owners: tuple[str, ...] = ()) -> Group:
    return Group(uid=f"uid-{name}", dn=f"cn={name},ou=groups,dc=test", name=name, owner_dns=owners, member_dns=members)


class Told(TwinDirectory):
    """A directory that says what the test tells it; what a real one says is tested in the other files."""

    def __init__(self, people: list[DirectoryPerson], groups: list[Group] | None = None) -> None:
        self.all_people, self.all_groups = tuple(people), tuple(groups or ())

    def snapshot(self) -> DirectorySnapshot:
        return DirectorySnapshot(self.all_people, self.all_groups)

    def people_of(self, uids: Sequence[str]) -> dict[str, DirectoryPerson]:
        return {person.uid: person for person in self.all_people}


def run(people: list[DirectoryPerson], groups: list[Group] | None = None, *, force: bool = False) -> dict[str, int]:
    return dict(+sync.sync(source=Told(people, groups), force=force))


def one(login: str) -> Person:
    with database.sessions()() as session:
        return session.scalars(select(Person).where(Person.login == login)).one()


def active() -> int:
    with database.sessions()() as session:
        return session.scalars(select(func.count()).select_from(Person).where(Person.active)).one()


def last_reading() -> DirectorySync:
    with database.sessions()() as session:
        return session.scalars(select(DirectorySync).order_by(DirectorySync.id.desc()).limit(1)).one()


def roles(login: str) -> set[tuple[str, str]]:
    with database.sessions()() as session:
        rows = session.execute(select(RoleGrant.role, RoleGrant.source).join(Person, Person.id == RoleGrant.person_id).where(Person.login == login))
        return {(row.role, row.source) for row in rows}


def company(size: int = 20) -> list[DirectoryPerson]:
    return [somebody(0), *(somebody(number, manager_dn=dn("p000")) for number in range(1, size))]


# From a real slapd

def test_a_real_directory_is_taken_over_and_a_second_reading_changes_nothing(server: Slapd) -> None:
    desk = LdapDirectory(access(server))
    first = sync.sync(source=desk)
    assert (first["people_new"], first["groups_new"]) == (5, 3)
    assert one("ana").manager_id == one("davi").id                  # spelled in capitals there
    with database.sessions()() as session:
        finance = session.scalars(select(DirectoryGroup).where(DirectoryGroup.name == "finance-rw")).one()
        unix = session.scalars(select(DirectoryGroup).where(DirectoryGroup.name == "unix")).one()
        assert session.scalars(select(GroupOwner.person_id).where(GroupOwner.group_id == finance.id)).all() == [one("davi").id]
        assert session.scalars(select(GroupMember.person_id).where(GroupMember.group_id == unix.id)).all() == [one("bo").id]
    assert not +sync.sync(source=desk)
    desk.add_member(f"cn=finance-rw,{GROUPS}", ANA)
    assert dict(+sync.sync(source=desk)) == {"members_changed": 1}


def test_a_person_renamed_and_moved_is_the_same_person(server: Slapd) -> None:
    desk = LdapDirectory(access(server))
    sync.sync(source=desk)
    before = one("caro")
    admin = ldap.initialize(server.url)
    admin.simple_bind_s(server.admin_dn, server.admin_password)
    admin.rename_s(CARO, "uid=carolina", delold=1)
    admin.modify_s(CARO.replace("uid=caro", "uid=carolina"), [(ldap.MOD_REPLACE, "cn", "Carolina Núñez".encode())])
    assert dict(+sync.sync(source=desk)) == {"people_changed": 1}
    after = one("carolina")
    assert (after.id, after.name, after.active) == (before.id, "Carolina Núñez", True)
    assert after.directory_dn == CARO.replace("uid=caro", "uid=carolina")


@pytest.mark.parametrize("fault", ["limit", "base", "down"])
def test_a_reading_that_is_not_whole_changes_nobody(server: Slapd, fault: str) -> None:
    desk = LdapDirectory(access(server))
    sync.sync(source=desk)
    sick: dict[str, Callable[[], LdapDirectory]] = {
        "limit": lambda: _limited(server), "down": lambda: _down(server),
        "base": lambda: LdapDirectory(access(server, people_base="ou=people,ou=gone,dc=test,dc=example")),
    }
    with pytest.raises(DirectoryError):
        sync.sync(source=sick[fault]())
    assert active() == 5
    reading = last_reading()
    assert reading.outcome == ("failed" if fault == "down" else "partial")
    assert reading.finished_at is not None
    assert reading.error


def _limited(server: Slapd) -> LdapDirectory:
    server.stop()
    server.reconfigure("dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcLimits\nolcLimits: * size.prtotal=3\n")
    server.start()
    return LdapDirectory(access(server))


def _down(server: Slapd) -> LdapDirectory:
    server.stop()
    return LdapDirectory(access(server))


# Guards

def test_more_than_three_of_twenty_are_not_disabled_at_once_unless_somebody_says_so() -> None:
    run(company())
    with pytest.raises(ActionNotAllowed, match="4 of 20"):
        run(company()[:16])
    assert active() == 20
    assert last_reading().outcome == "stopped"
    assert run(company()[:16], force=True)["people_disabled"] == 4
    assert active() == 16


def test_three_of_twenty_are_disabled_and_come_back_with_the_same_id() -> None:
    run(company())
    p019 = one("p019").id
    assert run(company()[:17])["people_disabled"] == 3
    assert not one("p019").active
    assert run(company())["people_enabled"] == 3
    assert (one("p019").id, one("p019").active) == (p019, True)


def test_an_empty_answer_disables_nobody() -> None:
    run(company())
    with pytest.raises(ActionNotAllowed):
        run([])
    assert active() == 20


def test_five_percent_of_a_large_company_may_go_and_not_one_more() -> None:
    run(company(100))
    with pytest.raises(ActionNotAllowed):
        run(company(100)[:94])
    assert run(company(100)[:95])["people_disabled"] == 5


def test_whom_an_administrator_disabled_the_directory_does_not_bring_back() -> None:
    run(company())
    with unit_of_work(SYSTEM) as uow:
        eva = people.create(uow, "eva", "Eva Castro")
        people.grant(uow, eva.id, "administrator")
    with unit_of_work("eva") as uow:
        people.disable(uow, one("p007").id)
    assert run(company()) == {}
    assert not one("p007").active


def test_groups_that_vanish_together_stop_the_run_and_one_that_goes_keeps_its_row() -> None:
    many = [group(f"g{number:02}", dn("p001")) for number in range(20)]
    run(company(), many)
    with pytest.raises(ActionNotAllowed, match="groups"):
        run(company(), many[:10])
    assert run(company(), many[:19]) == {"groups_gone": 1}
    with database.sessions()() as session:
        assert session.scalars(select(DirectoryGroup.gone_at).where(DirectoryGroup.name == "g19")).one() is not None
    assert run(company(), many) == {"groups_changed": 1}


# Names that are somebody else's

def test_a_local_account_is_never_taken_over_by_the_directory() -> None:
    with unit_of_work(SYSTEM) as uow:
        people.create(uow, "p005", "Break Glass", email="p006@test.example")
    assert run(company())["names_taken"] == 1
    assert (one("p005").source, one("p005").directory_uid) == ("local", None)
    assert one("p006").email is None                                # the address is the local account's
    assert run(company()) == {"names_taken": 1, "addresses_taken": 1}


def test_nobody_is_renamed_into_somebody_elses_user_name() -> None:
    run(company())
    assert run([*company()[:19], somebody(19, login="p018")])["names_taken"] == 1
    assert one("p019").directory_uid == "uid-19"


# Managers and owners

def test_a_directory_without_managers_and_owners_leaves_those_of_the_desk() -> None:
    flat = [somebody(0), somebody(1)]
    run(flat, [group("g", dn("p001"))])
    with unit_of_work(SYSTEM) as uow:
        people.set_manager(uow, one("p001").id, one("p000").id)
    with database.sessions().begin() as session:
        row = session.scalars(select(DirectoryGroup)).one()
        session.add(GroupOwner(group_id=row.id, person_id=one("p000").id, source="desk"))
    assert run(flat, [group("g", dn("p001"))]) == {}
    assert one("p001").manager_id == one("p000").id
    assert run(flat, [group("g", dn("p001"), owners=(dn("p001"),))]) == {"owners_changed": 1}
    with database.sessions()() as session:
        assert {owner.source for owner in session.scalars(select(GroupOwner))} == {"desk", "directory"}


def test_a_manager_who_changes_is_followed_and_a_ring_is_refused() -> None:
    run(company(4))
    moved = [somebody(0), somebody(1, manager_dn=dn("p000")), somebody(2, manager_dn=dn("p001")), somebody(3)]
    assert run(moved) == {"managers_changed": 2}
    assert (one("p002").manager_id, one("p003").manager_id) == (one("p001").id, None)
    ring = [somebody(0, manager_dn=dn("p002")), *moved[1:]]
    assert run(ring) == {"managers_refused": 1}


# Roles by group

@pytest.fixture
def mapped() -> Iterator[None]:
    """uid-desk gives analyst, and the DN of another group gives auditor."""
    matrix().groups.update({"uid-desk": "analyst", "CN=Audit, ou=groups,dc=test": "auditor"})  # type: ignore[attr-defined]  # a dict
    yield
    matrix.cache_clear()


@pytest.mark.usefixtures("mapped")
def test_roles_come_with_a_group_and_go_with_it_and_say_where_they_came_from() -> None:
    inner = group("inner", dn("p002"))
    run(company(), [group("desk", dn("p001"), inner.dn), inner, group("audit", dn("p003"))])
    assert roles("p001") == roles("p002") == {("analyst", "uid-desk")}
    assert roles("p003") == {("auditor", "uid-audit")}
    with unit_of_work(SYSTEM) as uow:
        people.grant(uow, one("p001").id, "analyst")
    renamed = replace(group("desk", dn("p002")), dn="cn=Service People,ou=groups,dc=test", name="Service People")
    assert run(company(), [renamed, inner, group("audit", dn("p003"))])["roles_ended"] == 1
    assert roles("p001") == {("analyst", "manual")}                 # given by hand, kept
    assert roles("p002") == {("analyst", "uid-desk")}
    assert run(company(), [inner, group("audit", dn("p003"))])["roles_ended"] == 1
    assert roles("p002") == set()                                   # the group is gone: nothing comes from it


@pytest.mark.usefixtures("mapped")
def test_a_group_that_empties_at_once_demotes_nobody_until_somebody_says_so() -> None:
    run(company(), [group("desk", *(dn(f"p{number:03}") for number in range(10)))])
    with pytest.raises(ActionNotAllowed, match="roles"):
        run(company(), [group("desk", dn("p001"))])
    assert roles("p005") == {("analyst", "uid-desk")}
    assert run(company(), [group("desk", dn("p001"))], force=True)["roles_ended"] == 9


# Those who are signed in

def sign_in(login: str, minutes_ago: int = 5) -> None:
    with unit_of_work(login) as uow:
        sessions.begin(uow, "directory", address="192.0.2.1", agent="test")
    with database.sessions().begin() as session:
        session.execute(update(SignInSession).values(created_at=func.now() - timedelta(minutes=minutes_ago)))


def open_sessions() -> int:
    with database.sessions()() as session:
        return session.scalars(select(func.count()).select_from(SignInSession).where(SignInSession.ended_at.is_(None))).one()


def is_due() -> bool:
    with database.sessions()() as session:
        return sync.is_check_due(session)


def test_somebody_disabled_in_the_directory_is_signed_out_at_the_next_check(server: Slapd) -> None:
    desk = LdapDirectory(access(server))
    sync.sync(source=desk)
    assert not is_due()
    sign_in("ana")
    sign_in("bo")
    assert is_due()
    assert sync.check_signed_in(desk) == 0
    assert not is_due()                                             # asked just now
    admin = ldap.initialize(server.url)
    admin.simple_bind_s(server.admin_dn, server.admin_password)
    admin.modify_s(ANA, [(ldap.MOD_ADD, "pwdAccountLockedTime", b"000001010000Z")])
    assert sync.check_signed_in(desk) == 1
    assert (one("ana").active, one("bo").active, open_sessions()) == (False, True, 1)
    admin.delete_s(DAVI)
    sign_in("bo")
    assert sync.check_signed_in(desk) == 0


def test_a_directory_that_is_away_signs_nobody_out_and_is_not_asked_each_second(server: Slapd) -> None:
    desk = LdapDirectory(access(server))
    sync.sync(source=desk)
    sign_in("ana")
    server.stop()
    assert sync.check_signed_in(desk) == 0
    assert open_sessions() == 1
    assert not is_due()


def test_a_directory_that_forgot_everybody_signs_nobody_out() -> None:
    run(company(50))
    for number in range(10):
        sign_in(f"p{number:03}")
    assert sync.check_signed_in(Told([])) == 0
    assert open_sessions() == 10


# What is left behind

def test_events_hold_no_names_and_the_chain_tells_what_happened() -> None:
    run(company(3))
    run([*company(3)[:2], somebody(2, manager_dn=dn("p000"), name="Maria Secret", mails=("secret@test.example",))])
    with database.sessions()() as session:
        events = session.scalars(select(Event).order_by(Event.id)).all()
    assert [event.name for event in events if event.stream == "directory"] == ["directory.sync"] * 2
    told = " ".join(f"{event.before} {event.after}" for event in events)
    assert "Secret" not in told
    assert "test.example" not in told
    assert "p002" not in told


def test_where_there_is_no_directory_nothing_is_read_or_written_down() -> None:
    off: Directory = OffDirectory(t("No directory is configured: set DESK_LDAP_URL."))
    with pytest.raises(DirectoryError):
        sync.sync(source=off)
    with database.sessions()() as session:
        assert session.scalars(select(DirectorySync)).all() == []


def test_asking_for_a_reading_hands_it_to_the_flow() -> None:
    with unit_of_work(SYSTEM) as uow:
        directory_sync.ask(uow)
    with database.sessions()() as session:
        assert session.scalars(select(Delivery.consumer)).all() == ["sync_directory"]


def test_a_part_is_a_part_also_when_the_twin_is_empty() -> None:
    with pytest.raises(DirectoryPartial):
        sync.sync(source=TwinDirectory())
