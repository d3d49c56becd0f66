"""What a category of incidents asks, as a form inside another page."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from app.forms.catalog import ItemForm, as_posted, form_of
from app.practice import practice
from app.queries.choices import Choices
from app.rules.words import t
from app.unit_of_work import UnitOfWork
from app.web.current import now
from app.web.incident_words import category_path
from app.web.preferences import current_language
from app.web.shown import say


def questions(uow: UnitOfWork, key: str | None, posted: Any = None, known: Mapping[str, Any] | None = None) -> ItemForm | None:
    """Return the form of a category's questions, as sent or with what is known; None where it asks nothing."""
    category = practice().categories.get(key or "")
    if category is None or not category.fields:
        return None
    if posted is None and known:
        posted = MultiDict([(name, value) for name, many in as_posted(category.form, known).items() for value in many])
    today = now().astimezone(ZoneInfo(uow.actor.timezone)).date()
    made = form_of(category.form, language=current_language(), lookup=Choices(uow.session, uow.actor.id), today=today)
    return made(posted, language=current_language())


def answers(form: ItemForm | None) -> dict[str, object]:
    """Return what was answered, of what is asked."""
    asked = {field.name for field in form.item.fields} if form else set()
    return {name: value for name, value in form.given().items() if name in asked and value not in ("", [])} if form else {}


def options() -> list[tuple[str, str]]:
    """Return every category with its path, as options of a select."""
    return [("", say(t("Not known yet"))), *((key, category_path(key)) for key in practice().categories)]
