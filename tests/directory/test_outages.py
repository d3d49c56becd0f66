"""A directory that is down, hangs, is slow, or comes back (FT-10): quick clear answers, and nobody "vanishes"."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.directory.breaker import Breaker
from app.directory.errors import DirectoryError, DirectoryMisconfigured, DirectoryUnavailable
from app.directory.ldap_directory import LdapDirectory
from app.platform.certificates import Authority
from app.platform.slapd import Slapd
from app.settings import ROOT
from tests.directory.company_ldif import ANA, BO, GROUPS, PEOPLE
from tests.directory.conftest import NewServer, access
from tests.directory.wire import BIND, STARTTLS_SUCCESS, Scripted, Wire

FINANCE = f"cn=finance-rw,{GROUPS}"


@contextmanager
def hanging(server: Slapd) -> Iterator[None]:
    server.signal(signal.SIGSTOP)
    try:
        threads = list(Path("/proc", str(server.pid()), "task").glob("*/stat"))
        while any(thread.read_text().rpartition(")")[2].split()[0] != "T" for thread in threads):  # each in its own time
            time.sleep(0.005)
        yield
    finally:
        server.signal(signal.SIGCONT)


def seconds_to_fail(call: Callable[[], object], error: type[DirectoryError] = DirectoryUnavailable) -> float:
    began = time.monotonic()
    with pytest.raises(error):
        call()
    return time.monotonic() - began


def test_a_hanging_directory_fails_a_sign_in_within_its_deadline(new_server: NewServer, authority: Authority) -> None:
    server = new_server(tls=authority.issue("127.0.0.1"))
    ways = [access(server), access(server, starttls=True, ca_file=str(authority.file)),
            access(server, url=server.tls_url, ca_file=str(authority.file))]
    with hanging(server), ThreadPoolExecutor(3) as threads:
        taken = list(threads.map(lambda way: seconds_to_fail(
            lambda: LdapDirectory(way).authenticate("ana", "ana-secret"), DirectoryError), ways))
    assert max(taken) < 4.5


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_server_that_goes_silent_in_the_handshake_does_not_hold_us(server: Slapd, authority: Authority, scheme: str) -> None:
    with Scripted(STARTTLS_SUCCESS if scheme == "ldap" else b"") as silent:
        desk = LdapDirectory(access(server, url=silent.url.replace("ldap:", f"{scheme}:"), starttls=scheme == "ldap",
                                    ca_file=str(authority.file), timeout=0.5, deadline=1))
        for call in (lambda: desk.authenticate("ana", "ana-secret"), desk.people):
            assert seconds_to_fail(call, DirectoryError) < 2.5


def test_a_directory_that_hangs_in_the_middle_fails_reads_and_changes_too(server: Slapd) -> None:
    desk = LdapDirectory(access(server, timeout=0.5))
    assert desk.person("ana") is not None                           # the connection is open when it begins to hang
    calls = [lambda: desk.person("ana"), desk.people, lambda: desk.add_member(FINANCE, ANA)]
    with hanging(server):
        for call in calls:
            assert seconds_to_fail(call) < 1.5
    desk.breaker.succeeded()
    assert desk.person("ana") is not None
    assert desk.add_member(FINANCE, ANA)


def test_three_seconds_an_answer_fails_within_the_deadline(server: Slapd) -> None:
    with Wire(server.port, delay=3) as wire:
        desk = LdapDirectory(access(server, url=wire.url))
        assert seconds_to_fail(lambda: desk.authenticate("ana", "ana-secret")) < 4.5


def test_many_answers_each_just_in_time_do_not_add_up_past_the_deadline(server: Slapd) -> None:
    with Wire(server.port, delay=0.35) as wire:
        desk = LdapDirectory(access(server, url=wire.url, timeout=0.5, deadline=1.0))
        assert seconds_to_fail(lambda: desk.authenticate("ana", "ana-secret")) < 1.3


def test_the_breaker_opens_and_then_a_sign_in_costs_no_time(server: Slapd) -> None:
    desk = LdapDirectory(access(server, timeout=0.3, deadline=0.6), Breaker(limit=3, rest=0.5))
    with hanging(server):
        for _ in range(3):
            seconds_to_fail(lambda: desk.authenticate("ana", "ana-secret"))
        assert desk.breaker.is_open
        quick = [seconds_to_fail(lambda: desk.authenticate("ana", "ana-secret")) for _ in range(20)]
        assert max(quick) < 0.05
    deadline = time.monotonic() + 5
    while desk.breaker.is_open and time.monotonic() < deadline:     # the next trial closes it
        try:
            assert desk.authenticate("ana", "ana-secret") is not None
        except DirectoryUnavailable:
            threading.Event().wait(0.05)
    assert not desk.breaker.is_open


def test_while_it_hangs_the_threads_that_sign_people_in_are_not_all_held(server: Slapd) -> None:
    desk = LdapDirectory(access(server, timeout=0.5, deadline=1.0), Breaker(limit=3, rest=2.0))
    held = 0.0
    began = time.monotonic()
    with hanging(server):
        while time.monotonic() - began < 4:
            held += seconds_to_fail(lambda: desk.authenticate("ana", "ana-secret"))
            threading.Event().wait(0.02)                            # 50 sign-ins a second
    assert held / (time.monotonic() - began) / 8 < 0.10             # of a process with eight threads


def test_one_trial_at_a_time_while_the_breaker_is_open() -> None:
    now = [0.0]
    breaker = Breaker(limit=2, rest=5, clock=lambda: now[0])
    breaker.failed()
    breaker.check()
    breaker.failed()
    with pytest.raises(DirectoryUnavailable):
        breaker.check()
    now[0] = 5.1
    breaker.check()
    with pytest.raises(DirectoryUnavailable):
        breaker.check()
    breaker.succeeded()
    breaker.check()


def test_a_server_killed_and_started_again_is_found_again(desk: LdapDirectory, server: Slapd) -> None:
    assert desk.person("ana") is not None
    server.signal(signal.SIGKILL)
    server.stop()
    assert seconds_to_fail(lambda: desk.authenticate("ana", "ana-secret")) < 1
    server.start()
    began = time.monotonic()
    assert desk.person("ana") is not None                           # on the connection that died
    assert len(desk.people()) == 5
    assert desk.add_member(FINANCE, ANA)
    assert time.monotonic() - began < 3
    assert not desk.breaker.is_open


def test_after_a_restart_the_connection_is_private_again_before_it_binds(new_server: NewServer, authority: Authority) -> None:
    server = new_server(tls=authority.issue("127.0.0.1"))
    with Wire(server.port) as wire:
        desk = LdapDirectory(access(server, url=wire.url, starttls=True, ca_file=str(authority.file)))
        assert desk.person("ana") is not None
        server.signal(signal.SIGKILL)
        server.stop()
        server.start()
        assert desk.person("ana") is not None
        assert wire.connections == 2
        assert not BIND.search(wire.sent)
        assert server.service_dn.encode() not in wire.sent


def test_a_wrong_password_of_the_desk_itself_is_the_operators_fault_not_the_persons(server: Slapd) -> None:
    desk = LdapDirectory(access(server, bind_password="wrong"))
    for call in (lambda: desk.authenticate("ana", "ana-secret"), desk.people):
        with pytest.raises(DirectoryMisconfigured, match="own account"):
            call()
    assert not desk.ping().works


def test_each_thread_has_a_connection_of_its_own(server: Slapd) -> None:
    with Wire(server.port) as wire:
        desk = LdapDirectory(access(server, url=wire.url))
        together = threading.Barrier(4)

        def read(_: int) -> int:
            together.wait(5)
            return sum(len(desk.people()) for _ in range(5))

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(read, range(4))) == [25] * 4
        assert wire.connections == 4


FORKED = """
import os, sys
from app.directory.access import Access
from app.directory.ldap_directory import LdapDirectory
url, dn, password, people, groups = sys.argv[1:]
desk = LdapDirectory(Access(url=url, bind_dn=dn, bind_password=password, people_base=people, groups_base=groups))
assert desk.person("ana")
mine = desk._service.connection()
port = os.fstat(mine.fileno()).st_ino
for _ in range(2):
    if os.fork() == 0:
        found = desk.person("bo") is not None and desk._service.connection() is not mine
        del mine
        os._exit(0 if found else 1)
    assert os.wait()[1] == 0
assert desk.person("caro")
assert desk._service.connection() is mine and os.fstat(mine.fileno()).st_ino == port and not mine._reconnects_done
print("ok")
"""


def test_a_forked_child_opens_its_own_connection_and_does_not_end_its_parents(server: Slapd) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", FORKED, server.url, server.service_dn, server.service_password,
                           PEOPLE, GROUPS], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout.strip(), done.returncode) == ("ok", 0), done.stderr
    assert BO != ANA
