"""The twin behaves towards the desk as a real directory does, except that nobody signs in with it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app import database
from app.directory import Directory, DirectoryEntryMissing, directory_for
from app.directory.off import OffDirectory
from app.directory.twin import TwinDirectory, entry_of
from app.platform import company_ldif
from app.platform.company_ldif import group_dn, person_dn
from app.settings import Settings

ANA, FINANCE, SALES = person_dn("ana"), group_dn("finance-ro"), group_dn("sales-all")


@pytest.fixture
def twin(db: str) -> Directory:
    with database.sessions().begin() as session:
        session.add_all(map(entry_of, company_ldif.twin_people()))
        session.add_all(map(entry_of, company_ldif.twin_groups()))
    return directory_for(Settings(ldap_url="twin:"))


def test_people_and_groups_are_those_that_were_put_in(twin: Directory) -> None:
    snapshot = twin.snapshot()
    assert set(snapshot.people) == set(company_ldif.twin_people())
    assert set(snapshot.groups) == set(company_ldif.twin_groups())
    ana = twin.person("ANA")
    assert ana is not None
    assert twin.person_of(ana.uid) == ana
    assert twin.people_of([ana.uid, "nobody"]) == {ana.uid: ana}
    assert twin.person("nobody") is None
    assert (twin.exists(ANA), twin.exists("uid=nobody")) == (True, False)


def test_adding_and_removing_twice_changes_once_each(twin: Directory) -> None:
    assert [twin.add_member(FINANCE, ANA), twin.add_member(FINANCE, ANA), twin.is_member(FINANCE, ANA)] == [True, False, True]
    assert [twin.remove_member(FINANCE, ANA), twin.remove_member(FINANCE, ANA), twin.is_member(FINANCE, ANA)] == [True, False, False]


def test_twenty_at_once_add_one_member_once(twin: Directory) -> None:
    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(lambda _: twin.add_member(FINANCE, ANA), range(20))) == 1
    found = twin.group(FINANCE)
    assert found is not None
    assert found.member_dns.count(ANA) == 1


def test_members_through_other_groups_are_found_once_and_a_ring_ends(twin: Directory) -> None:
    assert len(twin.members(SALES)) == 9
    assert twin.add_member(group_dn("sales-world"), SALES)
    assert len(twin.members(SALES)) == 9
    assert len(twin.members(SALES, nested=False)) == 4


def test_what_is_not_there_is_named(twin: Directory) -> None:
    for call in (lambda: twin.add_member(FINANCE, "uid=nobody"), lambda: twin.add_member("cn=none", ANA),
                 lambda: twin.is_member(ANA, ANA), lambda: twin.members("cn=none")):
        with pytest.raises(DirectoryEntryMissing):
            call()


def test_nobody_signs_in_and_an_empty_twin_does_not_work(twin: Directory, db: str) -> None:
    assert twin.authenticate("ana", "ana") is None
    assert twin.ping().works
    with database.sessions().begin() as session:
        for entry in company_ldif.twin_people():
            session.delete(session.get_one(type(entry_of(entry)), entry.dn))
        for described in company_ldif.twin_groups():
            session.delete(session.get_one(type(entry_of(described)), described.dn))
    assert not twin.ping().works


def test_the_settings_name_the_directory() -> None:
    assert isinstance(directory_for(Settings(ldap_url="twin:")), TwinDirectory)
    off = directory_for(Settings(ldap_url=""))
    assert isinstance(off, OffDirectory)
    assert off.authenticate("ana", "secret") is None
    assert (off.ping().kind, off.ping().works) == ("off", False)
    wrong = directory_for(Settings(ldap_url="ldap://directory.example", ldap_people_base="dc=x"))
    assert "in clear" in str(wrong.ping().text)
