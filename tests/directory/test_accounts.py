"""Accounts are made, locked and described as each kind of directory wants it, on a real server."""

from collections.abc import Iterator
from pathlib import Path

import ldap
import pytest

from app import database
from app.directory import (
    Directory,
    DirectoryEntryMissing,
    DirectoryLoginTaken,
    DirectoryMisconfigured,
    DirectoryPerson,
    NewPerson,
    people,
)
from app.directory.access import Access
from app.directory.ldap_directory import LdapDirectory
from app.directory.twin import TwinDirectory, entry_of
from app.directory.vendors import ACTIVE_DIRECTORY
from app.platform.slapd import Slapd
from app.platform.slapd_audit import changes
from tests.directory.company_ldif import ANA, BASE, PEOPLE, company
from tests.directory.conftest import access

NINA = NewPerson("nina", "Nina Costa", "nina@test.example", "Analyst", "Finance", ANA, "made by RIT1")
UID = b"\x01" * 16

# What a new account needs of Active Directory's schema (the real one comes with Windows), and the right to lock it.
SCHEMA = """
dn: cn=ad,cn=schema,cn=config
changetype: add
objectClass: olcSchemaConfig
cn: ad
""" + "\n".join(
    f"olcAttributeTypes: ( 1.2.840.113556.9.{number} NAME '{name}' EQUALITY {rule} SYNTAX 1.3.6.1.4.1.1466.115.121.1.{syntax} SINGLE-VALUE )"
    for number, (name, rule, syntax) in enumerate([
        ("sAMAccountName", "caseIgnoreMatch", 15), ("userPrincipalName", "caseIgnoreMatch", 15), ("department", "caseIgnoreMatch", 15),
        ("userAccountControl", "integerMatch", 27), ("pwdLastSet", "integerMatch", 27),
        ("unicodePwd", "octetStringMatch", 40), ("objectGUID", "octetStringMatch", 40),
    ])
) + """
olcObjectClasses: ( 1.2.840.113556.9.99 NAME 'user' SUP organizationalPerson STRUCTURAL MAY ( sAMAccountName $ userPrincipalName $ department
  $ userAccountControl $ pwdLastSet $ unicodePwd $ objectGUID $ displayName $ givenName $ mail $ manager $ mobile ) )

dn: olcDatabase={1}mdb,cn=config
changetype: modify
add: olcAccess
olcAccess: {0}to attrs=userAccountControl,department by dn.exact="cn=desk,dc=test,dc=example" write by * break
"""


@pytest.fixture
def windows(folder: Path) -> Iterator[Slapd]:
    """A server with as much of Active Directory's schema as an account needs."""
    schema = folder / "active-directory.ldif"
    schema.write_text(SCHEMA)
    with Slapd(folder / "windows", BASE, company(), schema_ldif=schema) as server:
        yield server


def desk_of(server: Slapd) -> LdapDirectory:
    return LdapDirectory(access(server, vendor="active-directory", people_filter="(objectClass=user)"))


def entry(server: Slapd, dn: str) -> dict[str, list[bytes]]:
    """Return the entry as its administrator sees it, after giving it what a Windows server gives each."""
    connection = ldap.initialize(server.url)
    connection.simple_bind_s(server.admin_dn, server.admin_password)
    connection.modify_s(dn, [(ldap.MOD_REPLACE, "objectGUID", [UID])])
    values: dict[str, list[bytes]] = connection.search_s(dn, ldap.SCOPE_BASE)[0][1]
    connection.unbind_s()
    return values


@pytest.fixture(params=["slapd", "twin"])
def desk(request: pytest.FixtureRequest) -> Directory:
    """A real directory, and the demonstration's table that must behave alike."""
    if request.param == "slapd":
        return LdapDirectory(access(request.getfixturevalue("server")))
    request.getfixturevalue("db")
    with database.sessions().begin() as session:
        session.add_all(entry_of(DirectoryPerson(login, f"uid={login},{PEOPLE}", login, login.title())) for login in ("ana", "bo"))
    return TwinDirectory()


