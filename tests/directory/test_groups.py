"""Groups of every class: who is in, who is in through other groups, and changes that are safe to make twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.directory import groups
from app.directory.entries import Entry
from app.directory.errors import DirectoryEntryMissing, DirectoryPartial, DirectoryRefusedChange
from app.directory.ldap_directory import LdapDirectory
from app.directory.reading import whole
from app.platform.slapd import Slapd
from app.platform.slapd_audit import membership_changes
from tests.directory.company_ldif import ANA, BASE, BO, CARO, DAVI, EVA, GROUPS, PEOPLE, company, group
from tests.directory.conftest import NewServer, access

FINANCE, WIKI, UNIX = (f"cn={name},{GROUPS}" for name in ("finance-rw", "wiki", "unix"))
ABSENT = f"uid=absent,{PEOPLE}"


@pytest.mark.parametrize("dn", [FINANCE, WIKI, UNIX])
def test_adding_and_removing_twice_changes_the_directory_once_each(server: Slapd, desk: LdapDirectory, dn: str) -> None:
    assert not desk.is_member(dn, ANA)
    assert [desk.add_member(dn, ANA), desk.add_member(dn, ANA)] == [True, False]
    assert desk.is_member(dn, ANA)
    assert ANA in desk.members(dn, nested=False)
    assert [desk.remove_member(dn, ANA), desk.remove_member(dn, ANA)] == [True, False]
    assert not desk.is_member(dn, ANA)
    made = membership_changes(server.audit_file)
    assert [(change.dn, change.author) for change in made] == [(dn, server.service_dn)] * 2


def test_spelling_of_a_name_does_not_make_a_second_membership(desk: LdapDirectory) -> None:
    assert desk.is_member(FINANCE, DAVI.upper())
    assert not desk.add_member(FINANCE, DAVI.replace(",", ", ").upper())


@pytest.mark.parametrize(("dn", "only"), [(FINANCE, DAVI), (WIKI, BO), (UNIX, BO)])
def test_the_last_member_can_leave_and_the_group_lives_on(server: Slapd, desk: LdapDirectory, dn: str, only: str) -> None:
    assert desk.remove_member(dn, only)
    found = desk.group(dn)
    assert found is not None
    assert (found.member_dns, found.member_logins, desk.members(dn)) == ((), (), ())
    assert desk.add_member(dn, EVA)
    assert desk.members(dn) == (EVA,)
    assert len(membership_changes(server.audit_file)) == 2          # the placeholder came and went in the same changes
    assert desk.remove_member(dn, EVA)
    assert not desk.remove_member(dn, EVA)


def test_twenty_at_once_add_one_member_once(server: Slapd, desk: LdapDirectory) -> None:
    with ThreadPoolExecutor(20) as threads:
        changed = list(threads.map(lambda _: desk.add_member(FINANCE, ANA), range(20)))
    assert sum(changed) == 1
    assert len(membership_changes(server.audit_file)) == 1


def test_two_who_leave_at_once_leave_an_empty_group(desk: LdapDirectory) -> None:
    for _ in range(5):
        desk.add_member(FINANCE, ANA)
        desk.add_member(FINANCE, DAVI)
        with ThreadPoolExecutor(2) as threads:
            assert list(threads.map(lambda dn: desk.remove_member(FINANCE, dn), (ANA, DAVI))) == [True, True]
        assert desk.members(FINANCE) == ()


def test_people_and_groups_that_are_not_there_are_named(desk: LdapDirectory) -> None:
    with pytest.raises(DirectoryEntryMissing, match="absent"):
        desk.add_member(FINANCE, ABSENT)
    with pytest.raises(DirectoryEntryMissing, match="cn=none"):
        desk.add_member(f"cn=none,{GROUPS}", ANA)
    with pytest.raises(DirectoryEntryMissing):
        desk.is_member("no dn at all", ANA)
    assert not desk.remove_member(FINANCE, ABSENT)
    assert not desk.exists(ABSENT)
    assert desk.exists(ANA)
    assert desk.group(f"cn=none,{GROUPS}") is None


def test_what_is_no_group_gets_no_members(desk: LdapDirectory) -> None:
    with pytest.raises(DirectoryRefusedChange):
        desk.add_member(BO, ANA)


def test_a_refused_right_is_said_and_is_no_outage(server: Slapd) -> None:
    reader = LdapDirectory(access(server, bind_dn=ANA, bind_password="ana-secret"))
    for _ in range(5):
        with pytest.raises(DirectoryRefusedChange, match="Insufficient access"):
            reader.add_member(FINANCE, BO)
    assert not reader.breaker.is_open


def nested_company() -> str:
    """The company with groups in a ring: all > north > south > all."""
    north, south, everybody = (f"cn={name},{GROUPS}" for name in ("north", "south", "all"))
    return company(group("all", north, south.upper(), EVA), group("north", ANA, BO, south),
                   group("south", BO, CARO, everybody))


def test_members_through_other_groups_are_found_once_and_a_cycle_ends(new_server: NewServer) -> None:
    desk = LdapDirectory(access(new_server(nested_company())))
    for name in ("all", "north", "south"):
        assert sorted(desk.members(f"cn={name},{GROUPS}")) == sorted([ANA, BO, CARO, EVA])
    assert desk.members(f"cn=north,{GROUPS}", nested=False) == (ANA, BO, f"cn=south,{GROUPS}")
    assert not desk.is_member(f"cn=all,{GROUPS}", ANA)              # direct membership only


def test_the_rule_of_active_directory_finds_nobody_here_so_it_is_not_used_here(new_server: NewServer) -> None:
    server = new_server(nested_company())
    there = LdapDirectory(access(server, vendor="active-directory", people_filter="(objectClass=person)"))
    assert there.members(f"cn=all,{GROUPS}") == ()                  # no error: just nobody
    assert len(LdapDirectory(access(server)).members(f"cn=all,{GROUPS}")) == 4


def test_a_chain_too_deep_or_a_group_too_large_is_refused_not_cut() -> None:
    deep = {f"cn=g{i}": [f"cn=g{i + 1}"] for i in range(100)}
    with pytest.raises(DirectoryPartial, match="deep"):
        groups.nested(["cn=g0"], lambda dns: [(dn, deep[dn]) for dn in dns if dn in deep])
    with pytest.raises(DirectoryPartial, match="50000"):
        groups.nested([f"cn={i}" for i in range(groups.LARGEST + 1)], lambda _: [])


def test_a_member_list_that_came_in_part_is_fetched_whole() -> None:
    members = [f"cn=m{i}".encode() for i in range(3_700)]

    class ActiveDirectory:
        """Answers as MS-ADTS 3.1.1.3.1.3.3 says; no such server can run here."""

        def search_ext_s(self, dn: str, scope: int, found_by: str, wanted: list[str]) -> list[tuple[str, dict[str, list[bytes]]]]:
            start = int(wanted[0].split("=")[1].split("-")[0])
            part = members[start:start + 1_500]
            end = "*" if start + 1_500 >= len(members) else str(start + len(part) - 1)
            return [(dn, {f"member;range={start}-{end}": part})]

    first = Entry(f"cn=big,{BASE}", {"objectClass": [b"group"], "member": [], "member;range=0-1499": members[:1_500]})
    assert len(whole(ActiveDirectory(), first).all("member")) == 3_700
