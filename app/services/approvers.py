"""Who answers for an approval, found in the company as it is now; nobody decides for himself (domain.md 4)."""

from collections.abc import Iterable, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from app.models.approvals import Seat
from app.models.directory import DirectoryGroup, GroupOwner
from app.models.people import Delegation, Membership, Person, Team
from app.rules.errors import ActionNotAllowed
from app.rules.words import t
from app.settings import settings
from app.unit_of_work import UnitOfWork

MANAGER = "manager-of-beneficiary"
OWNER = "owner-of-group"
TEAM = "team:"

Found = tuple[Person, str]
"""Somebody who answers, and how the desk found this person: manager, owner, manager_of_owner, team or fallback."""


def forecast(uow: UnitOfWork, beneficiary_id: int, who: str, group: str = "") -> list[Found]:
    """Return whom an order by the actor for this person would ask, and how each is found."""
    return of(uow, beneficiary_id, who, group, barred(uow, uow.actor.id, beneficiary_id))


def barred(uow: UnitOfWork, *concerned: int | None) -> set[int]:
    """Return who may not decide: requester, beneficiary, and whoever stands in for either now."""
    own = {person for person in concerned if person}
    query = select(Delegation.delegate_id).where(
        Delegation.person_id.in_(own), Delegation.starts_at <= uow.now, Delegation.ends_at > uow.now
    )
    return own | set(uow.session.scalars(query))


def of(uow: UnitOfWork, beneficiary_id: int | None, who: str, group: str, barred: set[int]) -> list[Found]:
    """Return who answers for one approval, and how each was found; nobody decides for himself."""
    if who == MANAGER:
        found = next_manager(uow, beneficiary_id, barred)
        chosen = [(found, "manager")] if found else []
    elif who == OWNER:
        chosen = _owners(uow, group, barred)
    elif who.startswith(TEAM):
        chosen = [(person, "team") for person in _members(uow, who.removeprefix(TEAM), barred)]
    else:
        raise ActionNotAllowed(t("The catalogue asks for an approver the desk does not know: %(who)s.", who=who))
    return chosen or fallback(uow, barred)


def fallback(uow: UnitOfWork, barred: set[int]) -> list[Found]:
    """Return who answers when nobody else may: the members of `approvals_fallback_team`."""
    return [(person, "fallback") for person in _members(uow, settings().approvals_fallback_team, barred)]


def standing_in(uow: UnitOfWork, seat: Seat, barred: set[int]) -> Sequence[Person]:
    """Return who may answer now in the place of a seat's person, and is not asked in the same round for himself."""
    lent = select(Delegation.delegate_id).where(
        Delegation.person_id == seat.person_id, Delegation.starts_at <= uow.now, Delegation.ends_at > uow.now
    )
    own = select(Seat.person_id).where(Seat.round_id == seat.round_id)
    named = or_(Person.id.in_(lent), Person.id == seat.handed_to_id)
    query = select(Person).where(Person.active, named, Person.id.not_in(own), Person.id.not_in(barred))
    return uow.session.scalars(query.order_by(Person.id)).all()


def _owners(uow: UnitOfWork, group: str, barred: set[int]) -> list[Found]:
    owners = select(Person).join(GroupOwner, GroupOwner.person_id == Person.id)
    named = owners.join(DirectoryGroup, DirectoryGroup.id == GroupOwner.group_id).where(DirectoryGroup.name == group)
    chosen: dict[int, tuple[Person, str]] = {}
    for owner in uow.session.scalars(named.where(Person.active).order_by(Person.id)):
        if owner.id not in barred:
            chosen[owner.id] = (owner, "owner")
        elif above := next_manager(uow, owner.id, barred):
            chosen.setdefault(above.id, (above, "manager_of_owner"))
    return list(chosen.values())


def next_manager(uow: UnitOfWork, person_id: int | None, barred: set[int]) -> Person | None:
    """Return the nearest active manager above somebody who may decide."""
    first = select(Person.id, Person.manager_id).where(Person.id == person_id).cte("chain", recursive=True)
    above = aliased(Person)
    chain = first.union(select(above.id, above.manager_id).join(first, above.id == first.c.manager_id))
    people = {person.id: person for person in uow.session.scalars(select(Person).join(chain, Person.id == chain.c.id))}
    seen: set[int] = set()
    current = people.get(person_id) if person_id else None
    while current and current.manager_id and current.manager_id not in seen:
        seen.add(current.manager_id)
        current = people.get(current.manager_id)
        if current and current.active and current.id not in barred:
            return current
    return None


def _members(uow: UnitOfWork, team: str, barred: set[int]) -> Iterable[Person]:
    members = select(Person).join(Membership, Membership.person_id == Person.id).join(Team, Team.id == Membership.team_id)
    named = members.where(Team.key == team, Person.active, Person.id.not_in(barred))
    return uow.session.scalars(named.order_by(Person.id)).all()
