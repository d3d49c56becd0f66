"""What people choose from in forms: people and groups the desk knows. Page and server ask the same."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models.directory import DirectoryGroup
from app.models.people import Person
from app.rules.catalog.items import Field, Kind

MOST_MATCHES = 8
SHORTEST_WORDS = 2  # one letter fits everybody


class Choices:
    """People and groups to choose from, as a form and the rules ask for them."""

    def __init__(self, session: Session) -> None:
        """Ask through this session."""
        self._session = session

    def groups(self, among: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return the groups of the directory, or those of these names, by name: name and label."""
        query = select(DirectoryGroup.name, DirectoryGroup.description).where(DirectoryGroup.gone_at.is_(None))
        if among:
            query = query.where(DirectoryGroup.name.in_(among))
        rows = self._session.execute(query.order_by(DirectoryGroup.name))
        return [(name, f"{name}: {description}" if description else name) for name, description in rows]

    def people(self, words: str) -> list[tuple[str, str]]:
        """Return whom these words mean, as login and name: a login or mail address one, a part of a name a few.

        Accents and capitals do not matter in names; mail addresses must be whole, so that nobody can fish for them.
        """
        words = words.strip()
        active = select(Person.login, Person.name).where(Person.active)
        exact = or_(Person.login == words.lower(), Person.email == words.lower())
        if found := self._session.execute(active.where(exact)).all():
            return [(login, name) for login, name in found]
        if len(words) < SHORTEST_WORDS:
            return []
        literal = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        fits = func.unaccent(Person.name).ilike(func.unaccent(f"%{literal}%"), escape="\\")
        rows = self._session.execute(active.where(fits).order_by(Person.name, Person.login).limit(MOST_MATCHES))
        return [(login, name) for login, name in rows]

    def exists(self, field: Field, value: str) -> bool:
        """Say whether somebody or some group of that name may be chosen for the field: what `validate` asks."""
        if field.kind is Kind.PERSON:
            person = select(Person.id).where(Person.login == value, Person.active)
            return self._session.scalar(person) is not None
        group = select(DirectoryGroup.id).where(DirectoryGroup.name == value, DirectoryGroup.gone_at.is_(None))
        return self._session.scalar(group.limit(1)) is not None
