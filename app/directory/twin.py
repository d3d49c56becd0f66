"""The twin: a directory in a table of ours, for the demonstration where no slapd can be had.

It behaves as a real one does towards the desk, except that nobody signs in with it (the demonstration then makes local
accounts), and it changes outside the desk's transactions, as an outside system would.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.database import sessions
from app.directory.errors import DirectoryEntryMissing, DirectoryLoginTaken, DirectoryPartial
from app.directory.interface import DirectoryStatus
from app.models.directory import TwinEntry
from app.rules.directory import DirectoryGroup, DirectoryPerson, DirectorySnapshot, NewPerson
from app.rules.words import t

PERSON, GROUP = "person", "group"


class TwinDirectory:
    """People and groups of the table `twin_entries`."""

    def authenticate(self, login: str, password: str) -> DirectoryPerson | None:
        """Sign nobody in: the twin knows no passwords."""
        return None

    def people(self) -> tuple[DirectoryPerson, ...]:
        """Return everyone."""
        with sessions()() as session:
            return tuple(_person(entry) for entry in _entries(session, PERSON))

    def groups(self) -> tuple[DirectoryGroup, ...]:
        """Return every group."""
        with sessions()() as session:
            return tuple(_group(entry) for entry in _entries(session, GROUP))

    def snapshot(self) -> DirectorySnapshot:
        """Return people and groups as they are at one moment; an empty table is no directory."""
        people, groups = self.people(), self.groups()
        if not people:
            raise DirectoryPartial("the twin is empty")
        return DirectorySnapshot(people, groups)

    def person(self, login: str) -> DirectoryPerson | None:
        """Return one person by user name."""
        return next((person for person in self.people() if person.login == login.casefold()), None)

    def person_of(self, uid: str) -> DirectoryPerson | None:
        """Return one person by the id that never changes."""
        return next((person for person in self.people() if person.uid == uid), None)

    def people_of(self, uids: Sequence[str]) -> dict[str, DirectoryPerson]:
        """Return those of these ids who are there, by id."""
        return {person.uid: person for person in self.people() if person.uid in uids}

    def group(self, dn: str) -> DirectoryGroup | None:
        """Return one group."""
        with sessions()() as session:
            entry = session.get(TwinEntry, dn)
            return _group(entry) if entry is not None and entry.kind == GROUP else None

    def exists(self, dn: str) -> bool:
        """Say whether the entry is there."""
        with sessions()() as session:
            return session.get(TwinEntry, dn) is not None

    def members(self, group_dn: str, *, nested: bool = True) -> tuple[str, ...]:
        """Return the DNs of the people in the group; each group within it is looked into once."""
        groups = {group.dn: group for group in self.groups()}
        if group_dn not in groups:
            raise DirectoryEntryMissing(group_dn)
        if not nested:
            return groups[group_dn].member_dns
        people: dict[str, None] = {}
        level, seen = [group_dn], {group_dn}
        while level:
            members = [dn for group in level for dn in groups[group].member_dns]
            people |= dict.fromkeys(dn for dn in members if dn not in groups)
            level = [dn for dn in dict.fromkeys(members) if dn in groups and dn not in seen]
            seen |= set(level)
        return tuple(people)

    def is_member(self, group_dn: str, person_dn: str) -> bool:
        """Say whether the person is a direct member."""
        found = self.group(group_dn)
        if found is None:
            raise DirectoryEntryMissing(group_dn)
        return person_dn in found.member_dns

    def add_member(self, group_dn: str, person_dn: str) -> bool:
        """Make the person a direct member."""
        if not self.exists(person_dn):
            raise DirectoryEntryMissing(person_dn)
        return self._change(group_dn, person_dn, add=True)

    def remove_member(self, group_dn: str, person_dn: str) -> bool:
        """End the person's direct membership."""
        return self._change(group_dn, person_dn, add=False)

    def create_person(self, new: NewPerson) -> bool:
        """Make an account beside those that are there."""
        if (found := self.person(new.login)) is not None:
            if not new.description or found.description != new.description:
                raise DirectoryLoginTaken(new.login)
            return False
        beside = next((person.dn.partition(",")[2] for person in self.people()), "ou=people")
        person = DirectoryPerson(
            uid=str(uuid.uuid4()), dn=f"uid={new.login},{beside}", login=new.login, name=new.name, title=new.title,
            mails=(new.mail,) if new.mail else (), given_name=new.name.split()[0], family_name=new.family_name,
            department=new.department, manager_dn=new.manager_dn or None, description=new.description,
        )
        try:
            with sessions().begin() as session:
                session.add(entry_of(person))
        except IntegrityError:                          # somebody was a moment earlier: then it is known whose it is
            return self.create_person(new)
        return True

    def set_active(self, person_dn: str, *, active: bool) -> bool:
        """Lock an account for good, or unlock it."""
        return self._write(person_dn, "active", active)

    def attribute(self, person_dn: str, name: str) -> tuple[str, ...]:
        """Return the values of one attribute of a person."""
        with sessions()() as session:
            value = _person_entry(session, person_dn).attributes.get(name)
        return (str(value),) if value else ()

    def set_attribute(self, person_dn: str, name: str, values: Sequence[str]) -> bool:
        """Make these the values of one attribute of a person; the twin keeps the first."""
        return self._write(person_dn, name, next(iter(values), ""))

    def ping(self) -> DirectoryStatus:
        """Count the entries."""
        began, text = time.monotonic(), t("This is the demonstration's own table, not a real directory.")
        try:
            with sessions()() as session:
                works = session.scalar(select(TwinEntry.dn).limit(1)) is not None
        except SQLAlchemyError:
            works = False
        taken = round((time.monotonic() - began) * 1000, 1)
        return DirectoryStatus(kind="twin", works=works, address="twin:", private=True, milliseconds=taken, text=text)

    def _write(self, person_dn: str, name: str, value: object) -> bool:
        with sessions().begin() as session:
            entry = _person_entry(session, person_dn)
            was = entry.attributes.get(name, "")
            entry.attributes = entry.attributes | {name: value}
        return bool(was != value)

    def _change(self, group_dn: str, person_dn: str, *, add: bool) -> bool:
        with sessions().begin() as session:
            entry = session.get(TwinEntry, group_dn, with_for_update=True)
            if entry is None or entry.kind != GROUP:
                raise DirectoryEntryMissing(group_dn)
            members = list(entry.attributes.get("member_dns", []))
            if (person_dn in members) is add:
                return False
            changed = [*members, person_dn] if add else [dn for dn in members if dn != person_dn]
            entry.attributes = entry.attributes | {"member_dns": changed}
        return True


