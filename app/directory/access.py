"""How to reach one directory, and the order in which the connection is made safe."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from app.directory.errors import DirectoryMisconfigured
from app.rules.words import t

SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Access:
    """Address, own account, and limits; `timeout` is for connecting and for each operation, `deadline` for a sign-in."""

    url: str
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)
    people_base: str = ""
    groups_base: str = ""
    new_people_base: str = ""       # where accounts are made; empty: people_base
    people_filter: str = ""
    vendor: str = "openldap"
    starttls: bool = False
    allow_clear: bool = False
    ca_file: str = ""
    timeout: float = 2.0
    deadline: float = 4.0
    refusal: float = 0.25           # every no takes so many seconds, whether the person exists or not

    @property
    def host(self) -> str:
        """The host's name, as the certificate must have it."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port asked for, or the protocol's own."""
        return urlsplit(self.url).port or (636 if self.is_ldaps else 389)

    @property
    def is_ldaps(self) -> bool:
        """Does the connection start with TLS?"""
        return self.url.lower().startswith("ldaps://")

    @property
    def uses_tls(self) -> bool:
        """Is a certificate checked?"""
        return self.is_ldaps or (self.starttls and not self.is_socket)

    @property
    def is_socket(self) -> bool:
        """Is it a Unix socket?"""
        return self.url.lower().startswith("ldapi://")

    @property
    def is_private(self) -> bool:
        """Can nobody on the network read along?"""
        return self.uses_tls or self.is_socket or _is_loopback(self.host)

    @property
    def authorities(self) -> str:
        """The file of certificate authorities to believe: the operator's, else the system's."""
        return self.ca_file or (str(SYSTEM_AUTHORITIES) if SYSTEM_AUTHORITIES.is_file() else "")

    def check(self) -> None:
        """Raise DirectoryMisconfigured when the settings cannot work, or would send passwords in clear."""
        if self.url.lower().split("://")[0] not in {"ldap", "ldaps", "ldapi"}:
            raise DirectoryMisconfigured(t("DESK_LDAP_URL must begin with ldap://, ldaps:// or ldapi://."))
        if not self.people_base or not self.groups_base:
            raise DirectoryMisconfigured(t("Set DESK_LDAP_PEOPLE_BASE and DESK_LDAP_GROUPS_BASE: where people and groups are."))
        if self.bind_dn and not self.bind_password:
            raise DirectoryMisconfigured(t("DESK_LDAP_BIND_DN has no password: set DESK_LDAP_BIND_PASSWORD_FILE."))
        if self.ca_file and not Path(self.ca_file).is_file():
            raise DirectoryMisconfigured(t("There is no file %(file)s: see DESK_LDAP_CA_FILE.", file=self.ca_file))
        if not self.is_private and not self.allow_clear:
            raise DirectoryMisconfigured(
                t("Passwords would cross the network in clear: use ldaps://, or set DESK_LDAP_STARTTLS=true.")
            )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
