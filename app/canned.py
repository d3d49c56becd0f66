"""Read config/answers.toml: answers that are given again and again, by team, with gaps that are filled in."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from app.rules.catalog.items import Translated
from app.rules.mentions import GAPS, gaps
from app.settings import settings

FILE: Final = "answers.toml"
KEYS: Final = frozenset({"key", "name", "name_pt", "text", "text_pt", "team"})


class AnswerFault(ValueError):
    """A file that cannot be used: the message names the answer and what is wrong with it."""


@dataclass(frozen=True)
class Answer:
    """One answer; without a team everybody has it."""

    key: str
    name: Translated
    text: Translated
    team: str


def answers() -> tuple[Answer, ...]:
    """Return the organisation's answers, read once; none where there is no file."""
    return _answers(settings().config_dir / FILE)


@cache
def _answers(path: Path) -> tuple[Answer, ...]:
    return load(path) if path.is_file() else ()


def load(path: Path) -> tuple[Answer, ...]:
    """Read a file; AnswerFault says what is wrong with it."""
    try:
        read = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as fault:
        raise AnswerFault(f"{path.name}: {fault}") from fault
    found: dict[str, Answer] = {}
    for table in read.get("answers", ()):
        made = _answer(path.name, table)
        if made.key in found:
            raise AnswerFault(f"{path.name}: {made.key!r} stands there twice")
        found[made.key] = made
    return tuple(found.values())


def _answer(file: str, table: Mapping[str, str]) -> Answer:
    key = str(table.get("key", ""))
    if unknown := sorted(table.keys() - KEYS):
        raise AnswerFault(f"{file}: answer {key!r} says {unknown[0]}; allowed: {', '.join(sorted(KEYS))}")
    if not key or not all(str(table.get(name, "")).strip() for name in KEYS - {"team"}):
        raise AnswerFault(f"{file}: answer {key!r} needs {', '.join(sorted(KEYS - {'team'}))}")
    if wrong := (gaps(table["text"]) | gaps(table["text_pt"])) - GAPS:
        raise AnswerFault(f"{file}: answer {key!r} has the gap {{{min(wrong)}}}; known: {', '.join(sorted(GAPS))}")
    words = Translated({"en": table["name"], "pt": table["name_pt"]})
    return Answer(key, words, Translated({"en": table["text"].strip(), "pt": table["text_pt"].strip()}), table.get("team", ""))
