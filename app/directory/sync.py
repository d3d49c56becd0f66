"""Reads the directory and hands what it said to the services: the whole of it, or only those who are signed in.

Nothing is believed of an answer that is not complete: then the desk stays as it is, and says why.
"""

from collections import Counter

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from app import logs
from app.database import sessions
from app.directory import Directory, DirectoryError, DirectoryOff, DirectoryPartial, OffDirectory, directory
from app.models.people import Person, SignInSession
from app.queries import people
from app.rules.errors import ActionNotAllowed
from app.services import directory_sync
from app.unit_of_work import SYSTEM, unit_of_work

CHECK_SECONDS = 20                      # how often those who are signed in are asked for (attack 32: dead within 60 s)

log = logs.logger("directory")


def sync(*, force: bool = False, source: Directory | None = None) -> Counter[str]:
    """Read people and groups, and make the desk's so; return what changed. Raises what kept it from that."""
    chosen = source or directory()
    if isinstance(chosen, OffDirectory):
        raise DirectoryOff(chosen.reason)                       # no reading, so none is written down
    with unit_of_work(SYSTEM) as uow:
        sync_id = directory_sync.begin(uow)
    try:
        snapshot = chosen.snapshot()
        with unit_of_work(SYSTEM) as uow:
            return directory_sync.apply(uow, sync_id, snapshot, force=force)
    except (DirectoryError, ActionNotAllowed) as error:
        outcome = _outcome(error)
        with unit_of_work(SYSTEM) as uow:
            directory_sync.fail(uow, sync_id, outcome, str(error))
        log.warning("directory not synced", outcome=outcome, reason=type(error).__name__)
        raise


def follow(login: str) -> int | None:
    """Take over what the directory says now of one person, who may be new; the desk's id of whom, None where nobody is known."""
    found = directory().person(login)
    if found is None:
        return None
    with unit_of_work(SYSTEM) as uow:
        person = directory_sync.follow(uow, found)
        return person.id if person else None


def check_signed_in(source: Directory | None = None) -> int:
    """End the sessions of those whom the directory has disabled since; return how many. Safe to run at any time."""
    with sessions()() as session:
        asked = {str(person.directory_uid): person.id for person in people.signed_in_from_directory(session)}
    try:
        found = (source or directory()).people_of(list(asked)) if asked else {}
        with unit_of_work(SYSTEM) as uow:
            ended = directory_sync.check(uow, asked, found)
    except (DirectoryError, ActionNotAllowed) as error:         # no answer ends nobody's session
        log.warning("sessions not checked", reason=type(error).__name__)
        ended = 0
    with unit_of_work(SYSTEM) as uow:
        directory_sync.note_checked(uow, asked.values())
    if ended:
        log.info("sessions ended", people=ended)
    return ended


def is_check_due(session: Session) -> bool:
    """Say whether somebody of the directory is signed in whom it was not asked about for a while."""
    before = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, CHECK_SECONDS)
    late = or_(SignInSession.checked_at.is_(None), SignInSession.checked_at < before)
    live = SignInSession.ended_at.is_(None), SignInSession.created_at < before, late
    of_directory = Person.id == SignInSession.person_id, Person.directory_uid.is_not(None), Person.active
    return bool(session.scalar(select(exists().where(*live, *of_directory))))


def _outcome(error: DirectoryError | ActionNotAllowed) -> str:
    if isinstance(error, DirectoryPartial):
        return directory_sync.PARTIAL
    return directory_sync.FAILED if isinstance(error, DirectoryError) else directory_sync.STOPPED
