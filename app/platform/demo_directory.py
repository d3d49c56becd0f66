"""The demonstration's directory: a private slapd with the company's tree, or the twin where no slapd can be had."""

from dataclasses import dataclass
from pathlib import Path

from app.platform.company import MAIL_DOMAIN
from app.platform.slapd import Slapd
from app.platform.slapd_setup import program


def slapd(folder: Path) -> Slapd | None:
    """Return the company's slapd, not yet started, or None where the program is missing."""
    from app.platform.demo import CompanySlapd  # the demonstration's data is large; `desk up` needs none of it

    return CompanySlapd(folder) if program() is not None else None


def settings(server: Slapd | None) -> dict[str, str]:
    """Return the LDAP_* settings (without DESK_) that point to it."""
    if server is None:
        return {"LDAP_URL": "twin:", "LDAP_MAIL_DOMAIN": MAIL_DOMAIN}
    return {
        "LDAP_MAIL_DOMAIN": MAIL_DOMAIN,
        "LDAP_URL": server.url,
        "LDAP_BIND_DN": server.service_dn,
        "LDAP_BIND_PASSWORD": server.service_password,
        "LDAP_PEOPLE_BASE": f"ou=people,{server.base_dn}",
        "LDAP_GROUPS_BASE": f"ou=groups,{server.base_dn}",
    }


@dataclass(frozen=True)
class Player:
    """One person of the demonstration whom a visitor may be, with the password made on the first start."""

    login: str
    password: str
    name: str
    plays: str
