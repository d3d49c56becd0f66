"""Judge one plain answer: text, a number, money, a day, a choice, a name."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from app.rules.catalog import patterns
from app.rules.catalog.items import Field, Kind
from app.rules.words import Text, t

Plain = str | int | bool

LENGTHS: Final = {Kind.TEXT: 200, Kind.LONG_TEXT: 4000}
LONGEST_NAME = 255
LARGEST_NUMBER = 10**12
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,13}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
KEY = re.compile(r"[0-9A-Za-z_-]{16,64}", re.ASCII)  # by which an uploaded file is called
_AMOUNT = re.compile(  # 1200 · 1200.5 · 1,200.00 · 1.200,00 · 1 200,00; three digits behind one sign are thousands
    r"(?P<whole>\d{1,3}(?P<sign>[.,\u00a0 ])\d{3}(?:(?P=sign)\d{3}){0,3}|\d{1,13})(?:(?!(?P=sign))[.,](?P<cents>\d{1,2}))?",
    re.ASCII,
)
_YES_NO: Final[Mapping[str, bool]] = {"yes": True, "true": True, "no": False, "false": False}


class Refused(ValueError):
    """An answer that does not fit its question; `text` says why."""

    def __init__(self, text: Text) -> None:
        """Keep the sentence."""
        super().__init__(str(text))
        self.text = text


def clean(question: Field, given: object, today: date) -> Plain | None:
    """Return a plain answer as it is kept; None when nothing was answered. Raises Refused with the reason."""
    if given is not None and not isinstance(given, str | int):
        raise Refused(t("This answer is not of the right kind."))
    text = _text(given)
    return CLEANERS[question.kind](question, text, today) if text.strip() else None


def _text(given: str | int | None) -> str:
    if isinstance(given, bool):
        return "yes" if given else "no"
    return "" if given is None else str(given)


def _line(question: Field, text: str, today: date) -> str:
    line = _measured(question, " ".join(unicodedata.normalize("NFC", text).split()))
    if question.pattern and not patterns.fits(question.pattern, line):
        raise Refused(t("This does not look as it should. See the line under the question."))
    return line


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


def _file(question: Field, text: str, today: date) -> str:
    if not KEY.fullmatch(text.strip()):
        raise Refused(t("Choose the file again."))
    return text.strip()


def _money(question: Field, text: str, today: date) -> str:
    found = _AMOUNT.fullmatch(" ".join(text.split()))
    if not found:
        raise Refused(t("Give an amount such as %(example)s.", example="1250.00"))
    whole, cents = re.sub(r"\D", "", found["whole"]), (found["cents"] or "").ljust(2, "0")
    amount = Decimal(f"{whole}.{cents}")
    if amount > LARGEST_NUMBER:
        raise Refused(t("Give an amount such as %(example)s.", example="1250.00"))
    _bounded(question, amount)
    return str(amount)


def _bounded(question: Field, number: Decimal | int) -> None:
    if question.min is not None and number < question.min:
        raise Refused(t("Give %(least)s or more.", least=question.min))
    if question.max is not None and number > question.max:
        raise Refused(t("Give %(most)s or less.", most=question.max))


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
    _bounded(question, number)
    return number


CLEANERS: Final[Mapping[Kind, Callable[[Field, str, date], Plain]]] = {
    Kind.TEXT: _line,
    Kind.LONG_TEXT: _paragraphs,
    Kind.CHOICE: _choice,
    Kind.YES_NO: _yes_no,
    Kind.DATE: _date,
    Kind.PERSON: _name,
    Kind.DIRECTORY_GROUP: _name,
    Kind.NUMBER: _number,
    Kind.MONEY: _money,
    Kind.FILE: _file,
}
