"""What people choose from in an item's form: people and groups the desk knows (forms/catalog.py asks for these)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.attachments import Attachment
from app.models.directory import DirectoryGroup
from app.queries import people
from app.queries.remembered import known, once


class Choices:
    """People and groups to choose from, and one's own uploads, through one session."""

    def __init__(self, session: Session, reader_id: int | None = None) -> None:
        """Ask through this session, for this reader."""
        self._session = session
        self._reader_id = reader_id

    def file(self, key: str) -> str | None:
        """Return the name of a file that the reader has put down and not sent yet."""
        return self._session.scalar(
            select(Attachment.name).where(
                Attachment.key == key, Attachment.uploaded_by_id == self._reader_id, Attachment.record_id.is_(None)
            )
        )

    def groups(self, among: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return the groups of the directory, or those of these names, by name: name and label."""
        query = select(DirectoryGroup.name, DirectoryGroup.description).where(DirectoryGroup.gone_at.is_(None))
        if among:
            query = query.where(DirectoryGroup.name.in_(among))
        ordered = query.order_by(DirectoryGroup.name)
        rows = once(self._session, ("groups", tuple(among)), lambda: self._session.execute(ordered).all())
        return [(name, f"{name}: {description}" if description else name) for name, description in rows]

    def has_group(self, name: str, among: Sequence[str] = ()) -> bool:
        """Say whether the directory has this group, and these names have it; what a form has read is not asked again."""
        if (read := known(self._session, ("groups", tuple(among)))) is not None:
            return any(name == each for each, _ in read)
        if among and name not in among:
            return False
        wanted = select(DirectoryGroup.id).where(DirectoryGroup.name == name, DirectoryGroup.gone_at.is_(None))
        return self._session.scalar(wanted) is not None

    def people(self, words: str) -> list[tuple[str, str]]:
        """Return whom these words mean, as login and name: a whole login or mail address one, part of a name a few."""
        wanted = words.strip().lower()
        found = people.find(self._session, words)
        exact = [person for person in found if wanted in (person.login, person.email)]
        return [(person.login, person.name) for person in exact or found]
