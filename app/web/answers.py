"""The answers of an order as people read them: labels, the words of a choice, names instead of user names, files as links."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.attachments import Attachment
from app.models.people import Person
from app.rules.catalog import templates
from app.rules.catalog.items import Field, Item, Kind
from app.web.preferences import current_language
from app.web.shown import day, say


@dataclass(frozen=True)
class Row:
    """One question and its answer; `file` is the key of a file, `lines` says that the answer has several."""

    label: str
    answer: str
    name: str
    file: str = ""

    def __iter__(self) -> Iterator[str]:
        """Unpack as label, answer and name."""
        return iter((self.label, self.answer, self.name))

    @property
    def lines(self) -> Sequence[str]:
        """Return the answer line by line."""
        return self.answer.split("\n")


def shown(session: Session, item: Item, answers: Mapping[str, Any]) -> list[Row]:
    """Return a row for each question that was answered."""
    given = [(field, answers[field.name]) for field in item.fields if answers.get(field.name) not in (None, "", [])]
    names = _named(session, given)
    return [
        Row(say(field.label), _shown(field, answer, names), field.name, str(answer) if field.kind is Kind.FILE else "")
        for field, answer in given
    ]


def _named(session: Session, given: Sequence[tuple[Field, Any]]) -> dict[str, str]:
    """Return the names of people by login, and of files by key; asked only for what is there."""
    logins = [str(answer) for field, answer in given if field.kind is Kind.PERSON]
    keys = [str(answer) for field, answer in given if field.kind is Kind.FILE]
    names: dict[str, str] = {}
    if logins:
        for login, name in session.execute(select(Person.login, Person.name).where(Person.login.in_(logins))):
            names[login] = name
    if keys:
        for key, name in session.execute(select(Attachment.key, Attachment.name).where(Attachment.key.in_(keys))):
            names[key] = name
    return names


def _shown(field: Field, answer: Any, names: Mapping[str, str]) -> str:
    match field.kind:
        case Kind.PERSON | Kind.FILE:
            return names.get(str(answer), str(answer))
        case Kind.DATE:
            return _day(answer)
        case Kind.DATE_RANGE:
            return " – ".join(_day(answer[end]) for end in ("from", "to") if answer.get(end))
        case _:
            return templates.shown(field, answer).to(current_language())


def _day(answer: Any) -> str:
    return day(answer if isinstance(answer, date) else date.fromisoformat(str(answer)))
