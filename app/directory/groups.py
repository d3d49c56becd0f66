"""Members of groups: who is in it through other groups, and changing one membership without harm when done twice."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import ldap
from ldap.filter import filter_format
from ldap.ldapobject import SimpleLDAPObject

from app.directory.entries import Entry, normal
from app.directory.errors import DirectoryPartial, DirectoryRefusedChange

# groupOfNames must have a member: this name, which is no entry and can never be one, keeps an empty group alive.
PLACEHOLDER = "cn=no-member"
DEEPEST = 20
LARGEST = 50_000
CHUNK = 50
ATTRIBUTE = {"groupofnames": "member", "groupofmembers": "member", "group": "member",
             "groupofuniquenames": "uniqueMember", "posixgroup": "memberUid"}
NEEDS_A_MEMBER = frozenset({"groupofnames", "groupofuniquenames"})

Change = tuple[int, str, list[bytes]]


def member_attribute(group: Entry) -> str:
    """Return the attribute in which this group keeps its members."""
    classes = {name.casefold() for name in group.all("objectClass")}
    for known, attribute in ATTRIBUTE.items():
        if known in classes:
            return attribute
    raise DirectoryRefusedChange(f"{group.dn}: {', '.join(sorted(classes))}")


def add(connection: SimpleLDAPObject, group: Entry, value: str) -> bool:
    """Add a member; return False when it was there already."""
    name = member_attribute(group)
    changes: list[Change] = [(ldap.MOD_ADD, name, [value.encode()])]
    if any(normal(each) == normal(PLACEHOLDER) for each in group.all(name)):
        changes.append((ldap.MOD_DELETE, name, [PLACEHOLDER.encode()]))
    try:
        connection.modify_ext_s(group.dn, changes)
    except ldap.TYPE_OR_VALUE_EXISTS:
        return False
    except ldap.NO_SUCH_ATTRIBUTE:                                  # somebody else took the placeholder out just now
        return _attempt(connection, group.dn, changes[:1], unchanged=ldap.TYPE_OR_VALUE_EXISTS)
    return True


def remove(connection: SimpleLDAPObject, group: Entry, value: str) -> bool:
    """Remove a member; return False when it was not there. The last one of a class that needs one leaves a placeholder."""
    name = member_attribute(group)
    changes: list[Change] = [(ldap.MOD_DELETE, name, [value.encode()])]
    try:
        return _attempt(connection, group.dn, changes, unchanged=ldap.NO_SUCH_ATTRIBUTE)
    except ldap.OBJECT_CLASS_VIOLATION:
        if not NEEDS_A_MEMBER & {each.casefold() for each in group.all("objectClass")}:
            raise
        changes.append((ldap.MOD_ADD, name, [PLACEHOLDER.encode()]))
        return _attempt(connection, group.dn, changes, unchanged=ldap.NO_SUCH_ATTRIBUTE)


def _attempt(connection: SimpleLDAPObject, dn: str, changes: list[Change], *, unchanged: type[ldap.LDAPError]) -> bool:
    try:
        connection.modify_ext_s(dn, changes)
    except unchanged:
        return False
    return True


def nested(start: Sequence[str], groups_among: Callable[[Sequence[str]], Iterable[tuple[str, Sequence[str]]]]) -> list[str]:
    """Return the people behind a group's members, each once, group by group outward; a cycle ends by itself.

    `groups_among` says which of these DNs are groups, each with its own members. Past the caps the answer is refused.
    """
    people: dict[str, str] = {}
    seen: set[str] = set()
    level = list(start)
    for _ in range(DEEPEST):
        fresh = {normal(dn): dn for dn in level if normal(dn) not in seen and normal(dn) != normal(PLACEHOLDER)}
        if not fresh:
            return list(people.values())
        seen |= fresh.keys()
        if len(seen) > LARGEST:
            raise DirectoryPartial(f"more than {LARGEST} members")
        found = {normal(dn): members for dn, members in groups_among(list(fresh.values()))}
        people |= {key: dn for key, dn in fresh.items() if key not in found}
        level = [dn for members in found.values() for dn in members]
    raise DirectoryPartial(f"groups within groups, more than {DEEPEST} deep")


def any_of(attribute: str, values: Sequence[str]) -> Iterator[str]:
    """Return filters that find the entries with one of these values, a chunk at a time."""
    for start in range(0, len(values), CHUNK):
        parts = [filter_format(f"({attribute}=%s)", [value]) for value in values[start:start + CHUNK]]
        yield f"(|{''.join(parts)})"
