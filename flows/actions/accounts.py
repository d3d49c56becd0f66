"""Accounts of the directory: made, disabled, described. What changes there, the desk knows at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import or_, select

from app import database
from app.directory import DirectoryEntryMissing, DirectoryLoginTaken, DirectoryPerson, NewPerson, directory, sync
from app.models.people import Person
from app.rules.catalog.steps import ADDRESS
from app.rules.directory import is_login
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import people
from app.services.fulfilment import BoundStep
from app.settings import settings
from app.unit_of_work import SYSTEM, unit_of_work
from flows.actions import Change, Plan, action


@action("directory.create_person")
class CreatePerson:
    """Make an account for somebody new; it is marked with the step that made it, so that no other is taken for ours."""

    def plan(self, step: BoundStep) -> Plan:
        """Say what the account will be; what this step made already is no other plan."""
        new = _new(step)
        if not is_login(new.login):
            text = t("“%(login)s” cannot be a user name: small letters, digits, points and hyphens only.", login=new.login)
            raise Invalid({"login": text}, text)
        if new.mail and not ADDRESS.fullmatch(new.mail):
            text = t("“%(value)s” is no address to send to.", value=new.mail)
            raise Invalid({"mail": text}, text)
        found = directory().person(new.login)
        if (found is not None and found.description != new.description) or (found is None and _is_known(new)):
            raise DirectoryLoginTaken(new.login)
        words = t("Create the account %(login)s for %(name)s", login=new.login, name=new.name)
        return Plan(words, tuple(_parts(new)))

    def run(self, step: BoundStep) -> Mapping[str, Any]:
        """Make it, and let the desk know that person; a second time makes nothing."""
        made = directory().create_person(_new(step))
        return {"changed": made, "person": sync.follow(_login(step))}

    def verify(self, step: BoundStep) -> bool:
        """Ask the directory for the active account that bears this step's mark."""
        found = directory().person(_login(step))
        return found is not None and found.active and found.description == _mark(step)

    def undo(self, step: BoundStep) -> None:
        """Disable it: an account is never deleted, what it did stays somebody's."""
        if self.verify(step):
            _set_active(_login(step), active=False)


@action("directory.disable_person")
class DisablePerson:
    """Let somebody in no more, neither into the directory nor into the desk."""

    def plan(self, step: BoundStep) -> Plan:
        """Compare with the directory as it is now."""
        login = step.params["person"]
        found = _entry(login)
        if not found.active:
            return Plan(t("The account of %(person)s is disabled already: nothing is changed", person=login))
        return Plan(t("Disable the account of %(person)s", person=login), (Change("remove", found.dn, "sign-in", login),))

    def run(self, step: BoundStep) -> Mapping[str, Any]:
        """Disable it; sessions at the desk end now."""
        return {"changed": _set_active(step.params["person"], active=False)}

    def verify(self, step: BoundStep) -> bool:
        """Ask the directory."""
        return not _entry(step.params["person"]).active

    def undo(self, step: BoundStep) -> None:
        """Enable it again, unless it was disabled before."""
        if step.plan is None or step.plan.get("changes"):
            _set_active(step.params["person"], active=True)


@action("directory.set_attribute")
class SetAttribute:
    """Set what the directory says of somebody."""

    def plan(self, step: BoundStep) -> Plan:
        """Compare with the directory as it is now."""
        dn, name, value = _entry(step.params["person"]).dn, step.params["attribute"], step.params["value"]
        was = directory().attribute(dn, name)
        if was == _wanted(value):
            return Plan(t("%(attribute)s of %(person)s is “%(value)s” already: nothing is changed", **step.params))
        changes = [Change("remove", dn, name, each) for each in was] + [Change("add", dn, name, each) for each in _wanted(value)]
        return Plan(t("Set %(attribute)s of %(person)s to “%(value)s”", **step.params), tuple(changes))

    def run(self, step: BoundStep) -> Mapping[str, Any]:
        """Set it."""
        return {"changed": self._set(step, _wanted(step.params["value"]))}

    def verify(self, step: BoundStep) -> bool:
        """Ask the directory."""
        dn = _entry(step.params["person"]).dn
        return directory().attribute(dn, step.params["attribute"]) == _wanted(step.params["value"])

    def undo(self, step: BoundStep) -> None:
        """Set what was there before; what somebody else has set since is not ours to take back."""
        changes = (step.plan or {}).get("changes", [])
        if changes and self.verify(step):
            self._set(step, tuple(each["value"] for each in changes if each["op"] == "remove"))

    def _set(self, step: BoundStep, values: tuple[str, ...]) -> bool:
        person = step.params["person"]
        changed = directory().set_attribute(_entry(person).dn, step.params["attribute"], values)
        sync.follow(person)
        return changed


def _new(step: BoundStep) -> NewPerson:
    given = step.params
    login, domain = _login(step), settings().ldap_mail_domain
    mail = given.get("mail") or (f"{login}@{domain}" if domain else "")
    manager = _entry(given["manager"]).dn if given.get("manager") else ""
    return NewPerson(login, given["name"], mail, given.get("title", ""), given.get("department", ""), manager, _mark(step))


def _parts(new: NewPerson) -> Iterator[Change]:
    given = {"name": new.name, "mail": new.mail, "title": new.title, "department": new.department, "manager": new.manager_dn}
    return (Change("add", new.login, part, value) for part, value in given.items() if value)


def _mark(step: BoundStep) -> str:
    return f"Balcão {step.token}"


def _login(step: BoundStep) -> str:
    return step.params["login"].lower()


def _wanted(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _entry(login: str) -> DirectoryPerson:
    found = directory().person(login)
    if found is None:
        raise DirectoryEntryMissing(login)
    return found


def _is_known(new: NewPerson) -> bool:
    """Say whether somebody at the desk goes by that name already, in the directory or not."""
    with database.sessions()() as session:
        taken = select(Person.id).where(or_(Person.login == new.login, Person.email == new.login))
        return session.scalar(taken.limit(1)) is not None


def _set_active(login: str, *, active: bool) -> bool:
    """Lock or unlock an account: first at the desk, where the last administrator is refused before anything is done."""
    with unit_of_work(SYSTEM) as uow:
        person_id = uow.session.scalar(select(Person.id).where(Person.login == login.lower()))
        if person_id is not None:
            (people.enable if active else people.disable)(uow, person_id)
    return directory().set_active(_entry(login).dn, active=active)
