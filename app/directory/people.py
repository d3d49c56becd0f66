"""Accounts in the directory: made without a password anybody knows, locked, and described."""

import secrets
from collections.abc import Sequence

import ldap
import ldap.dn
from ldap.ldapobject import SimpleLDAPObject

from app.directory.access import Access
from app.directory.entries import Entry
from app.directory.errors import DirectoryMisconfigured
from app.directory.vendors import ACTIVE_DIRECTORY, DISABLED_FLAG, LOCKED_FOR_EVER, Vendor
from app.rules.directory import NewPerson
from app.rules.words import t

NORMAL_ACCOUNT = 0x200                              # userAccountControl of somebody who may sign in


def create(connection: SimpleLDAPObject, access: Access, vendor: Vendor, new: NewPerson) -> bool:
    """Add the entry; False when its place in the tree is taken, by whomever."""
    name = "cn" if vendor is ACTIVE_DIRECTORY else "uid"
    dn = f"{name}={ldap.dn.escape_dn_chars(new.login)},{access.new_people_base or access.people_base}"
    values = _described(new) | (_of_active_directory(access, new) if vendor is ACTIVE_DIRECTORY else _of_openldap(new))
    try:
        connection.add_ext_s(dn, [(key, each) for key, each in values.items() if each])
    except ldap.ALREADY_EXISTS:
        return False
    return True


def set_active(connection: SimpleLDAPObject, entry: Entry, vendor: Vendor, *, active: bool) -> bool:
    """Lock or unlock an account by its server's own mark; somebody else's change in between is refused by the server."""
    if vendor is ACTIVE_DIRECTORY:
        was = entry.number("userAccountControl")
        new = was & ~DISABLED_FLAG if active else was | DISABLED_FLAG
        if was == new:
            return False
        connection.modify_ext_s(entry.dn, [(ldap.MOD_DELETE, "userAccountControl", [str(was).encode()]),
                                           (ldap.MOD_ADD, "userAccountControl", [str(new).encode()])])
        return True
    return replace(connection, entry, "pwdAccountLockedTime", [] if active else [LOCKED_FOR_EVER])


def replace(connection: SimpleLDAPObject, entry: Entry, name: str, values: Sequence[str]) -> bool:
    """Make these the values of an attribute; return whether that changed anything."""
    if sorted(entry.all(name)) == sorted(values):
        return False
    connection.modify_ext_s(entry.dn, [(ldap.MOD_REPLACE, name, [value.encode() for value in values] or None)])
    return True


def _described(new: NewPerson) -> dict[str, list[bytes]]:
    given, _, family = new.name.partition(" ")
    texts = {
        "displayName": new.name, "givenName": given if family else "", "sn": new.family_name, "mail": new.mail,
        "title": new.title, "manager": new.manager_dn, "description": new.description,
    }
    return {name: [text.encode()] for name, text in texts.items() if text}


def _of_openldap(new: NewPerson) -> dict[str, list[bytes]]:
    """No password at all: nobody can bind until one is set."""
    return {
        "objectClass": [b"inetOrgPerson"], "uid": [new.login.encode()], "cn": [new.name.encode()],
        "ou": [new.department.encode()] if new.department else [],
    }


def _of_active_directory(access: Access, new: NewPerson) -> dict[str, list[bytes]]:
    """It wants a password of every account that is not disabled: a random one, which is kept nowhere and must be changed."""
    if not access.is_private:
        raise DirectoryMisconfigured(t("Active Directory makes accounts over an encrypted connection only: use ldaps://."))
    parts = ldap.dn.str2dn(access.people_base)
    domain = ".".join(value for part in parts for name, value, _ in part if name.casefold() == "dc")
    password = f'"{secrets.token_urlsafe(48)}aA1-"'
    return {
        "objectClass": [b"top", b"person", b"organizationalPerson", b"user"], "cn": [new.login.encode()],
        "sAMAccountName": [new.login.encode()], "userPrincipalName": [f"{new.login}@{domain}".encode()],
        "department": [new.department.encode()] if new.department else [],
        "unicodePwd": [password.encode("utf-16-le")], "pwdLastSet": [b"0"],
        "userAccountControl": [str(NORMAL_ACCOUNT).encode()],
    }
