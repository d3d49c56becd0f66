"""People: created, changed, disabled, given roles and delegates (domain.md 1, 4). Teams are in teams.py."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.models.people import Delegation, Person, RoleGrant
from app.rules.directory import DirectoryPerson
from app.rules.errors import ActionNotAllowed, Invalid, NotFound
from app.rules.words import LANGUAGES, t
from app.services import accounts, incidents, links, overdue, sessions, tasks
from app.settings import matrix
from app.unit_of_work import UnitOfWork
from app.visibility import EMPLOYEE

ADMINISTRATOR: Final = "administrator"
MANUAL: Final = "manual"
LOCAL, DIRECTORY = "local", "directory"
CHANGEABLE: Final = frozenset({"name", "given_name", "email", "title", "department", "vip"})
OF_DIRECTORY: Final = CHANGEABLE - {"vip"}  # where the directory knows somebody, it decides about these
LONGEST: Final = 254
LONGEST_DELEGATION: Final = timedelta(days=366)


def create(
    uow: UnitOfWork, login: str, name: str, *, email: str | None = None, password: str | None = None,
    source: str = LOCAL, **more: Any,
) -> Person:  # fmt: skip
    """Bring somebody into the desk; Invalid says what does not fit, also where name or address are taken.

    `more` are other columns of Person, as the directory or an import gives them.
    """
    uow.check("people.manage")
    values = _clean({"login": login, "name": name, "email": email})
    _refuse_taken(uow, values)
    person = Person(
        **values, source=source, created_at=uow.now, fs_uniquifier=_unique(uow),
        **{"given_name": values["name"].split()[0], **more},
    )  # fmt: skip
    uow.session.add(person)
    uow.session.flush()
    uow.record_event(_stream(person.id), "person.create", after={"source": source, "manager": person.manager_id})
    if password is not None:
        accounts.set_password(uow, person, password)
    return person


def from_directory(uow: UnitOfWork, found: DirectoryPerson) -> Person | None:
    """Return the desk's person for one of the directory, who is created at first sight.

    None where the user name is another account's: the directory must never take over an account of the desk's own.
    """
    query = select(Person).where(Person.directory_uid == found.uid)
    if (known := uow.session.scalars(query).one_or_none()) is not None:
        return known
    if uow.session.scalar(select(Person.id).where(Person.login == found.login.lower())) is not None:
        return None
    mail = found.mail.lower() if found.mail else None
    if mail and uow.session.scalar(select(Person.id).where(Person.email == mail)) is not None:
        mail = None
    manager = select(Person.id).where(Person.directory_dn == found.manager_dn)
    language = (found.locale or "")[:2].lower()
    return create(
        uow, found.login, found.name, email=mail, source=DIRECTORY, directory_uid=found.uid, directory_dn=found.dn,
        given_name=found.given_name, title=found.title, department=found.department, active=found.active,
        language=language if language in LANGUAGES else None,
        manager_id=uow.session.scalar(manager.limit(1)) if found.manager_dn else None,
    )  # fmt: skip


def change(uow: UnitOfWork, person_id: int, **values: Any) -> Person:
    """Change what the desk knows of somebody (CHANGEABLE); the directory's own people change in the directory."""
    uow.check("people.manage")
    person = _locked(uow, person_id)
    if unknown := values.keys() - CHANGEABLE:
        raise Invalid({name: t("This cannot be changed here.") for name in sorted(unknown)})
    if person.source == DIRECTORY and values.keys() & OF_DIRECTORY and not uow.actor.is_system:
        raise ActionNotAllowed(t("The company's directory decides about this; change it there."))
    cleaned = {**values, **_clean({name: value for name, value in values.items() if name in {"name", "email"}})}
    changed = {name: value for name, value in cleaned.items() if getattr(person, name) != value}
    if changed.get("email"):
        _refuse_taken(uow, {"email": changed["email"]}, person.id)
    for name, value in changed.items():
        setattr(person, name, value)
    if changed:
        uow.record_event(_stream(person.id), "person.change", after={"fields": sorted(changed)})
    return person


def set_manager(uow: UnitOfWork, person_id: int, manager_id: int | None) -> Person:
    """Say who leads somebody; nobody leads themselves, at any height."""
    uow.check("people.manage")
    person = _locked(uow, person_id)
    if manager_id is not None and (manager_id == person_id or _leads(uow, person_id, manager_id)):
        raise Invalid({"manager": t("Nobody can lead their own manager.")})
    if manager_id is not None and not uow.session.scalar(select(Person.active).where(Person.id == manager_id)):
        raise Invalid({"manager": t("Choose somebody from the list.")})
    was, person.manager_id = person.manager_id, manager_id
    if was != manager_id:
        uow.record_event(_stream(person.id), "person.lead", before={"manager": was}, after={"manager": manager_id})
    return person


