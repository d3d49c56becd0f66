"""Sign-in against a real slapd: who gets in, who does not, and that every no is the same no (attacks 26, 27, 28)."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.directory.entries import normal
from app.directory.ldap_directory import LdapDirectory
from app.platform.slapd import Slapd
from tests.directory.company_ldif import ANA, BASE, GROUPS, PEOPLE, company, entry, group, person
from tests.directory.conftest import NewServer, access
from tests.directory.wire import Wire

INVALID_CREDENTIALS = b"\x61\x07\x0a\x01\x31"
SUCCESS = b"\x61\x07\x0a\x01\x00"


def login_of(desk: LdapDirectory, login: str, password: str) -> str | None:
    found = desk.authenticate(login, password)
    return found.login if found else None


def test_ana_signs_in_by_user_name_and_by_each_of_her_addresses(desk: LdapDirectory) -> None:
    for login in ("ana", "ANA", " ana ", "ana@test.example", "Ana@Test.Example"):
        assert login_of(desk, login, "ana-secret") == "ana"
    assert login_of(desk, "bosse@test.example", "bo-secret") == "bo"


def test_a_wrong_password_or_name_gets_nobody_in(desk: LdapDirectory) -> None:
    for login, password in (("ana", "bo-secret"), ("nobody", "ana-secret"), ("ana", "ana-secret "), ("", "ana-secret")):
        assert desk.authenticate(login, password) is None


@pytest.mark.parametrize("password", ["", " ", "\t\n ", "\0", "\0ana-secret", "ana-secret\0", None, ["ana-secret"], {}, 0])
def test_an_empty_password_is_refused_before_any_bind(server: Slapd, password: object) -> None:
    with Wire(server.port, answer=lambda data: data.replace(INVALID_CREDENTIALS, SUCCESS)) as wire:
        desk = LdapDirectory(access(server, url=wire.url))
        assert desk.authenticate("ana", password) is None  # type: ignore[arg-type]  # what a JSON body may hold
        assert wire.connections == 0


def test_a_server_that_says_yes_to_everybody_is_asked_whom_it_means(server: Slapd) -> None:
    with Wire(server.port, answer=lambda data: data.replace(INVALID_CREDENTIALS, SUCCESS)) as wire:
        desk = LdapDirectory(access(server, url=wire.url))
        assert login_of(desk, "ana", "ana-secret") == "ana"         # the wire itself is good
        assert desk.authenticate("ana", "wrong") is None
        assert desk.authenticate("nobody", "wrong") is None


@pytest.mark.parametrize("login", [
    "*", "a*", "*)(uid=*", "ana)(uid=*", "a)(|(uid=*", "ana\0", "\\2a", "(", ")", "\\", "ana)(objectClass=*)(uid=ana",
    "uid=ana,ou=people", "\uff0a", ["ana"], {"uid": "ana"}, None, "a" * 10_000,
])
def test_an_injected_user_name_finds_nobody(desk: LdapDirectory, login: object) -> None:
    assert desk.authenticate(login, "ana-secret") is None  # type: ignore[arg-type]  # what a JSON body may hold


def test_an_injected_user_name_is_one_query_with_an_escaped_value(server: Slapd) -> None:
    with Wire(server.port) as wire:
        assert LdapDirectory(access(server, url=wire.url)).authenticate("a)(uid=*", "ana-secret") is None
        assert wire.sent.count(b"a)(uid=*") == 2                    # one filter: user name or mail; libldap unescaped it
        assert wire.sent.count(b"\xa3") >= 2                        # equalityMatch, never a substring or presence


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[LdapDirectory]:
    folder = Path(tempfile.mkdtemp(prefix="desk-directory-"))
    folder.chmod(0o755)
    with Slapd(folder / "slapd", BASE, company()) as server:
        yield LdapDirectory(access(server))
    shutil.rmtree(folder, ignore_errors=True)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("*()\\\0|&!=~<>, +\"#;"), max_size=40))
def test_no_text_whatever_finds_somebody_else(fuzzed: LdapDirectory, login: str) -> None:
    found = fuzzed.person(login)
    assert found is None or found.login == " ".join(login.casefold().split())
    dn = f"uid={login},{PEOPLE}"
    assert isinstance(fuzzed.exists(dn), bool)


def test_an_address_that_two_people_share_is_nobodys(new_server: NewServer) -> None:
    server = new_server(company(person("twin", mail="ana@test.example")))
    desk = LdapDirectory(access(server))
    assert desk.authenticate("ana@test.example", "ana-secret") is None
    assert login_of(desk, "ana", "ana-secret") == "ana"


def test_an_address_that_is_somebody_elses_user_name_does_not_shut_her_out(new_server: NewServer) -> None:
    desk = LdapDirectory(access(new_server(company(person("mallory", mail="ana")))))
    assert login_of(desk, "ana", "ana-secret") == "ana"
    assert desk.authenticate("ana", "mallory-secret") is None


UNICODE_DN = f"cn=Åsa \\22Örn\\22 \\2B Söhne\\, Ltda #1,{PEOPLE}"


def test_a_name_full_of_traps_signs_in_and_is_found_in_a_group(new_server: NewServer) -> None:
    asa = person("asa", 'Åsa "Örn" + Söhne, Ltda #1', dn=UNICODE_DN)
    server = new_server(company(asa, group("odd", UNICODE_DN)))
    desk = LdapDirectory(access(server))
    found = desk.authenticate("asa", "asa-secret")
    assert found is not None
    assert found.name == 'Åsa "Örn" + Söhne, Ltda #1'
    odd = f"cn=odd,{GROUPS}"
    assert desk.is_member(odd, found.dn)
    assert [normal(dn) for dn in desk.members(odd)] == [normal(found.dn)]    # spelled "\\," there, "\\2C" here
    assert [each.member_dns for each in desk.snapshot().groups if each.name == "odd"] == [(found.dn,)]
    assert desk.add_member(f"cn=finance-rw,{GROUPS}", found.dn)
    assert desk.is_member(f"cn=finance-rw,{GROUPS}", UNICODE_DN)


def test_a_failed_sign_in_leaves_the_desks_own_connection_as_it_was(desk: LdapDirectory) -> None:
    assert desk.person("ana") is not None
    for _ in range(3):
        assert desk.authenticate("ana", "wrong") is None
        assert desk.authenticate("bo", "bo-secret") is not None
        assert desk.person("caro") is not None                      # else: "the person vanished"
    assert len(desk.people()) == 5


def test_a_disabled_account_does_not_sign_in_and_is_read_as_disabled(new_server: NewServer) -> None:
    locked = person("lia", pwdAccountLockedTime="000001010000Z")
    policy = entry(f"ou=policies,{BASE}", objectClass="organizationalUnit", ou="policies")
    desk = LdapDirectory(access(new_server(company(locked, policy))))
    assert desk.authenticate("lia", "lia-secret") is None
    lia = desk.person("lia")
    assert lia is not None
    assert not lia.active
    assert all(each.active for each in desk.people() if each.login != "lia")


def test_too_many_wrong_passwords_lock_the_bind_but_end_no_session(new_server: NewServer) -> None:
    policy = (entry(f"cn=strict,{PEOPLE}", objectClass=["device", "pwdPolicy"], cn="strict", pwdAttribute="userPassword",
                    pwdLockout="TRUE", pwdMaxFailure="3", pwdLockoutDuration="300"),
              person("rui", pwdPolicySubentry=f"cn=strict,{PEOPLE}"))
    desk = LdapDirectory(access(new_server(company(*policy))))
    assert login_of(desk, "rui", "rui-secret") == "rui"
    for _ in range(3):
        assert desk.authenticate("rui", "wrong") is None
    assert desk.authenticate("rui", "rui-secret") is None
    rui = desk.person("rui")
    assert rui is not None
    assert rui.active


def test_existing_disabled_and_unknown_people_are_refused_in_the_same_time(new_server: NewServer) -> None:
    server = new_server(company(person("lia", pwdAccountLockedTime="000001010000Z")))
    desk = LdapDirectory(access(server, refusal=0.25))
    taken: dict[str, list[float]] = {"ana": [], "lia": [], "nobody": [], "": []}
    for _ in range(5):
        for login, times in taken.items():
            began = time.monotonic()
            assert desk.authenticate(login, "wrong") is None
            times.append(time.monotonic() - began)
    means = [mean(times) for times in taken.values()]
    assert max(means) - min(means) < 0.015


def test_the_person_is_described_with_a_stable_id(desk: LdapDirectory) -> None:
    ana = desk.authenticate("ana", "ana-secret")
    assert ana is not None
    assert (ana.dn, ana.name, ana.mail, ana.department, ana.locale) == (ANA, "Ana Ribeiro", "ana@test.example", "Finance", "pt-BR")
    assert desk.person_of(ana.uid) == ana
