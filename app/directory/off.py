"""No directory: it says so, and why."""

from collections.abc import Sequence
from typing import NoReturn

from app.directory.errors import DirectoryOff
from app.directory.interface import DirectoryStatus
from app.rules.directory import DirectoryGroup, DirectoryPerson, DirectorySnapshot, NewPerson
from app.rules.words import Text


class OffDirectory:
    """Stands where a directory would; signs nobody in, and refuses everything else with the reason."""

    def __init__(self, reason: Text) -> None:
        """Keep the reason it is off."""
        self.reason = reason

    def _off(self) -> NoReturn:
        raise DirectoryOff(self.reason)

    def authenticate(self, login: str, password: str) -> DirectoryPerson | None:
        """Nobody signs in here; local accounts do."""
        return None

    def people(self) -> tuple[DirectoryPerson, ...]:
        """Refuse: no answer is not an empty answer."""
        self._off()

    def groups(self) -> tuple[DirectoryGroup, ...]:
        """Refuse."""
        self._off()

    def snapshot(self) -> DirectorySnapshot:
        """Refuse."""
        self._off()

    def person(self, login: str) -> DirectoryPerson | None:
        """Refuse."""
        self._off()

    def person_of(self, uid: str) -> DirectoryPerson | None:
        """Refuse."""
        self._off()

    def people_of(self, uids: Sequence[str]) -> dict[str, DirectoryPerson]:
        """Refuse."""
        self._off()

    def group(self, dn: str) -> DirectoryGroup | None:
        """Refuse."""
        self._off()

    def exists(self, dn: str) -> bool:
        """Refuse."""
        self._off()

    def members(self, group_dn: str, *, nested: bool = True) -> tuple[str, ...]:
        """Refuse."""
        self._off()

    def is_member(self, group_dn: str, person_dn: str) -> bool:
        """Refuse."""
        self._off()

    def add_member(self, group_dn: str, person_dn: str) -> bool:
        """Refuse."""
        self._off()

    def remove_member(self, group_dn: str, person_dn: str) -> bool:
        """Refuse."""
        self._off()

    def create_person(self, new: NewPerson) -> bool:
        """Refuse."""
        self._off()

    def set_active(self, person_dn: str, *, active: bool) -> bool:
        """Refuse."""
        self._off()

    def attribute(self, person_dn: str, name: str) -> tuple[str, ...]:
        """Refuse."""
        self._off()

    def set_attribute(self, person_dn: str, name: str, values: Sequence[str]) -> bool:
        """Refuse."""
        self._off()

    def ping(self) -> DirectoryStatus:
        """Say that it is off."""
        return DirectoryStatus(kind="off", works=False, text=self.reason)
