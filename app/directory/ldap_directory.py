"""A real directory over LDAP: OpenLDAP, 389, Active Directory."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import ldap
from ldap.filter import filter_format

from app.directory import groups, people, signin
from app.directory.access import Access
from app.directory.breaker import Breaker
from app.directory.connections import DeskConnection, ServiceConnections
from app.directory.entries import Entry
from app.directory.errors import DirectoryEntryMissing, DirectoryLoginTaken, DirectoryPartial
from app.directory.faults import guarded
from app.directory.interface import DirectoryStatus
from app.directory.reading import LOCK_MARKS, group, group_attributes, pages, person, person_attributes, whole
from app.directory.references import fitted
from app.directory.vendors import VENDORS
from app.rules.directory import DirectoryGroup, DirectoryPerson, DirectorySnapshot, NewPerson
from app.rules.errors import DeskError


class LdapDirectory:
    """The company's directory; safe to share between threads, and to keep across a fork."""

    def __init__(self, access: Access, breaker: Breaker | None = None) -> None:
        """Check the settings; nothing is opened yet."""
        access.check()
        self.access = access
        self.vendor = VENDORS[access.vendor]
        self.breaker = breaker or Breaker()
        self._people_filter = access.people_filter or self.vendor.people
        self._service = ServiceConnections(access)

    def authenticate(self, login: str, password: str) -> DirectoryPerson | None:
        """Return the active person with this user name or mail and this password."""
        with guarded(self.breaker, self.access):
            return signin.authenticate(self.access, self.vendor, self._people_filter, login, password)

    def people(self) -> tuple[DirectoryPerson, ...]:
        """Return everyone who has a user name."""
        entries = self._all(self.access.people_base, self._people_filter, person_attributes(self.vendor))
        return tuple(each for entry in entries if (each := person(entry, self.vendor)) is not None)

    def groups(self) -> tuple[DirectoryGroup, ...]:
        """Return every group, with all of its direct members."""
        entries = self._all(self.access.groups_base, self.vendor.groups, group_attributes(self.vendor))
        with self._connection() as connection:
            return tuple(group(whole(connection, entry), self.vendor, groups.PLACEHOLDER) for entry in entries)

    def snapshot(self) -> DirectorySnapshot:
        """Return people and groups, their references spelled as the entries spell themselves."""
        return fitted(self.people(), self.groups())

    def person(self, login: str) -> DirectoryPerson | None:
        """Return one person by user name."""
        return self._one_person(filter_format(f"({self.vendor.login}=%s)", [login]))

    def person_of(self, uid: str) -> DirectoryPerson | None:
        """Return one person by the id that never changes."""
        return self._one_person(self.vendor.has_uid(uid))

    def people_of(self, uids: Sequence[str]) -> dict[str, DirectoryPerson]:
        """Return those of these ids who are there, a chunk at a time."""
        found: dict[str, DirectoryPerson] = {}
        for start in range(0, len(uids), groups.CHUNK):
            chunk = "".join(map(self.vendor.has_uid, uids[start:start + groups.CHUNK]))
            entries = self._all(self.access.people_base, f"(&{self._people_filter}(|{chunk}))", person_attributes(self.vendor))
            found |= {each.uid: each for entry in entries if (each := person(entry, self.vendor)) is not None}
        return found

    def group(self, dn: str) -> DirectoryGroup | None:
        """Return one group."""
        with self._connection() as connection:
            entry = self._entry(connection, dn, group_attributes(self.vendor))
            return group(whole(connection, entry), self.vendor, groups.PLACEHOLDER) if entry else None

    def exists(self, dn: str) -> bool:
        """Say whether the entry is there."""
        with self._connection() as connection:
            return self._entry(connection, dn, ["1.1"]) is not None

    def members(self, group_dn: str, *, nested: bool = True) -> tuple[str, ...]:
        """Return the DNs of the people in a group, through groups within it too."""
        if nested and self.vendor.nested_rule:
            rule = filter_format(f"(memberOf:{self.vendor.nested_rule}:=%s)", [group_dn])
            found = self._all(self.access.people_base, f"(&{self._people_filter}{rule})", ["1.1"])
            return tuple(entry.dn for entry in found)
        with self._connection() as connection:
            start = self._members_of(connection, self._group_entry(connection, group_dn))
            if not nested:
                return tuple(start)
            return tuple(groups.nested(start, lambda dns: self._groups_among(connection, dns)))

    def is_member(self, group_dn: str, person_dn: str) -> bool:
        """Say whether the person is a direct member; the server compares, so spelling does not matter."""
        with self._connection() as connection:
            entry = self._required(connection, group_dn, ["objectClass"])
            name = groups.member_attribute(entry)
            try:
                return bool(connection.compare_ext_s(entry.dn, name, self._value(connection, name, person_dn).encode()))
            except ldap.NO_SUCH_ATTRIBUTE:
                return False

    def add_member(self, group_dn: str, person_dn: str) -> bool:
        """Make the person a direct member; a person who is not in the directory is refused."""
        with self._connection() as connection:
            entry = self._group_entry(connection, group_dn)
            self._required(connection, person_dn, ["1.1"])
            return groups.add(connection, entry, self._value(connection, groups.member_attribute(entry), person_dn))

    def remove_member(self, group_dn: str, person_dn: str) -> bool:
        """End the person's direct membership; also of somebody who has left the directory."""
        with self._connection() as connection:
            entry = self._group_entry(connection, group_dn)
            name = groups.member_attribute(entry)
            return groups.remove(connection, entry, self._value(connection, name, person_dn))

    def create_person(self, new: NewPerson) -> bool:
        """Make an account that nobody has a password for."""
        with self._connection() as connection:
            if people.create(connection, self.access, self.vendor, new):
                return True
        found = self.person(new.login)
        if found is None or not new.description or found.description != new.description:
            raise DirectoryLoginTaken(new.login)
        return False

    def set_active(self, person_dn: str, *, active: bool) -> bool:
        """Lock an account for good, or unlock it."""
        with self._connection() as connection:
            return people.set_active(connection, self._required(connection, person_dn, LOCK_MARKS), self.vendor, active=active)

    def attribute(self, person_dn: str, name: str) -> tuple[str, ...]:
        """Return the values of one attribute of a person."""
        known = self.vendor.attributes[name]
        with self._connection() as connection:
            return self._required(connection, person_dn, [known]).all(known)

    def set_attribute(self, person_dn: str, name: str, values: Sequence[str]) -> bool:
        """Make these the values of one attribute of a person."""
        known = self.vendor.attributes[name]
        with self._connection() as connection:
            return people.replace(connection, self._required(connection, person_dn, [known]), known, values)

    def ping(self) -> DirectoryStatus:
        """Ask the directory for its own base, and say how long that took."""
        began, text = time.monotonic(), None
        try:
            self.exists(self.access.people_base)
        except DeskError as error:
            text = error.text
        parts = urlsplit(self.access.url)
        return DirectoryStatus(
            kind="ldap", works=text is None, address=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            vendor=self.vendor.name, private=self.access.is_private,
            milliseconds=round((time.monotonic() - began) * 1000, 1), text=text,
        )

    @contextmanager
    def _connection(self) -> Iterator[DeskConnection]:
        """Give this thread's connection; after a fault it is dropped, because its state is not known."""
        with guarded(self.breaker, self.access):
            try:
                yield self._service.connection()
            except ldap.LDAPError:
                self._service.drop()
                raise

    def _all(self, base: str, found_by: str, attributes: Sequence[str]) -> list[Entry]:
        with self._connection():
            return pages(self._service.probed(), base, found_by, attributes, timeout=self.access.timeout)

    def _one_person(self, condition: str) -> DirectoryPerson | None:
        with self._connection() as connection:
            rows = connection.search_ext_s(self.access.people_base, ldap.SCOPE_SUBTREE,
                                           f"(&{self._people_filter}{condition})", person_attributes(self.vendor))
        found = [each for dn, values in rows if dn is not None and (each := person(Entry(dn, values), self.vendor))]
        if len(found) > 1:
            raise DirectoryPartial(f"{len(found)} entries: {condition}")
        return found[0] if found else None

    def _entry(self, connection: DeskConnection, dn: str, attributes: Sequence[str]) -> Entry | None:
        """Return one entry, or None when it is gone; that its base is gone too is a fault of the directory."""
        if "\0" in dn:
            return None                             # no DN at all; libldap would not take it
        try:
            rows = connection.search_ext_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", list(attributes))
        except (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX):
            for base in (self.access.people_base, self.access.groups_base):
                connection.search_ext_s(base, ldap.SCOPE_BASE, "(objectClass=*)", ["1.1"])
            return None
        return next((Entry(row_dn, values) for row_dn, values in rows if row_dn is not None), None)

    def _required(self, connection: DeskConnection, dn: str, attributes: Sequence[str]) -> Entry:
        entry = self._entry(connection, dn, attributes)
        if entry is None:
            raise DirectoryEntryMissing(dn)
        return entry

    def _group_entry(self, connection: DeskConnection, dn: str) -> Entry:
        return self._required(connection, dn, group_attributes(self.vendor))

    def _value(self, connection: DeskConnection, attribute: str, person_dn: str) -> str:
        """Return what stands for a person in this attribute: memberUid holds user names, the others DNs."""
        if attribute != "memberUid":
            return person_dn
        return self._required(connection, person_dn, [self.vendor.login]).first(self.vendor.login)

    def _members_of(self, connection: DeskConnection, entry: Entry) -> list[str]:
        found = group(whole(connection, entry), self.vendor, groups.PLACEHOLDER)
        return [*found.member_dns, *self._dns_of(connection, found.member_logins)]

    def _dns_of(self, connection: DeskConnection, logins: Sequence[str]) -> Iterator[str]:
        for chunk in groups.any_of(self.vendor.login, logins):
            found = pages(connection, self.access.people_base, f"(&{self._people_filter}{chunk})", ["1.1"],
                          timeout=self.access.timeout)
            yield from (entry.dn for entry in found)

    def _groups_among(self, connection: DeskConnection, dns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        for chunk in groups.any_of(self.vendor.dn, dns):
            found = pages(connection, self.access.groups_base, f"(&{self.vendor.groups}{chunk})",
                          group_attributes(self.vendor), timeout=self.access.timeout)
            yield from [(entry.dn, self._members_of(connection, entry)) for entry in found]
