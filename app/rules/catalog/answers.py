"""Judge the answers to an item's form. The page's form and the server both ask here, so a tampered form gains nothing.

Clean answers are plain JSON: text, whole numbers, true or false, days as YYYY-MM-DD. A question left open is not in
them. Errors are one sentence for each wrong answer, by the name of the field.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from app.rules.catalog.items import Field, Item, Kind
from app.rules.words import Text, t

Answer = str | int | bool
Exists = Callable[[Field, str], bool]
"""Says whether a person or group of that name exists and may be chosen for that field."""

LENGTHS: Final = {Kind.TEXT: 200, Kind.LONG_TEXT: 4000}
LONGEST_NAME = 255
LARGEST_NUMBER = 10**12
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,13}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YES_NO: Final[Mapping[str, bool]] = {"yes": True, "true": True, "no": False, "false": False}


class Checked(NamedTuple):
    """The answers that can be kept, and what is wrong with the others."""

    answers: dict[str, Answer]
    errors: dict[str, Text]


class Refused(ValueError):
    """An answer that does not fit its question; `text` says why."""

    def __init__(self, text: Text) -> None:
        """Keep the sentence."""
        super().__init__(str(text))
        self.text = text


def validate(item: Item, given: Mapping[str, object], today: date, exists: Exists | None = None) -> Checked:
    """Return the clean answers to an item's questions, and an error for each that is missing, wrong or unasked.

    `today` is the day in the requester's zone. Without `exists`, any well-formed person or group passes: the service
    always gives one.
    """
    checked = Checked({}, {})
    for name in given:
        if item.field(name) is None:
            checked.errors[str(name)[:60]] = t("This item has no such question.")
    for question in item.fields:
        try:
            answer = _clean(question, given.get(question.name), today, exists)
        except Refused as refused:
            checked.errors[question.name] = refused.text
        else:
            if answer is not None:
                checked.answers[question.name] = answer
    return checked


def _clean(question: Field, given: object, today: date, exists: Exists | None) -> Answer | None:
    if given is not None and not isinstance(given, str | int):
        raise Refused(t("This answer is not of the right kind."))
    text = _text(given)
    if not text.strip():
        if question.required:
            raise Refused(t("Answer this question."))
        return None
    answer = CLEANERS[question.kind](question, text, today)
    chosen_by_name = question.kind in (Kind.PERSON, Kind.DIRECTORY_GROUP)
    if chosen_by_name and exists is not None and not exists(question, str(answer)):
        raise Refused(t("Choose one from the list."))
    return answer


def _text(given: str | int | None) -> str:
    if isinstance(given, bool):
        return "yes" if given else "no"
    return "" if given is None else str(given)


def _line(question: Field, text: str, today: date) -> str:
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return _measured(question, line)


def _paragraphs(question: Field, text: str, today: date) -> str:
    return _measured(question, unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip())


def _measured(question: Field, text: str) -> str:
    most = question.max_length or LENGTHS[question.kind]
    if len(text) > most:
        raise Refused(t("This is %(length)s characters long; %(most)s fit.", length=len(text), most=most))
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in text):
        raise Refused(t("This holds characters that cannot be stored."))
    return text


def _choice(question: Field, text: str, today: date) -> str:
    if text not in {option.value for option in question.choices}:
        raise Refused(t("Choose one from the list."))
    return text


def _yes_no(question: Field, text: str, today: date) -> bool:
    if text.lower() not in _YES_NO:
        raise Refused(t("Answer yes or no."))
    return _YES_NO[text.lower()]


def _date(question: Field, text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text.strip()) if _DAY.fullmatch(text.strip()) else None
    except ValueError:
        day = None
    if day is None:
        raise Refused(t("Give a day as year-month-day, such as %(day)s.", day=today.isoformat()))
    earliest = today + timedelta(days=question.min_days)
    if day < earliest:
        raise Refused(t("Choose %(day)s or a later day.", day=earliest.isoformat()))
    if question.max_days is not None and day > (latest := today + timedelta(days=question.max_days)):
        raise Refused(t("Choose %(day)s or an earlier day.", day=latest.isoformat()))
    return day.isoformat()


def _name(question: Field, text: str, today: date) -> str:
    name = text.strip()
    if len(name) > LONGEST_NAME or any(unicodedata.category(sign).startswith("C") for sign in name):
        raise Refused(t("Choose one from the list."))
    if question.groups and name not in question.groups:
        raise Refused(t("Choose one from the list."))
    return name


def _number(question: Field, text: str, today: date) -> int:
    if not _WHOLE_NUMBER.fullmatch(text.strip()) or abs(int(text)) > LARGEST_NUMBER:
        raise Refused(t("Give a whole number."))
    number = int(text)
    if question.min is not None and number < question.min:
        raise Refused(t("Give %(least)s or more.", least=question.min))
    if question.max is not None and number > question.max:
        raise Refused(t("Give %(most)s or less.", most=question.max))
    return number


CLEANERS: Final[Mapping[Kind, Callable[[Field, str, date], Answer]]] = {
    Kind.TEXT: _line,
    Kind.LONG_TEXT: _paragraphs,
    Kind.CHOICE: _choice,
    Kind.YES_NO: _yes_no,
    Kind.DATE: _date,
    Kind.PERSON: _name,
    Kind.DIRECTORY_GROUP: _name,
    Kind.NUMBER: _number,
}
