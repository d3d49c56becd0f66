"""The desk says nothing secret before it knows whom it speaks to: StartTLS and LDAPS with good and bad certificates."""

from collections.abc import Callable
from datetime import timedelta

import ldap
import pytest

from app.directory.access import Access
from app.directory.errors import (
    DirectoryError,
    DirectoryMisconfigured,
    DirectoryRefusedCertificate,
    DirectoryUnavailable,
)
from app.directory.ldap_directory import LdapDirectory
from app.platform.certificates import Authority, ServerCertificate
from app.platform.slapd import Slapd
from tests.directory.conftest import NewServer, access
from tests.directory.wire import BIND, STARTTLS_SUCCESS, Scripted, Wire

HOST = "127.0.0.1"


def secret_said(wire: Wire | Scripted, server: Slapd) -> bool:
    """Did a password, a name, or the beginning of any bind go over the wire in clear?"""
    secrets = (b"ana-secret", server.service_password.encode(), server.service_dn.encode())
    return bool(BIND.search(wire.sent)) or any(secret in wire.sent for secret in secrets)


def test_a_bind_in_clear_would_be_seen(server: Slapd) -> None:
    with Wire(server.port) as wire:
        ldap.initialize(wire.url).simple_bind_s(server.service_dn, server.service_password)
        assert BIND.search(wire.sent)


def ways(server: Slapd, authority: Authority) -> list[Access]:
    return [access(server, starttls=True, ca_file=str(authority.file)),
            access(server, url=server.tls_url, ca_file=str(authority.file))]


def test_a_good_certificate_opens_both_ways(new_server: NewServer, authority: Authority) -> None:
    server = new_server(tls=authority.issue(HOST))
    for way in ways(server, authority):
        desk = LdapDirectory(way)
        found = desk.authenticate("ana", "ana-secret")
        assert found is not None
        assert desk.authenticate("ana", "wrong") is None
        assert len(desk.people()) == 5
        status = desk.ping()
        assert (status.works, status.private) == (True, True)


def test_the_good_way_says_no_password_on_the_wire(new_server: NewServer, authority: Authority) -> None:
    server = new_server(tls=authority.issue(HOST))
    with Wire(server.port) as wire:
        desk = LdapDirectory(access(server, url=wire.url, starttls=True, ca_file=str(authority.file)))
        assert desk.authenticate("ana", "ana-secret") is not None
        assert len(desk.people()) == 5
        assert not secret_said(wire, server)
        assert wire.connections == 3                                # search, password, and the desk's own


BAD: dict[str, tuple[Callable[[Authority, Authority], ServerCertificate], str]] = {
    "wrong authority": (lambda good, other: other.issue(HOST), "self-signed certificate in certificate chain|local issuer"),
    "wrong name": (lambda good, other: good.issue("127.0.0.2", "directory.example"), "mismatch"),
    "expired": (lambda good, other: good.issue(HOST, ends_in=timedelta(hours=-1)), "expired"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_certificate_is_refused_in_words_before_any_bind(new_server: NewServer, authority: Authority, fault: str) -> None:
    make, words = BAD[fault]
    server = new_server(tls=make(authority, Authority.create(authority.folder / "other", "Somebody else")))
    for way in ways(server, authority):
        with Wire(server.tls_port if way.is_ldaps else server.port) as wire:
            desk = LdapDirectory(access(server, url=wire.url.replace("ldap:", "ldaps:") if way.is_ldaps else wire.url,
                                        starttls=way.starttls, ca_file=way.ca_file))
            with pytest.raises(DirectoryRefusedCertificate, match=words):
                desk.authenticate("ana", "ana-secret")
            with pytest.raises(DirectoryRefusedCertificate, match=words):
                desk.people()
            assert not desk.ping().works
            assert not desk.breaker.is_open                         # it answers: this is no outage
            assert wire.connections > 0
            assert not secret_said(wire, server)


def test_a_server_without_tls_is_refused_before_any_bind(server: Slapd, authority: Authority) -> None:
    with Wire(server.port) as wire:
        desk = LdapDirectory(access(server, url=wire.url, starttls=True, ca_file=str(authority.file)))
        with pytest.raises(DirectoryRefusedCertificate, match="StartTLS"):
            desk.authenticate("ana", "ana-secret")
        assert not secret_said(wire, server)


def test_somebody_in_between_who_agrees_to_tls_and_then_speaks_plainly_hears_nothing(server: Slapd, authority: Authority) -> None:
    with Scripted(STARTTLS_SUCCESS) as stranger:
        desk = LdapDirectory(access(server, url=stranger.url, starttls=True, ca_file=str(authority.file), timeout=0.5, deadline=1))
        with pytest.raises(DirectoryError):
            desk.authenticate("ana", "ana-secret")
        assert stranger.sent
        assert not secret_said(stranger, server)


def test_an_authority_that_is_not_told_is_not_believed(new_server: NewServer, authority: Authority) -> None:
    server = new_server(tls=authority.issue(HOST))
    with pytest.raises(DirectoryRefusedCertificate):
        LdapDirectory(access(server, starttls=True)).people()


def test_a_dead_server_with_tls_is_down_not_distrusted(new_server: NewServer, authority: Authority) -> None:
    server = new_server(tls=authority.issue(HOST))
    desks = [LdapDirectory(way) for way in ways(server, authority)]
    server.stop()
    for desk in desks:
        with pytest.raises(DirectoryUnavailable):
            desk.authenticate("ana", "ana-secret")


@pytest.mark.parametrize(("changes", "words"), [
    ({"url": "ldap://directory.example"}, "in clear"),
    ({"url": "ldap://192.0.2.7:389"}, "in clear"),
    ({"url": "http://directory.example"}, "ldaps://"),
    ({"people_base": ""}, "PEOPLE_BASE"),
    ({"bind_password": ""}, "no password"),
    ({"ca_file": "nowhere.pem"}, "nowhere.pem"),
])
def test_settings_that_cannot_work_or_are_not_safe_are_refused_with_their_name(
        server: Slapd, changes: dict[str, object], words: str) -> None:
    with pytest.raises(DirectoryMisconfigured, match=words):
        LdapDirectory(access(server, **changes))


def test_clear_text_over_the_network_must_be_asked_for(server: Slapd) -> None:
    LdapDirectory(access(server, url="ldap://192.0.2.7", allow_clear=True))
    LdapDirectory(access(server, url="ldap://192.0.2.7", starttls=True))
    LdapDirectory(access(server, url="ldaps://192.0.2.7"))
    LdapDirectory(access(server, url=server.socket_url or ""))
