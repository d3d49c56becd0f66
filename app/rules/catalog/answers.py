"""Judge the answers to an item's form. The page's form and the server both ask here, so a tampered form gains nothing.

Clean answers are plain JSON: text, whole numbers, true or false, days as YYYY-MM-DD, money as "1200.00"; a list for a
multi-choice, {"from", "to"} for a date-range, a list of rows for a table, the key of a file. A question left open is
not in them, nor one that is not asked because of the other answers. Errors are one sentence for each wrong answer, by
the name of the field.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from app.rules.catalog import conditions
from app.rules.catalog.composites import COMPOSITES
from app.rules.catalog.items import Field, Item, Kind
from app.rules.catalog.scalars import LENGTHS, Refused, clean
from app.rules.words import Text, t

__all__ = ["LENGTHS", "Answer", "Checked", "Exists", "validate"]

Answer = Any
"""Plain JSON: what it is made of depends on the kind of the question."""
Exists = Callable[[Field, str], bool]
"""Says whether a person, group or uploaded file of that name exists and may be chosen for that field."""
BY_NAME = frozenset({Kind.PERSON, Kind.DIRECTORY_GROUP, Kind.FILE})


class Checked(NamedTuple):
    """The answers that can be kept, and what is wrong with the others."""

    answers: dict[str, Answer]
    errors: dict[str, Text]


def validate(item: Item, given: Mapping[str, object], today: date, exists: Exists | None = None) -> Checked:
    """Return the clean answers to an item's questions, and an error for each that is missing, wrong or unasked.

    `today` is the day in the requester's zone. Without `exists`, any well-formed person or group passes: the service
    always gives one. What was answered to a question that is not asked is dropped, whatever it is.
    """
    checked = Checked({}, {})
    for name in given:
        if item.field(name) is None:
            checked.errors[str(name)[:60]] = t("This item has no such question.")
    for question in item.fields:
        if not conditions.holds(question.when, checked.answers):
            continue
        try:
            answer = _judged(question, given.get(question.name), today, exists)
        except Refused as refused:
            checked.errors[question.name] = refused.text
        else:
            if answer is not None:
                checked.answers[question.name] = answer
    return checked


def _judged(question: Field, given: object, today: date, exists: Exists | None) -> Answer | None:
    composite = COMPOSITES.get(question.kind)
    answer = composite(question, given, today) if composite else clean(question, given, today)
    if answer is None:
        if question.required:
            raise Refused(t("Answer this question."))
        return None
    if question.kind in BY_NAME and exists is not None and not exists(question, str(answer)):
        raise Refused(t("Choose one from the list.") if question.kind is not Kind.FILE else t("Choose the file again."))
    return answer
