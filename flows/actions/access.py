"""The register of access: everything somebody holds ends."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app import database
from app.models.access import Grant
from app.models.people import Person
from app.rules.errors import ActionNotAllowed, NotFound, Unavailable
from app.rules.words import t
from app.services import access
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
        return Plan(words, tuple(Change("remove", grant.target, "access", person.login) for grant in _held(person)), open=True)

    def run(self, step: BoundStep) -> Mapping[str, Any]:
        """Take each away; what the directory refuses now is tried again, as long as anything is held."""
        person = _person(step)
        with unit_of_work(SYSTEM) as uow:
            grants = [grant.id for grant in access.end_all(uow, person.id, WHY)]
        for grant_id in grants:
            end_access.end(grant_id)
        if left := _held(person):
            names = ", ".join(grant.target for grant in left)
            raise Unavailable(t("%(person)s still holds access to %(groups)s. It is tried again.", person=person.login, groups=names))
        return {"grants": grants}

    def verify(self, step: BoundStep) -> bool:
        """Say whether nothing is held."""
        return not _held(_person(step))

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
