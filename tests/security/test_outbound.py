"""Attack 36 (security.md): the desk is made to call what lies inside. Each test fails when its guard is removed."""

import socket
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from app import outbound
from app.outbound import Refused
from app.platform.certificates import Authority
from app.rules.addresses import is_public
from app.rules.errors import Unavailable
from app.settings import settings
from tests.receiver import Receiver, receiver

INSIDE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.7", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",  # noqa: S104  it is asked about, not bound
    "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::",
)  # fmt: skip
SPELLINGS = (
    "127.0.0.1", "[::1]", "169.254.169.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "localhost",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]", "[::]", "2852039166", "[64:ff9b::a9fe:a9fe]",
)  # fmt: skip


@pytest.fixture
def target() -> Iterator[Receiver]:
    """Something inside that must never hear of us, unless it is named."""
    with receiver() as inside:
        yield inside


@pytest.fixture
def named(target: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """The same, which the operator has named."""
    monkeypatch.setenv("DESK_OUTBOUND_INSIDE", f"127.0.0.1:{target.port}, rebind.test:{target.port}")
    settings.cache_clear()
    yield target
    settings.cache_clear()


@pytest.mark.parametrize("address", INSIDE)
def test_attack_36_an_address_inside_is_none_that_may_be_called(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_an_address_of_the_internet_is_one_that_may_be_called(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", SPELLINGS)
def test_attack_36_however_it_is_spelled_nothing_inside_is_called(target: Receiver, host: str) -> None:
    with pytest.raises(Refused):
        outbound.post(f"https://{host}:{target.port}/hook", b"{}", {})
    assert target.calls == []


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "//example.org/", "https:///x", "",
     "https://user:secret@example.org/", "https://example.org:99999/", "https://exam ple.org/", "https://example.org/\r\nX: 1"],
)  # fmt: skip
def test_attack_36_only_https_and_only_an_address_that_says_where(url: str) -> None:
    with pytest.raises(Refused):
        outbound.post(url, b"{}", {})


def test_attack_36_a_name_that_leads_inside_when_it_is_asked_again_leads_nowhere(
    target: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer is public, every later one is loopback. Only what was judged is connected to."""
    answers = iter(["203.0.113.9"])
    asked: list[str] = []

    def rebinding(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = next(answers, "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    tried: list[str] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        tried.append(address[0])
        raise OSError("nobody is there")

    monkeypatch.setattr(outbound.addresses, "is_public", lambda address: str(address) == "203.0.113.9")
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Unavailable):
        outbound.post(f"https://rebind.example:{target.port}/", b"{}", {})
    assert (asked, tried) == (["rebind.example"], ["203.0.113.9"])
    with pytest.raises(Refused):
        outbound.post(f"https://rebind.example:{target.port}/", b"{}", {})
    assert (tried, target.calls) == (["203.0.113.9"], [])


def test_attack_36_a_name_with_one_address_inside_is_refused_whole(target: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    def mixed(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("1.1.1.1", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", mixed)
    with pytest.raises(Refused):
        outbound.post(f"https://mixed.example:{target.port}/", b"{}", {})
    assert target.calls == []


def test_attack_36_a_redirect_is_an_answer_and_never_followed(named: Receiver) -> None:
    with receiver() as second:
        named.status, named.location = 302, second.url
        assert outbound.post(named.url, b"{}", {}).status == 302
        assert second.calls == []


def test_attack_36_naming_one_port_inside_opens_no_other(named: Receiver) -> None:
    with receiver() as other:
        assert outbound.post(named.url, b"{}", {}).status == 204
        for url in (other.url, other.url.replace("http:", "https:")):
            with pytest.raises(Refused):
                outbound.post(url, b"{}", {})
        assert other.calls == []


def test_attack_36_only_hosts_of_the_list_are_called_where_there_is_one(named: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_OUTBOUND_HOSTS", "hooks.example.org")
    settings.cache_clear()
    assert outbound.check("https://HOOKS.example.org/x").hostname == "hooks.example.org"
    with pytest.raises(Refused):
        outbound.check("https://evil.example/x")
    assert outbound.post(named.url, b"{}", {}).status == 204


def test_a_proxy_of_the_environment_gets_nothing(named: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{proxy.port}")
        assert outbound.post(named.url, b"{}", {}).status == 204
        assert proxy.calls == []


def test_whoever_takes_too_long_is_asked_later(named: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.0)
    with pytest.raises(Unavailable):
        outbound.post(named.url, b"{}", {})


def test_the_certificate_must_be_that_of_the_name_and_of_a_known_authority(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = Authority.create(folder).issue("hooks.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)

    def here(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", here)
    with receiver(tls=context) as system:
        monkeypatch.setenv("DESK_OUTBOUND_INSIDE", f"hooks.test:{system.port},other.test:{system.port}")
        settings.cache_clear()
        with pytest.raises(Refused, match="certificate"):
            outbound.post(f"https://hooks.test:{system.port}/", b"{}", {})
        monkeypatch.setenv("SSL_CERT_FILE", str(issued.authority))
        with pytest.raises(Refused, match="certificate"):
            outbound.post(f"https://other.test:{system.port}/", b"{}", {})
        assert system.calls == []
        assert outbound.post(f"https://hooks.test:{system.port}/", b"{}", {}).status == 204
    settings.cache_clear()
