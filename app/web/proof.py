"""Is this person who they say? Local accounts by their own password, everybody else by the company's directory.

Whatever is wrong (unknown, disabled, wrong password) costs the same work and gets the same answer: None.
"""

import time
from dataclasses import dataclass
from typing import Final

import structlog

from app.directory import directory
from app.models.people import Person
from app.rules.directory import DirectoryPerson
from app.rules.errors import TooManyTries
from app.services import accounts, passwords, people, sessions, throttle
from app.services.throttle import Limit
from app.settings import settings
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

log = structlog.get_logger(__name__)
LONGEST_NAME: Final = 254
LONGEST_PASSWORD: Final = 1024
# The directory takes this long for every no (app/directory/access.py), so a local account takes as much beside it.
REFUSAL_SECONDS: Final = 0.25


@dataclass(frozen=True)
class Caller:
    """Where a request comes from."""

    address: str
    agent: str


def sign_in(typed: str, password: str, caller: Caller) -> str | None:
    """Return the token of a new session, or None; raises TooManyTries, or Unavailable when the directory is away."""
    acceptable = is_acceptable(typed, password)
    who = typed.strip().lower() if acceptable else ""
    person = _admit(who, caller)
    if not acceptable:
        _refuse(None, "unacceptable")
        return None
    if person is not None and person.source == people.LOCAL:
        proven, why = _local(person, password)
    else:
        proven, why = _of_directory(who, password)
    if proven is None:
        _refuse(person, why)
        return None
    with unit_of_work(proven.id) as uow:
        throttle.forgive(uow, throttle.SIGN_IN, _key(person, who))
        throttle.give_back(uow, throttle.ADDRESS, throttle.network_of(caller.address))
        return sessions.begin(uow, proven.source, address=caller.address, agent=caller.agent)


def is_still(person: Person, password: str) -> bool:
    """Say whether the person who is signed in knows the password: asked again before anything dangerous."""
    key = f"again:{person.id}"
    with unit_of_work(SYSTEM) as uow:
        tried = throttle.attempt(uow, throttle.SIGN_IN, key)
    if tried.is_refused:
        raise TooManyTries(tried.seconds_left)
    if not is_acceptable(person.login, password):
        return False
    if person.source == people.LOCAL:
        right = passwords.is_right(password, person.password)
    else:
        found = directory().authenticate(person.login, password)
        right = found is not None and found.uid == person.directory_uid
    with unit_of_work(SYSTEM) as uow:
        if right:
            throttle.forgive(uow, throttle.SIGN_IN, key)
        else:
            sessions.refuse(uow, person.id, "again")
    return right


def is_acceptable(typed: str, password: str) -> bool:
    """Say whether these may be looked at: an empty password would be an anonymous bind, NUL ends a C string."""
    name_fits = bool(typed.strip()) and len(typed) <= LONGEST_NAME and typed.strip().isprintable()
    return name_fits and bool(password.strip()) and len(password) <= LONGEST_PASSWORD and "\0" not in password


def count(uow: UnitOfWork, limit: Limit, who: str, person_id: int | None = None) -> throttle.Try:
    """Count a try; the first one too many is written down."""
    tried = throttle.attempt(uow, limit, who)
    if tried.locks:
        sessions.lock(uow, person_id, limit.name)
    return tried


def _admit(who: str, caller: Caller) -> Person | None:
    """Count the try by address and by account, before it is made; return whose account it would be."""
    with unit_of_work(SYSTEM) as uow:
        person = accounts.named(uow, who) if who else None
        tried = count(uow, throttle.ADDRESS, throttle.network_of(caller.address))
        if not tried.is_refused:
            tried = count(uow, throttle.SIGN_IN, _key(person, who), person.id if person else None)
    if tried.is_refused:
        log.warning("signin.locked", limit=tried.limit.name, address=caller.address)
        raise TooManyTries(tried.seconds_left)
    return person


def _local(person: Person, password: str) -> tuple[Person | None, str]:
    right = passwords.is_right(password, person.password)
    if right and person.active:
        return person, ""
    if _has_directory():
        time.sleep(REFUSAL_SECONDS)
    return None, "disabled" if right else "wrong"


def _of_directory(who: str, password: str) -> tuple[Person | None, str]:
    found = directory().authenticate(who, password)
    if found is not None:
        person = _known(found)
        if person is not None and person.active:
            return person, ""
        time.sleep(REFUSAL_SECONDS)
    passwords.is_right(password, None)
    return None, "wrong" if found is None else "not_admitted"


def _known(found: DirectoryPerson) -> Person | None:
    with unit_of_work(SYSTEM) as uow:
        person = people.from_directory(uow, found)
    if person is None:
        log.error("signin.taken", hint="a local account has the user name of somebody else in the directory")
    return person


def _refuse(person: Person | None, why: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        sessions.refuse(uow, person.id if person else None, why)


def _key(person: Person | None, who: str) -> str:
    return f"people:{person.id}" if person else f"name:{who}"


def _has_directory() -> bool:
    return bool(settings().ldap_url) and not settings().ldap_url.startswith("twin")
