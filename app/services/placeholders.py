"""Whoever and whatever another desk's records name: found here, or brought in so that the records can point to it.

A person made so lets nobody in (inactive, without a password and an address) until an administrator says otherwise.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import func, or_, select

from app.models.assets import ConfigurationItem
from app.models.changes import Change
from app.models.imports import Imported
from app.models.people import Person, Team
from app.models.problems import Problem
from app.models.records import Record
from app.rules.lifecycle import NUMBER_PREFIX, RecordKind
from app.services import records
from app.unit_of_work import UnitOfWork

PERSON, TEAM, CI = "person", "team", "ci"
_NUMBERED: Final = re.compile(r"([A-Z]{3})(\d{7,15})")


def known(uow: UnitOfWork, source: str, kind: str) -> dict[str, int]:
    """Return the rows of this kind that came from this source, by the key they have there."""
    query = select(Imported.key, Imported.target_id).where(Imported.source == source, Imported.kind == kind)
    return {row.key: row.target_id for row in uow.session.execute(query)}


def remember(uow: UnitOfWork, source: str, kind: str, key: str, target_id: int) -> None:
    """Keep under which key something is known elsewhere."""
    uow.session.add(Imported(source=source, kind=kind, key=key, target_id=target_id))


def people(uow: UnitOfWork, source: str, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of these people by name; who has that user name or address already is that person."""
    wanted = list(names)
    plain = [name.lower() for name in wanted]
    here = select(Person.id, Person.login, Person.email).where(or_(Person.login.in_(plain), Person.email.in_(plain)))
    found = {word: id_ for id_, *words in uow.session.execute(here) for word in words if word}
    fresh = {name: key_of(name) for name in wanted if name.lower() not in found}
    taken = set(uow.session.scalars(select(Person.login).where(or_(*(Person.login.startswith(login) for login in fresh.values())))))
    made = {}
    for name, login in fresh.items():
        login = _free(login, taken)
        made[name] = Person(
            login=login, name=" ".join(name.split()), given_name=name.split()[0], active=False, created_at=uow.now, fs_uniquifier=uuid4().hex
        )
        uow.session.add(made[name])
    uow.session.flush()
    for person in made.values():
        uow.record_event(f"people:{person.id}", "person.create", after={"source": "import", "active": False})
    ids = {name: made[name].id if name in made else found[name.lower()] for name in wanted}
    for name, id_ in ids.items():
        remember(uow, source, PERSON, name, id_)
    return ids


def teams(uow: UnitOfWork, source: str, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of these teams by name; a team with that key or name is that team."""
    ids = {}
    for name in names:
        here = select(Team).where(or_(Team.key == name.lower(), func.lower(Team.name) == name.lower())).order_by(Team.id).limit(1)
        team = uow.session.scalars(here).one_or_none()
        if team is None:
            taken = set(uow.session.scalars(select(Team.key)))
            team = Team(key=_free(key_of(name)[:40], taken), name=name, name_pt=name)
            uow.session.add(team)
            uow.session.flush()
            uow.record_event(f"teams:{team.key}", "team.create", after={"team": team.id, "source": "import"})
        remember(uow, source, TEAM, name, team.id)
        ids[name] = team.id
    return ids


def cis(uow: UnitOfWork, source: str, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of these configuration items by name; one with that key or name is that one."""
    ids = {}
    for name in names:
        match = or_(ConfigurationItem.key == key_of(name), func.lower(ConfigurationItem.name) == name.lower())
        item = uow.session.scalars(select(ConfigurationItem).where(match).order_by(ConfigurationItem.id).limit(1)).one_or_none()
        if item is None:
            item = ConfigurationItem(key=key_of(name), name=name, kind="other")
            uow.session.add(item)
            uow.session.flush()
            uow.record_event(f"cis:{item.key}", "ci.create", after={"ci": item.id, "class": item.kind, "source": "import"})
        remember(uow, source, CI, name, item.id)
        ids[name] = item.id
    return ids


def bare(uow: UnitOfWork, source: str, kind: RecordKind, keys: Mapping[str, datetime]) -> dict[str, tuple[int, str]]:
    """Return (id, number) of these problems or changes by key, made bare and closed: only that they were is known.

    `keys` says when each was first named.
    """
    model = Problem if kind is RecordKind.PROBLEM else Change
    made, numbers = {}, numbers_for(uow, kind, list(keys))
    for key, moment in keys.items():
        record = model(kind=kind, number=numbers[key], state="closed", title=key, opened_at=moment, closed_at=None)
        records.add(uow, record, after={"bare": True})
        made[key] = record
    uow.session.flush()
    for key, record in made.items():
        remember(uow, source, kind.value, key, record.id)
    return {key: (record.id, record.number) for key, record in made.items()}


def numbers_for(uow: UnitOfWork, kind: RecordKind, keys: Sequence[str]) -> dict[str, str]:
    """Return a number for each key: itself where it is a number of ours that is free, else a fresh one."""
    if not keys:
        return {}
    taken = set(uow.session.scalars(select(Record.number).where(Record.number.in_(keys))))
    own = [key for key in keys if (found := _NUMBERED.fullmatch(key)) and found[1] == NUMBER_PREFIX[kind] and key not in taken]
    rest = [key for key in keys if key not in set(own)]
    return dict(zip(own, own, strict=True)) | dict(zip(rest, records.numbers(uow, *(kind for _ in rest)) if rest else (), strict=True))


def numbered(uow: UnitOfWork, source: str, kind: RecordKind) -> dict[str, tuple[int, str]]:
    """Return (id, number) of the records of this kind that came from this source, by their key."""
    query = select(Imported.key, Record.id, Record.number).join(Record, Record.id == Imported.target_id)
    rows = uow.session.execute(query.where(Imported.source == source, Imported.kind == kind.value))
    return {key: (id_, number) for key, id_, number in rows}


def reserve(uow: UnitOfWork, kind: RecordKind, keys: Iterable[str]) -> None:
    """Draw numbers from above the largest of these, so that no record of our own ever meets one of theirs."""
    prefix = NUMBER_PREFIX[kind]
    largest = max((int(found[2]) for key in keys if (found := _NUMBERED.fullmatch(key)) and found[1] == prefix), default=0)
    if largest and (uow.session.scalar(select(func.nextval(f"number_{kind.value}"))) or 0) <= largest:
        uow.session.scalar(select(func.setval(f"number_{kind.value}", largest)))


def key_of(name: str) -> str:
    """Return a name as a key: small letters without accents, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "unnamed"


def _free(login: str, taken: set[str]) -> str:
    free, count = login, 1
    while free in taken:
        count += 1
        free = f"{login}-{count}"
    taken.add(free)
    return free
