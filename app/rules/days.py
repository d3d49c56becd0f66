"""Days in words, for sentences that are made where no library for languages is: `15 Jan 2027`, `15 de jan. de 2027`."""

from datetime import date
from typing import Final

MONTHS: Final = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "pt": ("jan.", "fev.", "mar.", "abr.", "mai.", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez."),
}
PATTERNS: Final = {"en": "{day} {month} {year}", "pt": "{day} de {month} de {year}"}


def in_words(day: str, language: str) -> str:
    """Return a day given as YYYY-MM-DD as people write it; what is no day stays as it is."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return day
    return PATTERNS[language].format(day=found.day, month=MONTHS[language][found.month - 1], year=found.year)
