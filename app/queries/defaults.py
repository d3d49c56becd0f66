"""What a form is filled with from the directory before anybody typed (rules.catalog.templates.DEFAULTS)."""

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.models.people import Person


def of(session: Session, requester_id: int | None, beneficiary_id: int | None) -> dict[str, str]:
    """Return "requester.department", "beneficiary.manager" and the like; what nobody knows is empty. One query."""
    manager = aliased(Person)
    columns = (Person.id, Person.name, Person.login, Person.email, Person.department, Person.title, manager.login)
    rows = session.execute(
        select(*columns).outerjoin(manager, manager.id == Person.manager_id).where(Person.id.in_([requester_id, beneficiary_id]))
    )
    facts: dict[str, str] = {}
    for id_, name, login, mail, department, title, above in rows:
        known = {"name": name, "login": login, "mail": mail, "department": department, "title": title, "manager": above}
        for role, person_id in (("requester", requester_id), ("beneficiary", beneficiary_id)):
            if person_id == id_:
                facts |= {f"{role}.{attribute}": value or "" for attribute, value in known.items()}
    return facts