def disable(uow: UnitOfWork, person_id: int) -> Person:
    """Let somebody in no more: every session ends now; questions go further, and open tasks are their teams' again."""
    uow.check("people.manage")
    person = _locked(uow, person_id)
    if person.active:
        _keep_an_administrator(uow, person_id)
        person.active = False
        overdue.without(uow, person_id)
        tasks.release(uow, person_id)
        incidents.release(uow, person_id)
        uow.record_event(_stream(person_id), "person.disable", before={"active": True}, after={"active": False})
    sessions.end_all(uow, person_id, "disabled")
    return person


def enable(uow: UnitOfWork, person_id: int) -> Person:
    """Let somebody in again."""
    uow.check("people.manage")
    person = _locked(uow, person_id)
    if not person.active:
        person.active = True
        uow.record_event(_stream(person_id), "person.enable", before={"active": False}, after={"active": True})
    return person


def end_session(uow: UnitOfWork, session_id: int) -> None:
    """End somebody's session, as an administrator."""
    uow.check("people.manage")
    sessions.end(uow, session_id, "by_administrator")


def end_sessions(uow: UnitOfWork, person_id: int) -> int:
    """End all of somebody's sessions, as an administrator; return how many."""
    uow.check("people.manage")
    return sessions.end_all(uow, _locked(uow, person_id).id, "by_administrator")


def grant(uow: UnitOfWork, person_id: int, role: str, *, source: str = MANUAL) -> None:
    """Give somebody a role; `source` is where it comes from: by hand, or a directory group's id. Twice is once."""
    uow.check("roles.grant")
    if role not in matrix().roles or role == EMPLOYEE:
        raise Invalid({"role": t("Choose one from the list.")})
    person = _locked(uow, person_id)
    if _granted(uow, person_id, role, source) is not None:
        return
    uow.session.add(
        RoleGrant(person_id=person.id, role=role, source=source, granted_by_id=uow.actor.id, granted_at=uow.now)
    )
    uow.record_event(_stream(person_id), "role.grant", after={"role": role, "source": source})


def revoke(uow: UnitOfWork, person_id: int, role: str, *, source: str = MANUAL) -> None:
    """Take a role back; the last administrator keeps it."""
    uow.check("roles.grant")
    _locked(uow, person_id)
    granted = _granted(uow, person_id, role, source)
    if granted is None:
        other = select(RoleGrant.id).where(RoleGrant.person_id == person_id, RoleGrant.role == role)
        if uow.session.scalar(other.limit(1)) is not None:
            raise ActionNotAllowed(t("This role comes from a group of the directory; take the person out of the group."))
        return
    others = select(RoleGrant.id).where(
        RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.source != source
    )
    if role == ADMINISTRATOR and uow.session.scalar(others.limit(1)) is None:
        _keep_an_administrator(uow, person_id)
    uow.session.delete(granted)
    uow.record_event(_stream(person_id), "role.revoke", before={"role": role, "source": source})


def delegate(uow: UnitOfWork, delegate_id: int, starts_at: datetime, ends_at: datetime) -> Delegation:
    """Let somebody vote in the actor's place during [starts_at, ends_at)."""
    uow.check("delegation.set")
    if delegate_id == uow.actor.id:
        raise Invalid({"delegate": t("Choose somebody else.")})
    if not uow.session.scalar(select(Person.active).where(Person.id == delegate_id)):
        raise Invalid({"delegate": t("Choose somebody from the list.")})
    if ends_at <= max(starts_at, uow.now):
        raise Invalid({"ends_on": t("The last day must not lie before the first, nor in the past.")})
    if ends_at - starts_at > LONGEST_DELEGATION:
        raise Invalid({"ends_on": t("At most a year.")})
    mine = Delegation.person_id == uow.actor.id
    if uow.session.scalar(select(exists().where(mine, Delegation.starts_at < ends_at, Delegation.ends_at > starts_at))):
        raise Invalid({"starts_on": t("You have already named somebody for a part of this time.")})
    row = Delegation(
        person_id=uow.actor.id, delegate_id=delegate_id, starts_at=starts_at, ends_at=ends_at, created_at=uow.now
    )
    uow.session.add(row)
    uow.session.flush()
    after = {"delegation": row.id, "delegate": delegate_id, "from": starts_at.isoformat(), "to": ends_at.isoformat()}
    uow.record_event(_stream(uow.actor.id), "delegation.set", after=after)
    return row


