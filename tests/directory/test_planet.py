"""The tree of docker-test-openldap, which nobody of this team wrote: multi-valued RDN, photos, groups of class Group."""

import pytest

from app.directory.access import Access
from app.directory.ldap_directory import LdapDirectory
from app.platform.slapd import Slapd
from app.platform.slapd_audit import membership_changes
from tests.directory.conftest import access

PEOPLE = "ou=people,dc=planetexpress,dc=com"
CREW, STAFF = f"cn=ship_crew,{PEOPLE}", f"cn=admin_staff,{PEOPLE}"
LOGINS = ["amy", "bender", "fry", "hermes", "leela", "professor", "zoidberg"]


def reach(planet: Slapd, **changes: object) -> Access:
    return access(planet, people_base=PEOPLE, groups_base=PEOPLE, **changes)   # groups live among the people there


@pytest.fixture
def desk(planet: Slapd) -> LdapDirectory:
    return LdapDirectory(reach(planet))


def test_seven_people_and_two_groups_are_read_and_nothing_else(desk: LdapDirectory) -> None:
    snapshot = desk.snapshot()
    assert sorted(person.login for person in snapshot.people) == LOGINS
    assert sorted(group.name for group in snapshot.groups) == ["admin_staff", "ship_crew"]
    people = {person.login: person for person in snapshot.people}
    assert people["professor"].mails == ("professor@planetexpress.com", "hubert@planetexpress.com")
    assert (people["professor"].name, people["professor"].title) == ("Professor Farnsworth", "Professor")
    assert (people["amy"].name, people["amy"].family_name, people["amy"].department) == ("Amy Wong", "Kroker", "Intern")
    assert people["hermes"].title == "Bureaucrat"
    assert all(person.active and person.manager_dn is None for person in snapshot.people)
    assert len({person.uid for person in snapshot.people}) == 7


def test_everyone_signs_in_with_the_password_that_is_the_user_name(desk: LdapDirectory) -> None:
    for login in LOGINS:
        found = desk.authenticate(login, login)
        assert found is not None
        assert found.login == login
        assert desk.authenticate(login, login.upper()) is None
    assert desk.authenticate("hubert@planetexpress.com", "professor") is not None


def test_amy_with_two_names_in_one_joins_and_leaves_the_crew(planet: Slapd, desk: LdapDirectory) -> None:
    amy = desk.person("amy")
    assert amy is not None
    other_order = amy.dn.replace("cn=Amy Wong+sn=Kroker", "sn=Kroker+cn=Amy Wong")
    assert not desk.is_member(CREW, amy.dn)
    assert [desk.add_member(CREW, amy.dn), desk.add_member(CREW, other_order)] == [True, False]
    assert desk.is_member(CREW, other_order)
    assert len(desk.members(CREW)) == 4
    assert [desk.remove_member(CREW, other_order), desk.remove_member(CREW, amy.dn)] == [True, False]
    assert len(membership_changes(planet.audit_file)) == 2


def test_a_group_of_class_group_may_be_left_by_all(desk: LdapDirectory) -> None:
    for dn in desk.members(STAFF):
        assert desk.remove_member(STAFF, dn)
    left = desk.group(STAFF)
    assert left is not None
    assert left.member_dns == ()
