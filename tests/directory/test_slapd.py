"""The private slapd: its data stays, its program may be a copy, and it tells what went wrong."""

import os
from pathlib import Path

import pytest

from app.directory.ldap_directory import LdapDirectory
from app.platform.slapd import Slapd
from app.platform.slapd_setup import SlapdError, has_argon2, password_hash, salted_hash
from tests.directory.company_ldif import ANA, BASE, GROUPS, company, person
from tests.directory.conftest import access

FINANCE = f"cn=finance-rw,{GROUPS}"


def test_what_was_changed_is_there_after_a_restart_and_the_ldif_fills_it_only_once(folder: Path) -> None:
    with Slapd(folder / "kept", BASE, company()) as server:
        port, secret = server.port, server.service_password
        assert LdapDirectory(access(server)).add_member(FINANCE, ANA)
    with Slapd(folder / "kept", BASE, "this is not read") as server:
        assert (server.port, server.service_password) == (port, secret)
        assert LdapDirectory(access(server)).is_member(FINANCE, ANA)
        server.remove()
    assert not (folder / "kept").exists()


def test_a_copy_of_the_program_serves_where_apparmor_confines_the_systems_own(folder: Path) -> None:
    with Slapd(folder / "copy", BASE, company(), own_copy=True) as server:
        assert server.command()[0] == str(server.home / "slapd")
        assert len(LdapDirectory(access(server)).people()) == 5


def test_it_does_not_run_as_root_and_its_secrets_are_its_owners_only(server: Slapd) -> None:
    pid = server.pid()
    assert pid is not None
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    for secret in ("admin.password", "service.password"):
        assert (server.directory / secret).stat().st_mode & 0o077 == 0
    assert server.home.stat().st_mode & 0o077 == 0


def test_a_folder_the_servers_user_may_not_enter_is_no_hindrance(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with Slapd(closed / "slapd", BASE, company()) as server:
        assert len(LdapDirectory(access(server)).people()) == 5
        assert (server.home == server.directory / "server") is (os.geteuid() != 0)
        home = server.home
        server.remove()
    assert not home.exists()


def test_wrong_entries_are_refused_with_slapds_words(folder: Path) -> None:
    with pytest.raises(SlapdError, match="entries"):
        Slapd(folder / "wrong", BASE, "dn: cn=x,dc=elsewhere\nobjectClass: device\ncn: x\n").start()
    with Slapd(folder / "wrong", BASE, company()) as server:        # what was begun is begun anew
        assert len(LdapDirectory(access(server)).people()) == 5


@pytest.mark.parametrize("made", [salted_hash, password_hash])
def test_both_kinds_of_hash_are_checked_by_the_server(folder: Path, made: object) -> None:
    assert callable(made)
    hashed = made("a very long secret")
    assert "secret" not in hashed
    assert hashed.startswith("{ARGON2}" if made is password_hash and has_argon2() else "{SSHA}")
    with Slapd(folder / "hashed", BASE, company(person("rui", userPassword=hashed))) as server:
        desk = LdapDirectory(access(server))
        assert desk.authenticate("rui", "a very long secret") is not None
        assert desk.authenticate("rui", "another") is None