def test_an_account_is_made_once_and_is_its_makers(desk: Directory) -> None:
    assert [desk.create_person(NINA), desk.create_person(NINA)] == [True, False]
    found = desk.person("nina")
    assert found is not None
    assert (found.name, found.given_name, found.family_name, found.mails) == ("Nina Costa", "Nina", "Costa", ("nina@test.example",))
    assert (found.title, found.department, found.manager_dn, found.active) == ("Analyst", "Finance", ANA, True)
    for other in (NewPerson("nina", "Nina Costa"), NewPerson("bo", "Bo Lindqvist", description="made by RIT1")):
        with pytest.raises(DirectoryLoginTaken):
            desk.create_person(other)
    assert desk.authenticate("nina", "") is None


def test_an_account_is_locked_and_unlocked_once_each(desk: Directory) -> None:
    dn = desk.person("ana").dn  # type: ignore[union-attr]  # she is there
    changed = [desk.set_active(dn, active=active) for active in (False, False, True, True)]
    assert changed == [True, False, True, False]
    desk.set_active(dn, active=False)
    assert not desk.person("ana").active  # type: ignore[union-attr]
    with pytest.raises(DirectoryEntryMissing):
        desk.set_active(f"uid=nobody,{PEOPLE}", active=False)


@pytest.mark.parametrize("name", ["title", "department", "telephone", "mobile", "room"])
def test_an_attribute_is_set_replaced_and_emptied(desk: Directory, name: str) -> None:
    dn = desk.person("ana").dn  # type: ignore[union-attr]
    assert [desk.set_attribute(dn, name, ["4711"]), desk.set_attribute(dn, name, ["4711"])] == [True, False]
    assert desk.attribute(dn, name) == ("4711",)
    assert desk.set_attribute(dn, name, [])
    assert desk.attribute(dn, name) == ()


def test_whoever_is_locked_cannot_sign_in(server: Slapd) -> None:
    there = LdapDirectory(access(server))
    assert there.authenticate("ana", "ana-secret") is not None
    there.set_active(ANA, active=False)
    assert there.authenticate("ana", "ana-secret") is None


def test_the_desks_account_can_neither_delete_an_account_nor_set_a_password(server: Slapd) -> None:
    connection = ldap.initialize(server.url)
    connection.simple_bind_s(server.service_dn, server.service_password)
    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        connection.delete_s(ANA)
    with pytest.raises(ldap.INSUFFICIENT_ACCESS):
        connection.modify_s(ANA, [(ldap.MOD_REPLACE, "userPassword", [b"known"])])
    connection.unbind_s()
    assert changes(server.audit_file) == []


def test_active_directory_gets_a_random_password_that_nobody_keeps_and_that_must_be_changed(windows: Slapd) -> None:
    there = desk_of(windows)
    assert there.create_person(NINA)
    made = entry(windows, f"cn=nina,{PEOPLE}")
    password = made["unicodePwd"][0].decode("utf-16-le")
    assert (len(password) > 50, password[0], password[-1], made["pwdLastSet"]) == (True, '"', '"', [b"0"])
    assert (made["sAMAccountName"], made["userPrincipalName"]) == ([b"nina"], [b"nina@test.example"])
    assert there.person("nina").active  # type: ignore[union-attr]
    assert not there.create_person(NINA)


def test_active_directory_locks_by_its_flag_and_keeps_the_other_flags(windows: Slapd) -> None:
    there = desk_of(windows)
    there.create_person(NINA)
    dn = f"cn=nina,{PEOPLE}"
    flags = []
    for active in (False, False, True):
        there.set_active(dn, active=active)
        flags.append(entry(windows, dn)["userAccountControl"])
    assert flags == [[b"514"], [b"514"], [b"512"]]
    assert there.set_attribute(dn, "department", ["Audit"])
    assert entry(windows, dn)["department"] == [b"Audit"]


def test_active_directory_makes_no_account_over_a_connection_that_others_can_read() -> None:
    reach = Access(url="ldap://directory.test.example", allow_clear=True, people_base=PEOPLE, vendor="active-directory")
    with pytest.raises(DirectoryMisconfigured):
        people.create(ldap.initialize(reach.url), reach, ACTIVE_DIRECTORY, NINA)
