"""What the desk asks of any directory: a real one, the demonstration's twin, or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.rules.directory import DirectoryGroup, DirectoryPerson, DirectorySnapshot, NewPerson
from app.rules.words import Text


@dataclass(frozen=True)
class DirectoryStatus:
    """How the directory is now; `text` says what is wrong, or what to know."""

    kind: str                               # "ldap", "twin" or "off"
    works: bool
    address: str = ""                       # without credentials
    vendor: str = ""
    private: bool = False                   # is the connection encrypted, or does it stay on this machine?
    milliseconds: float | None = None
    text: Text | None = None


class Directory(Protocol):
    """The company's people and groups. Every method raises a DirectoryError when the directory cannot answer."""

    def authenticate(self, login: str, password: str) -> DirectoryPerson | None:
        """Return the active person whose user name or mail and password these are; all else gives None, alike."""

    def people(self) -> tuple[DirectoryPerson, ...]:
        """Return everyone, complete, or raise DirectoryPartial."""

    def groups(self) -> tuple[DirectoryGroup, ...]:
        """Return every group with owners and direct members, complete, or raise DirectoryPartial."""

    def snapshot(self) -> DirectorySnapshot:
        """Return people and groups whose references fit each other, for the sync."""

    def person(self, login: str) -> DirectoryPerson | None:
        """Return one person by user name."""

    def person_of(self, uid: str) -> DirectoryPerson | None:
        """Return one person by the id that never changes."""

    def people_of(self, uids: Sequence[str]) -> dict[str, DirectoryPerson]:
        """Return those of these ids who are there, by id; complete, or DirectoryPartial."""

    def group(self, dn: str) -> DirectoryGroup | None:
        """Return one group."""

    def exists(self, dn: str) -> bool:
        """Say whether the entry is there; a directory that lost its base is a fault, not an answer."""

    def members(self, group_dn: str, *, nested: bool = True) -> tuple[str, ...]:
        """Return the DNs of the people in the group, through groups within it too, each once."""

    def is_member(self, group_dn: str, person_dn: str) -> bool:
        """Say whether the person is a direct member."""

    def add_member(self, group_dn: str, person_dn: str) -> bool:
        """Make the person a direct member; return whether that changed anything."""

    def remove_member(self, group_dn: str, person_dn: str) -> bool:
        """End the person's direct membership; return whether that changed anything."""

    def create_person(self, new: NewPerson) -> bool:
        """Make an account that nobody has a password for; False when this step made it before, refused when somebody else has it."""

    def set_active(self, person_dn: str, *, active: bool) -> bool:
        """Lock an account for good, or unlock it; return whether that changed anything."""

    def attribute(self, person_dn: str, name: str) -> tuple[str, ...]:
        """Return the values of one of ATTRIBUTES (app/rules/actions.py)."""

    def set_attribute(self, person_dn: str, name: str, values: Sequence[str]) -> bool:
        """Make these the values of one of ATTRIBUTES; return whether that changed anything."""

    def ping(self) -> DirectoryStatus:
        """Ask whether it works. Never raises."""