def cancel_delegation(uow: UnitOfWork, delegation_id: int) -> None:
    """End a delegation of the actor's now; one that has not begun is as if it had never been."""
    uow.check("delegation.set")
    row = uow.session.get(Delegation, delegation_id, with_for_update=True)
    if row is None or row.person_id != uow.actor.id:
        raise NotFound("delegation")
    if row.starts_at < uow.now:
        row.ends_at = min(row.ends_at, uow.now)
    else:
        uow.session.delete(row)
    uow.record_event(_stream(uow.actor.id), "delegation.cancel", after={"delegation": delegation_id})


def first_administrator_link(uow: UnitOfWork) -> str | None:
    """Return the path by which the first administrator comes in, or None when there is one; older links stop working."""
    uow.check("roles.grant")
    if _administrators(uow):
        return None
    link = links.issue(uow, links.FIRST_ADMINISTRATOR)
    uow.record_event(sessions.SIGN_IN_STREAM, "setup.offer", after={"link": link.id})
    return links.path(link)


def set_up(uow: UnitOfWork, token: str, login: str, name: str, email: str, password: str) -> Person:
    """Make the first administrator by the one-time link; NotFound when it is used, old or no longer needed."""
    link = links.use(uow, token, links.FIRST_ADMINISTRATOR)
    if _administrators(uow):
        raise NotFound("link")
    person = create(uow, login, name, email=email, password=password)
    grant(uow, person.id, ADMINISTRATOR)
    uow.record_event(sessions.SIGN_IN_STREAM, "setup.use", after={"link": link.id, "person": person.id})
    return person


def _clean(values: dict[str, Any]) -> dict[str, Any]:
    wrong, cleaned = {}, {}
    for field, value in values.items():
        text = " ".join(str(value or "").split())
        if field != "name":
            text = text.lower()
        if field != "email" and not text:
            wrong[field] = t("This is needed.")
        elif len(text) > LONGEST or not text.isprintable() or (field == "login" and " " in text):
            wrong[field] = t("Use at most %(limit)s letters, digits and signs.", limit=LONGEST)
        elif field == "email" and text and (text.count("@") != 1 or text[0] == "@" or text[-1] == "@" or " " in text):
            wrong[field] = t("This is not a mail address.")
        cleaned[field] = text or None
    if wrong:
        raise Invalid(wrong)
    return cleaned


def _refuse_taken(uow: UnitOfWork, values: dict[str, Any], but: int = 0) -> None:
    """An address may not be a user name of somebody else, nor the other way round: both are typed at sign-in."""
    for field, value in values.items():
        if field == "name" or value is None:
            continue
        taken = select(Person.id).where(or_(Person.login == value, Person.email == value), Person.id != but)
        if uow.session.scalar(taken.limit(1)) is not None:
            raise Invalid({field: t("Somebody else has this already.")})


def _leads(uow: UnitOfWork, person_id: int, other_id: int) -> bool:
    """Say whether the person leads the other, at any height."""
    tree = select(Person.id).where(Person.manager_id == person_id).cte("below", recursive=True)
    below = aliased(Person)
    tree = tree.union(select(below.id).where(below.manager_id == tree.c.id))
    return bool(uow.session.scalar(select(exists().where(tree.c.id == other_id))))


def _administrators(uow: UnitOfWork) -> set[int]:
    """Return who can administer the desk; the grants stay locked, so that two do not take each other's role away."""
    grants = select(RoleGrant).where(RoleGrant.role == ADMINISTRATOR).order_by(RoleGrant.id).with_for_update()
    holders = {grant.person_id for grant in uow.session.scalars(grants)}
    return set(uow.session.scalars(select(Person.id).where(and_(Person.id.in_(holders), Person.active))))


def _keep_an_administrator(uow: UnitOfWork, person_id: int) -> None:
    if _administrators(uow) == {person_id}:
        raise ActionNotAllowed(t("This is the last administrator. Make somebody else administrator first."))


def _granted(uow: UnitOfWork, person_id: int, role: str, source: str) -> RoleGrant | None:
    query = select(RoleGrant).where(
        RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.source == source
    )
    return uow.session.scalars(query).one_or_none()


def _locked(uow: UnitOfWork, person_id: int) -> Person:
    person = uow.session.get(Person, person_id, with_for_update=True, populate_existing=True)
    if person is None:
        raise NotFound("person")
    return person


def _unique(uow: UnitOfWork) -> str:
    return str(uow.session.scalars(select(func.gen_random_uuid())).one().hex)


def _stream(person_id: int | None) -> str:
    return f"people:{person_id}"
