"""Takes over what was read of the company's directory: people, managers, groups, owners, members, roles by group.

The reading itself is app/directory/sync.py's; only complete snapshots come here. People are known by the directory's
stable id, so a new name is a new name and nobody is lost. What a run would take away from too many at once is refused.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import func, select, update

from app.models.directory import DirectorySync
from app.models.events import Event
from app.models.people import Person, SignInSession
from app.rules import audit
from app.rules.directory import DirectoryPerson, DirectorySnapshot, disables_too_many
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.words import LANGUAGES, t
from app.services import directory_groups, people
from app.unit_of_work import UnitOfWork

STREAM: Final = "directory"
RUNNING, DONE, PARTIAL, STOPPED, FAILED = "running", "done", "partial", "stopped", "failed"
TAKEN_OVER: Final = ("name", "given_name", "title", "department")


class TooManyGone(ActionNotAllowed):
    """One run would disable more people than is believable; nothing was changed."""

    def __init__(self, gone: int, known: int) -> None:
        """Say how many, and how to go on when it is true."""
        super().__init__(
            t("%(gone)s of %(known)s people would be disabled at once, so nothing was changed. If it is true: desk directory sync --force.",
              gone=gone, known=known)
        )  # fmt: skip


def ask(uow: UnitOfWork) -> None:
    """Ask for a reading of the directory now."""
    uow.check("directory.sync")
    uow.record_event(STREAM, "directory.ask")


def begin(uow: UnitOfWork) -> int:
    """Write down that a reading begins; return its id."""
    uow.check("directory.sync")
    row = DirectorySync(started_at=uow.now)
    uow.session.add(row)
    uow.session.flush()
    return row.id


def fail(uow: UnitOfWork, sync_id: int, outcome: str, error: str) -> None:
    """Write down that a reading came to nothing: nobody was changed."""
    _finish(uow, sync_id, outcome, Counter(), error)


def apply(uow: UnitOfWork, sync_id: int, snapshot: DirectorySnapshot, *, force: bool = False) -> Counter[str]:
    """Make the desk's people and groups as the snapshot says; return what changed, by kind.

    TooManyGone unless forced when more than max(5 %, 3) people would be disabled; a second run changes nothing.
    """
    uow.check("directory.sync")
    counts: Counter[str] = Counter()
    known = _known(uow)
    _disable(uow, known, {each.uid: each for each in snapshot.people}, counts, force=force)
    for found in snapshot.people:
        if found.uid in known:
            _renew(uow, known[found.uid], found, counts)
        elif (person := people.from_directory(uow, found)) is not None:
            known[found.uid] = person
            counts["people_new"] += 1
        else:
            counts["names_taken"] += 1
    by_dn = {found.dn: known[found.uid].id for found in snapshot.people if found.uid in known}
    _lead(uow, snapshot, known, by_dn, counts)
    directory_groups.renew(uow, snapshot.groups, by_dn, counts, force=force)
    directory_groups.give_roles(uow, snapshot.groups, by_dn, counts, force=force)
    _finish(uow, sync_id, DONE, counts)
    return counts


def check(uow: UnitOfWork, asked: Mapping[str, int], found: Mapping[str, DirectoryPerson]) -> int:
    """Disable those with open sessions whom the directory has disabled; return how many.

    `asked` are ids of people by the directory's ids, `found` is what the directory says of them now.
    """
    uow.check("directory.sync")
    gone = [person_id for uid, person_id in sorted(asked.items()) if uid not in found or not found[uid].active]
    known = _known(uow)
    if disables_too_many(len(gone), len(known)):
        raise TooManyGone(len(gone), len(known))
    return sum(_disabled(uow, person_id) for person_id in gone)


def follow(uow: UnitOfWork, found: DirectoryPerson) -> Person | None:
    """Take over one person as the directory has them now; None where the user name is another account's."""
    uow.check("directory.sync")
    person = people.from_directory(uow, found)
    if person is not None:
        if person.active and not found.active:
            _disabled(uow, person.id)
        _renew(uow, person, found, Counter())
    return person


def note_checked(uow: UnitOfWork, person_ids: Iterable[int]) -> None:
    """Remember that the directory was asked about these people's sessions, whatever it said."""
    mine = SignInSession.person_id.in_(list(person_ids)), SignInSession.ended_at.is_(None)
    uow.session.execute(update(SignInSession).where(*mine).values(checked_at=func.now()))


def _known(uow: UnitOfWork) -> dict[str, Person]:
    rows = uow.session.scalars(select(Person).where(Person.directory_uid.is_not(None)).order_by(Person.id))
    return {str(person.directory_uid): person for person in rows}


