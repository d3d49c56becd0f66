"""The answers of an order as people read them: labels, the words of a choice, names instead of user names."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.people import Person
from app.rules.catalog.items import Field, Item, Kind
from app.rules.words import t
from app.web.preferences import current_language
from app.web.shown import day, say


def shown(session: Session, item: Item, answers: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (label, answer, name of the question) of each question that was answered."""
    logins = {str(answers[field.name]) for field in item.fields if field.kind is Kind.PERSON and answers.get(field.name)}
    names: dict[str, str] = {}
    if logins:
        for login, name in session.execute(select(Person.login, Person.name).where(Person.login.in_(logins))):
            names[login] = name
    given = [(field, answers.get(field.name)) for field in item.fields]
    return [(say(field.label), _shown(field, answer, names), field.name) for field, answer in given if answer not in (None, "")]


def _shown(field: Field, answer: Any, names: Mapping[str, str]) -> str:
    match field.kind:
        case Kind.PERSON:
            return names.get(str(answer), str(answer))
        case Kind.CHOICE:
            chosen = next((option.label for option in field.choices if option.value == answer), None)
            return chosen.to(current_language()) if chosen else str(answer)
        case Kind.YES_NO:
            return say(t("Yes") if answer in (True, "yes") else t("No"))
        case Kind.DATE:
            return day(answer if isinstance(answer, date) else date.fromisoformat(str(answer)))
        case _:
            return str(answer)
