"""What a category of incidents asks, and who gets it (config/categories.toml)."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.models.people import Person, Team
from app.practice import practice
from app.queries.choices import Choices
from app.rules.catalog.answers import validate
from app.rules.catalog.items import Field, Kind
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import attachments
from app.unit_of_work import UnitOfWork


def judged(uow: UnitOfWork, key: str | None, answers: Mapping[str, Any], *, was: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the clean answers to a category's questions; Invalid names each wrong one.

    `was`: answers under an earlier category; those that this one does not ask for are dropped, not refused.
    """
    if key is None:
        if answers and was is None:
            raise Invalid({"category": t("Choose what it is about first.")})
        return {}
    category = practice().categories.get(key)
    if category is None:
        raise Invalid({"category": t("Choose one from the list.")})
    asked = {field.name for field in category.fields}
    given = answers if was is None else {name: value for name, value in answers.items() if name in asked}
    today = uow.now.astimezone(ZoneInfo(uow.actor.timezone)).date()
    cleaned, faults = validate(category.form, given, today, lambda field, name: _exists(uow, field, name))
    if faults:
        raise Invalid(faults)
    return dict(cleaned)


def team(uow: UnitOfWork, key: str | None) -> int | None:
    """Return the team that gets incidents of this category; the organisation's default team where none is said."""
    category = practice().categories.get(key or "")
    wanted = category.team if category and category.team else practice().default_team
    found = uow.session.scalar(select(Team.id).where(Team.key == wanted, Team.active))
    return found or uow.session.scalar(select(Team.id).where(Team.key == practice().default_team, Team.active))


def _exists(uow: UnitOfWork, field: Field, name: str) -> bool:
    if field.kind is Kind.FILE:
        return attachments.is_own(uow, name)
    if field.kind is Kind.PERSON:
        return uow.session.scalar(select(Person.id).where(Person.login == name, Person.active)) is not None
    return Choices(uow.session).has_group(name, field.groups)
