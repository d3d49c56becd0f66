"""To which audiences somebody belongs: what an item's `audience` and an approval's `if` are compared with."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.people import Membership, Person, RoleGrant, Team
from app.queries.remembered import once

EMPLOYEES = "employees"


def of(session: Session, person_id: int | None) -> frozenset[str]:
    """Return "employees", the roles held, "team:<key>" of each team and "department:<name>"; one query."""
    if person_id is None:
        return frozenset()
    roles = select(RoleGrant.role).where(RoleGrant.person_id == person_id)
    teams = (
        select("team:" + Team.key).join(Membership, Membership.team_id == Team.id).where(Membership.person_id == person_id)
    )
    department = select("department:" + Person.department).where(Person.id == person_id, Person.department != "")
    query = roles.union(teams, department)
    return once(session, ("audiences", person_id), lambda: frozenset({EMPLOYEES, *session.scalars(query)}))
