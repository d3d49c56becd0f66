"""Read config/surveys.toml: who is asked how it went (app/rules/surveys.py)."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.rules import tables
from app.rules.surveys import FILE, Policy
from app.rules.tables import Reading
from app.settings import settings

NUMBERS: Final[Mapping[str, tuple[int, int]]] = {"percent": (0, 100), "pause_days": (0, 365), "answer_days": (1, 365)}


class SurveyFault(ValueError):
    """A file that cannot be used: the message names the file, the line, the key and what is allowed."""


def policy() -> Policy:
    """Return the organisation's choice, read once; without the file the usual one. SurveyFault when the file is wrong."""
    return _policy(settings().config_dir / FILE)


@cache
def _policy(path: Path) -> Policy:
    return load(path) if path.exists() else Policy()


def load(path: Path) -> Policy:
    """Return what a file says."""
    origin, read = tables.opened(path, SurveyFault)
    return _Reading(origin).policy(read)


class _Reading(Reading):
    fault_type = SurveyFault

    def policy(self, read: Mapping[str, Any]) -> Policy:
        """Return the one table there is."""
        self.check_keys((), read, {"survey"})
        table = read.get("survey", {})
        self.check_keys(("survey",), table, NUMBERS.keys())
        for key, (least, most) in NUMBERS.items():
            if type(table.get(key)) is not int or not least <= table[key] <= most:
                raise self.fault(("survey", key), f"{key} is {table.get(key)!r}; a whole number from {least} to {most}")
        return Policy(table["percent"], timedelta(days=table["pause_days"]), timedelta(days=table["answer_days"]))
