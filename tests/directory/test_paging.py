"""Lists are read whole or not at all: 1,200 people where the server gives 500 at a time."""

import ldap
import pytest

from app.directory.errors import DirectoryPartial
from app.directory.ldap_directory import LdapDirectory
from app.directory.reading import pages
from app.platform.slapd import Slapd
from tests.directory.company_ldif import BASE, GROUPS, PEOPLE, company, entry, group, person
from tests.directory.conftest import NewServer, access

MANY = 1_200


def crowd() -> str:
    logins = [f"worker{number:04}" for number in range(MANY - 5)]
    return company(*(person(login, userPassword="x") for login in logins),
                   group("everybody", *(f"uid={login},{PEOPLE}" for login in logins)),
                   *(group(f"g{number:03}", f"uid=worker0000,{PEOPLE}") for number in range(600)))


@pytest.fixture
def crowded(new_server: NewServer) -> Slapd:
    return new_server(crowd())


def test_all_1200_people_and_600_groups_are_read_past_the_limit_of_500(crowded: Slapd) -> None:
    desk = LdapDirectory(access(crowded))
    plain = ldap.initialize(crowded.url)
    plain.simple_bind_s(crowded.service_dn, crowded.service_password)
    with pytest.raises(ldap.SIZELIMIT_EXCEEDED):                    # the trap is there
        plain.search_s(PEOPLE, ldap.SCOPE_SUBTREE, "(objectClass=person)")
    assert len({each.uid for each in desk.people()}) == MANY
    assert len(desk.groups()) == 604
    assert len(desk.members(f"cn=everybody,{GROUPS}")) == MANY - 5


def test_a_directory_that_stops_paging_half_way_gives_an_error_not_a_part(crowded: Slapd) -> None:
    limits(crowded, "size.prtotal=300")
    with pytest.raises(DirectoryPartial, match=r"[Ss]ize limit"):
        LdapDirectory(access(crowded)).people()


def test_a_server_that_does_not_page_gives_an_error(crowded: Slapd) -> None:
    limits(crowded, "size.prtotal=disabled")
    with pytest.raises(DirectoryPartial):
        LdapDirectory(access(crowded)).people()


def test_a_server_that_dies_between_two_pages_gives_no_part(crowded: Slapd) -> None:
    desk = LdapDirectory(access(crowded))
    connection = desk._service.probed()

    class DyingConnection:
        """The real connection; the server dies once it gave the first page."""

        def __init__(self) -> None:
            self.asked = 0

        def search_ext(self, *args: object, **keywords: object) -> int:
            self.asked += 1
            if self.asked == 2:
                crowded.stop()
            return int(connection.search_ext(*args, **keywords))

        def result3(self, *args: object, **keywords: object) -> object:
            return connection.result3(*args, **keywords)

    dying = DyingConnection()
    with pytest.raises(ldap.SERVER_DOWN):
        pages(dying, PEOPLE, "(objectClass=person)", ["uid"], timeout=2)
    assert dying.asked == 2


def test_a_base_that_is_gone_is_a_fault_and_nobody_has_left(server: Slapd) -> None:
    desk = LdapDirectory(access(server, people_base=f"ou=people,ou=gone,{BASE}"))
    with pytest.raises(DirectoryPartial, match="No such object"):
        desk.people()
    with pytest.raises(DirectoryPartial):
        desk.person("ana")
    with pytest.raises(DirectoryPartial):
        desk.exists(f"uid=ana,ou=people,ou=gone,{BASE}")


def test_pointers_to_other_servers_are_neither_followed_nor_taken_for_people(new_server: NewServer) -> None:
    pointer = entry(f"cn=elsewhere,{PEOPLE}", objectClass=["referral", "extensibleObject"], cn="elsewhere",
                    ref="ldap://192.0.2.1/ou=people,dc=elsewhere")
    desk = LdapDirectory(access(new_server(company(pointer))))
    assert sorted(each.login for each in desk.people()) == ["ana", "bo", "caro", "davi", "eva"]
    assert desk.person("ana") is not None
    assert desk.authenticate("ana", "ana-secret") is not None


def limits(server: Slapd, rule: str) -> None:
    """Change the server's limits as its operator would."""
    server.stop()
    server.reconfigure(f"dn: olcDatabase={{1}}mdb,cn=config\nchangetype: modify\nreplace: olcLimits\nolcLimits: * {rule}\n")
    server.start()
