"""What differs from one directory server to the next."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ldap.filter import filter_format

from app.directory.entries import Entry

DISABLED_FLAG = 0x2                                 # userAccountControl: ACCOUNTDISABLE
LOCKED_FOR_EVER = "000001010000Z"                   # pwdAccountLockedTime: until an administrator unlocks it
NEVER = (0, 0x7FFFFFFFFFFFFFFF)                     # accountExpires


@dataclass(frozen=True)
class Vendor:
    """Names of attributes and filters of one kind of server."""

    name: str
    people: str                                     # filter
    groups: str                                     # filter
    login: str
    uid: str                                        # the id that never changes
    dn: str                                         # the attribute that holds an entry's own DN, for filters
    owner: str
    department: tuple[str, ...]
    attributes: Mapping[str, str]                   # what a step may set, by the name it has in the catalogue
    nested_rule: str = ""                           # matching rule for members of members; elsewhere it finds nothing, silently

    def has_uid(self, uid: str) -> str:
        """Return the filter for the entry with this id; objectGUID is compared by its octets."""
        if self.uid != "objectGUID":
            return str(filter_format(f"({self.uid}=%s)", [uid]))
        return "".join(("(objectGUID=", *(f"\\{octet:02x}" for octet in uuid.UUID(uid).bytes_le), ")"))


OPENLDAP: Final = Vendor(
    name="openldap",
    people="(objectClass=person)",
    groups="(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfMembers)"
           "(objectClass=posixGroup)(objectClass=Group))",
    login="uid",
    uid="entryUUID",
    dn="entryDN",
    owner="owner",
    department=("ou", "departmentNumber"),
    attributes={"title": "title", "department": "ou", "telephone": "telephoneNumber", "mobile": "mobile", "room": "roomNumber"},
)
ACTIVE_DIRECTORY: Final = Vendor(
    name="active-directory",
    people="(&(objectCategory=person)(objectClass=user))",
    groups="(objectClass=group)",
    login="sAMAccountName",
    uid="objectGUID",
    dn="distinguishedName",
    owner="managedBy",
    department=("department",),
    attributes={"title": "title", "department": "department", "telephone": "telephoneNumber", "mobile": "mobile",
                "room": "physicalDeliveryOfficeName"},
    nested_rule="1.2.840.113556.1.4.1941",
)
VENDORS: Final[Mapping[str, Vendor]] = {vendor.name: vendor for vendor in (OPENLDAP, ACTIVE_DIRECTORY)}


def is_active(entry: Entry, now_ticks: int) -> bool:
    """Say whether the account may be used, by whichever mark its server sets; `now_ticks` is as accountExpires counts.

    A lock for a while (too many wrong passwords) is no disabled account: else anybody could end anybody's sessions.
    """
    if entry.first("pwdAccountLockedTime") == LOCKED_FOR_EVER:
        return False
    if entry.first("nsAccountLock").casefold() == "true":
        return False
    if entry.number("userAccountControl") & DISABLED_FLAG:
        return False
    expires = entry.number("accountExpires")
    return expires in NEVER or expires > now_ticks
