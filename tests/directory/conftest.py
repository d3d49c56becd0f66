"""Real directories for these tests: each starts a slapd of its own in a tenth of a second."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.directory.access import Access
from app.directory.ldap_directory import LdapDirectory
from app.platform.certificates import Authority, ServerCertificate
from app.platform.slapd import Slapd
from app.settings import ROOT
from tests.directory.company_ldif import BASE, company

PLANET = ROOT.parent / "shared" / "data" / "ldap"
NewServer = Callable[..., Slapd]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's ordinary user can reach too."""
    path = Path(tempfile.mkdtemp(prefix="desk-directory-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def new_server(folder: Path) -> Iterator[NewServer]:
    """Start a directory with these entries; all end with the test."""
    servers: list[Slapd] = []

    def start(ldif: str = "", *, size_limit: int = 500, tls: ServerCertificate | None = None) -> Slapd:
        server = Slapd(folder / f"slapd{len(servers)}", BASE, ldif or company(), size_limit=size_limit, tls=tls)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.remove()


@pytest.fixture
def server(new_server: NewServer) -> Slapd:
    """The small company of company_ldif.py."""
    return new_server()


@pytest.fixture
def desk(server: Slapd) -> LdapDirectory:
    """The desk's view of it."""
    return LdapDirectory(access(server))


@pytest.fixture
def authority(folder: Path) -> Authority:
    """A certificate authority the desk is told to believe."""
    return Authority.create(folder / "authority")


@pytest.fixture
def planet(folder: Path) -> Iterator[Slapd]:
    """The directory that nobody of this team wrote."""
    if not (PLANET / "planetexpress.ldif").is_file():
        pytest.skip("../shared/data/ldap is not there")
    server = Slapd(folder / "planet", "dc=planetexpress,dc=com", PLANET / "planetexpress.ldif",
                   schema_ldif=PLANET / "planetexpress-schema.ldif")
    server.start()
    yield server
    server.remove()


def access(server: Slapd, **changes: object) -> Access:
    """Return how the desk reaches a server."""
    plain = Access(url=server.url, bind_dn=server.service_dn, bind_password=server.service_password,
                   people_base=f"ou=people,{server.base_dn}", groups_base=f"ou=groups,{server.base_dn}", refusal=0)
    return replace(plain, **changes)  # type: ignore[arg-type]  # field by name

