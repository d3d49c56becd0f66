"""The register of access: everything somebody holds ends."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app import database
from app.directory import DirectoryGroup, directory
from app.models.access import Grant
from app.models.people import Person
from app.rules.errors import ActionNotAllowed, NotFound, Unavailable
from app.rules.words import t
from app.services import access, leaving
from app.services.fulfilment import BoundStep
from app.unit_of_work import SYSTEM, unit_of_work
from flows import end_access
from flows.actions import Change, Plan, action

WHY = "leaver"


@action("access.end_all")
class EndAll:
    """End every access the desk knows of somebody, whatever it is on that day."""

    def plan(self, step: BoundStep) -> Plan:
        """Name what would end today; weeks may pass until it is done, and what comes or goes by then is meant too."""
        person = _person(step)
        words = t("End every access of %(person)s", person=person.login)
        held = [grant.target for grant in _held(person)]
        outside = [group.name for group in _groups(person) if group.name not in held]
        return Plan(words, tuple(Change("remove", name, "access", person.login) for name in held + outside), open=True)

    def run(self, step: BoundStep) -> Mapping[str, Any]:
        """Take each away, also what nobody ordered at the desk; what is refused now is tried again, as long as anything is held.

        What is still on its way to this person ends first, so that nothing is given after this.
        """
        person = _person(step)
        canceled = _let_go(step, person)
        with unit_of_work(SYSTEM) as uow:
            grants = [grant.id for grant in access.end_all(uow, person.id, WHY)]
        for grant_id in grants:
            end_access.end(grant_id)
        if left := _held(person):
            names = ", ".join(grant.target for grant in left)
            raise Unavailable(t("%(person)s still holds access to %(groups)s. It is tried again.", person=person.login, groups=names))
        return {"grants": grants, "groups": _leave(step, person), "canceled": canceled}

    def verify(self, step: BoundStep) -> bool:
        """Say whether nothing is held, neither by the register nor in the directory."""
        person = _person(step)
        return not _held(person) and not _groups(person)

    def undo(self, step: BoundStep) -> None:
        """Refuse: it may have ended for more than one reason."""
        raise ActionNotAllowed(t("Access that has ended comes back through a new order only."))


def _person(step: BoundStep) -> Person:
    with database.sessions()() as session:
        found = session.scalars(select(Person).where(Person.login == step.params["person"].lower())).one_or_none()
    if found is None:
        raise NotFound(step.params["person"])
    return found


def _held(person: Person) -> Sequence[Grant]:
    with database.sessions()() as session:
        mine = select(Grant).where(Grant.person_id == person.id, Grant.state != access.ENDED)
        return session.scalars(mine.order_by(Grant.target)).all()


def _let_go(step: BoundStep, person: Person) -> list[str]:
    """End what is still being done for this person, one order at a time; return what was canceled."""
    with unit_of_work(SYSTEM) as uow:
        orders = leaving.open_orders(uow, person.id, step.item)
    canceled = []
    for number in orders:
        with unit_of_work(SYSTEM) as uow:
            if leaving.let_go(uow, person, number):
                canceled.append(number)
    return canceled


def _groups(person: Person) -> list[DirectoryGroup]:
    """Return the groups of the directory this person is in, whoever gave that."""
    found = directory().person(person.login)
    return [group for group in directory().groups() if found.dn in group.member_dns] if found else []


def _leave(step: BoundStep, person: Person) -> list[str]:
    """Take this person out of every group that is left, on record; return their names."""
    found, left = directory().person(person.login), _groups(person)
    if found is None or not left:
        return []
    for group in left:
        directory().remove_member(group.dn, found.dn)
    with unit_of_work(SYSTEM) as uow:
        leaving.note_groups(uow, step.item, person, [group.uid for group in left])
    return [group.name for group in left]