def entry_of(described: DirectoryPerson | DirectoryGroup) -> TwinEntry:
    """Return the row that holds a person or a group."""
    attributes = {name: value for name, value in asdict(described).items() if name != "dn"}
    kind = PERSON if isinstance(described, DirectoryPerson) else GROUP
    return TwinEntry(dn=described.dn, kind=kind, attributes=attributes)


def _entries(session: Session, kind: str) -> list[TwinEntry]:
    return list(session.scalars(select(TwinEntry).where(TwinEntry.kind == kind).order_by(TwinEntry.dn)))


def _person_entry(session: Session, dn: str) -> TwinEntry:
    entry = session.get(TwinEntry, dn, with_for_update=True)
    if entry is None or entry.kind != PERSON:
        raise DirectoryEntryMissing(dn)
    return entry


def _person(entry: TwinEntry) -> DirectoryPerson:
    return DirectoryPerson(dn=entry.dn, **_known(DirectoryPerson, entry.attributes))


def _group(entry: TwinEntry) -> DirectoryGroup:
    return DirectoryGroup(dn=entry.dn, **_known(DirectoryGroup, entry.attributes))


def _known(shape: type[DirectoryPerson] | type[DirectoryGroup], attributes: dict[str, Any]) -> dict[str, Any]:
    """Return what the shape has a field for; JSON's lists are tuples again."""
    names = {field.name for field in fields(shape)} - {"dn"}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in attributes.items() if name in names}
