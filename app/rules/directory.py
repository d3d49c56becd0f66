"""What the desk knows of the company's directory, and when a reading of it may not be believed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LOGIN: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
SMALL = 3               # so many people may go in one run in the smallest company
SHARE = 20              # and one in twenty (5 %) in a large one


@dataclass(frozen=True)
class DirectoryPerson:
    """A person as the directory describes them; `uid` never changes, `dn` and `login` do when they marry."""

    uid: str
    dn: str
    login: str
    name: str
    mails: tuple[str, ...] = ()
    given_name: str = ""
    family_name: str = ""
    title: str = ""
    department: str = ""
    manager_dn: str | None = None
    locale: str | None = None
    active: bool = True
    description: str = ""

    @property
    def mail(self) -> str | None:
        """The first address: the one the desk writes to."""
        return self.mails[0] if self.mails else None


@dataclass(frozen=True)
class NewPerson:
    """Whom the desk brings into the directory; `description` says by which step, and so that it was the desk."""

    login: str
    name: str
    mail: str = ""
    title: str = ""
    department: str = ""
    manager_dn: str = ""
    description: str = ""

    @property
    def family_name(self) -> str:
        """The last name, which a directory must have: all but the first, or the only one there is."""
        return self.name.partition(" ")[2] or self.name


@dataclass(frozen=True)
class DirectoryGroup:
    """A group with its owners and direct members (people and groups); `member_logins` only where it knows no DNs."""

    uid: str
    dn: str
    name: str
    description: str = ""
    owner_dns: tuple[str, ...] = ()
    member_dns: tuple[str, ...] = ()
    member_logins: tuple[str, ...] = ()


@dataclass(frozen=True)
class DirectorySnapshot:
    """All people and groups, read completely; each DN inside is spelled as the entry itself spells it."""

    people: tuple[DirectoryPerson, ...]
    groups: tuple[DirectoryGroup, ...]


def is_login(text: str) -> bool:
    """Say whether a user name may be given to somebody new: nothing in it that a tree or a filter takes for its own."""
    return LOGIN.fullmatch(text) is not None


def disables_too_many(disabled: int, known: int) -> bool:
    """Say whether one run would disable more than max(5 %, 3) of the people known: a fault, until somebody says not."""
    return disabled > max(known // SHARE, SMALL)


def people_in(group: DirectoryGroup, groups: Sequence[DirectoryGroup]) -> set[str]:
    """Return the DNs in a group that are no groups themselves, also through groups within it; a ring ends by itself."""
    members = {each.dn: each.member_dns for each in groups}
    people: set[str] = set()
    seen: set[str] = set()
    level = {group.dn}
    while level:
        seen |= level
        found = {dn for each in level for dn in members[each]}
        people |= found - members.keys()
        level = (found & members.keys()) - seen
    return people
