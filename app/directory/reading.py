"""Reads lists in pages, complete or not at all, and turns entries into people and groups."""

import time
from collections.abc import Iterator, Sequence

import ldap
from ldap.controls import SimplePagedResultsControl
from ldap.ldapobject import SimpleLDAPObject

from app.directory.entries import Entry
from app.directory.errors import DirectoryPartial
from app.directory.vendors import Vendor, is_active
from app.rules.directory import DirectoryGroup, DirectoryPerson

PAGE = 200
PAGE_PATIENCE = 5                       # a page of a list may take so many times the limit of a single question
MEMBERS = ("member", "uniqueMember")
WINDOWS_EPOCH = 11_644_473_600          # seconds from 1601 to 1970
LOCK_MARKS = ("pwdAccountLockedTime", "nsAccountLock", "userAccountControl", "accountExpires")


def pages(connection: SimpleLDAPObject, base: str, found_by: str, attributes: Sequence[str], *,
          timeout: float) -> list[Entry]:
    """Return every entry under `base` that the filter finds; anything less raises.

    Rows without a DN are pointers to other servers, which hold nothing of ours.
    """
    control = SimplePagedResultsControl(True, size=PAGE, cookie="")
    entries: list[Entry] = []
    while True:
        message = connection.search_ext(base, ldap.SCOPE_SUBTREE, found_by, list(attributes), serverctrls=[control])
        _, rows, _, answers = connection.result3(message, timeout=timeout * PAGE_PATIENCE)
        entries += [Entry(dn, values) for dn, values in rows if dn is not None]
        answer = next((each for each in answers if each.controlType == SimplePagedResultsControl.controlType), None)
        if answer is None:
            raise DirectoryPartial("the server does not page its answers")
        if not answer.cookie:
            return entries
        control.cookie = answer.cookie


def person_attributes(vendor: Vendor) -> list[str]:
    """Return the attributes that describe a person; never photos, which are large, nor passwords."""
    return [vendor.uid, vendor.login, "cn", "displayName", "givenName", "sn", "mail", "title", "employeeType",
            "manager", "preferredLanguage", "description", *vendor.department, *LOCK_MARKS]


def person(entry: Entry, vendor: Vendor) -> DirectoryPerson | None:
    """Return the person an entry describes, or None for one that nobody can sign in with."""
    uid, login = entry.stable_id(vendor.uid), entry.first(vendor.login)
    if not uid or not login:
        return None
    return DirectoryPerson(
        uid=uid, dn=entry.dn, login=login.casefold(), name=entry.first("displayName", "cn") or login,
        mails=tuple(mail.casefold() for mail in entry.all("mail")), given_name=entry.first("givenName"),
        family_name=entry.first("sn"), title=entry.first("title", "employeeType"),
        department=entry.first(*vendor.department), manager_dn=entry.first("manager") or None,
        locale=entry.first("preferredLanguage") or None, description=entry.first("description"),
        active=is_active(entry, int((time.time() + WINDOWS_EPOCH) * 10_000_000)),
    )


def group_attributes(vendor: Vendor) -> list[str]:
    """Return the attributes that describe a group."""
    return [vendor.uid, "objectClass", "cn", "description", vendor.owner, *MEMBERS, "memberUid"]


def group(entry: Entry, vendor: Vendor, placeholder: str) -> DirectoryGroup:
    """Return the group an entry describes; the placeholder of an empty group is no member."""
    members = [dn for name in MEMBERS for dn in entry.all(name) if dn.casefold() != placeholder.casefold()]
    return DirectoryGroup(
        uid=entry.stable_id(vendor.uid), dn=entry.dn, name=entry.first("cn") or entry.dn,
        description=entry.first("description"), owner_dns=entry.all(vendor.owner), member_dns=tuple(members),
        member_logins=entry.all("memberUid"),
    )


def whole(connection: SimpleLDAPObject, entry: Entry) -> Entry:
    """Return the entry with all of its members: Active Directory gives 1,500 at a time, and says so in the name."""
    ranged = next((name for name in MEMBERS if entry.range_of(name)), None)
    if ranged is None:
        return entry
    return entry.with_values(ranged, list(_ranges(connection, entry.dn, ranged)))


def _ranges(connection: SimpleLDAPObject, dn: str, name: str) -> Iterator[bytes]:
    start = 0
    while True:
        asked = f"{name};range={start}-*"
        rows = connection.search_ext_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", [asked])
        found = [(key, values) for row_dn, row in rows if row_dn is not None for key, values in row.items()]
        part = next(((key, values) for key, values in found if key.casefold().startswith(f"{name};range=".casefold())), None)
        if part is None:
            raise DirectoryPartial(f"{dn}: {asked}")
        yield from part[1]
        if part[0].endswith("-*"):
            return
        start += len(part[1])