def _disable(
    uow: UnitOfWork, known: Mapping[str, Person], found: Mapping[str, DirectoryPerson], counts: Counter[str], *, force: bool
) -> None:  # fmt: skip
    active = {uid: person for uid, person in known.items() if person.active}
    gone = [person for uid, person in active.items() if uid not in found or not found[uid].active]
    if disables_too_many(len(gone), len(active)) and not force:
        raise TooManyGone(len(gone), len(active))
    counts["people_disabled"] += sum(_disabled(uow, person.id) for person in gone)


def _disabled(uow: UnitOfWork, person_id: int) -> bool:
    try:
        people.disable(uow, person_id)
    except ActionNotAllowed:  # the last administrator stays: else nobody could put right what went wrong
        return False
    return True


def _renew(uow: UnitOfWork, person: Person, found: DirectoryPerson, counts: Counter[str]) -> None:
    """Take over what the directory knows better, except a name or address that is somebody else's here."""
    if not person.active and found.active and not _disabled_by_somebody(uow, person.id):
        people.enable(uow, person.id)
        counts["people_enabled"] += 1
    new = {name: getattr(found, name) for name in TAKEN_OVER}
    mail = found.mail.lower() if found.mail else None
    values = {name: value for name, value in new.items() if value != getattr(person, name)}
    renamed = _renamed(uow, person, found, counts)
    if mail != person.email:
        try:
            people.change(uow, person.id, **values, email=mail)
        except Invalid:
            counts["addresses_taken"] += 1
        else:
            counts["people_changed"] += 1
            return
    if values:
        people.change(uow, person.id, **values)
    counts["people_changed"] += bool(values) or renamed


def _renamed(uow: UnitOfWork, person: Person, found: DirectoryPerson, counts: Counter[str]) -> bool:
    """Follow a new user name, a new place in the tree, and a first language; never into somebody else's user name."""
    language = (found.locale or "")[:2].lower()
    wanted = {"login": found.login.lower(), "directory_dn": found.dn}
    if person.language is None and language in LANGUAGES:
        wanted["language"] = language
    changed = {name: value for name, value in wanted.items() if getattr(person, name) != value}
    if "login" in changed:
        taken = select(Person.id).where(Person.login == changed["login"]).union(select(Person.id).where(Person.email == changed["login"]))
        if any(person_id != person.id for person_id in uow.session.scalars(taken)):
            counts["names_taken"] += 1
            del changed["login"]
    for name, value in changed.items():
        setattr(person, name, value)
    if changed:
        after = {"fields": sorted(changed), "dn": audit.digest(found.dn)}
        uow.record_event(f"people:{person.id}", "person.rename", after=after)
    return bool(changed)


def _lead(
    uow: UnitOfWork, snapshot: DirectorySnapshot, known: Mapping[str, Person], by_dn: Mapping[str, int], counts: Counter[str]
) -> None:  # fmt: skip
    """Follow the directory's managers; where it keeps none at all, the desk's own stay as they are."""
    if not any(found.manager_dn for found in snapshot.people):
        return
    for found in snapshot.people:
        person = known.get(found.uid)
        manager_id = by_dn.get(found.manager_dn) if found.manager_dn else None
        if person is None or manager_id == person.manager_id or manager_id == person.id:
            continue
        if manager_id is None and _by_somebody(uow, person.id, "person.lead"):
            continue
        try:
            people.set_manager(uow, person.id, manager_id)
            counts["managers_changed"] += 1
        except Invalid:  # a ring of managers, or one who has left: the desk keeps what it had
            counts["managers_refused"] += 1


def _disabled_by_somebody(uow: UnitOfWork, person_id: int) -> bool:
    """Say whether a person, not the sync, disabled the account last: then the directory does not bring it back."""
    return _by_somebody(uow, person_id, "person.disable")


def _by_somebody(uow: UnitOfWork, person_id: int, name: str) -> bool:
    last = select(Event.actor_id).where(Event.stream == f"people:{person_id}", Event.name == name)
    return uow.session.scalar(last.order_by(Event.seq.desc()).limit(1)) is not None


def _finish(uow: UnitOfWork, sync_id: int, outcome: str, counts: Counter[str], error: str | None = None) -> None:
    told = {name: number for name, number in counts.items() if number}
    row = uow.session.get_one(DirectorySync, sync_id)
    row.finished_at, row.outcome, row.counts, row.error = uow.now, outcome, dict(told), error
    uow.record_event(STREAM, f"directory.{'sync' if outcome == DONE else 'fail'}", after={"sync": sync_id, "outcome": outcome, **told})
