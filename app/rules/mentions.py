"""Marks in what people write: whom a text calls (`@bo please look`), and gaps to be filled (`Hello {caller}`). Pure."""

import re
from collections.abc import Mapping
from typing import Final

MENTION: Final = re.compile(r"(?<![\w@./])@([a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?)", re.IGNORECASE)
MOST: Final = 10


def mentioned(text: str) -> list[str]:
    """Return the user names a text calls, each once, in small letters, as they come; at most so many are heard."""
    return list(dict.fromkeys(found.lower() for found in MENTION.findall(text)))[:MOST]


GAP: Final = re.compile(r"\{([a-z_]+)\}")
GAPS: Final = frozenset({"caller", "number", "title", "me", "team"})


def gaps(text: str) -> set[str]:
    """Return the names of the gaps of a text: `Hello {caller}` has `caller`."""
    return set(GAP.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its gaps filled; what fills them is not read for gaps again."""
    return GAP.sub(lambda found: values.get(found[1], found[0]), text)


def draft_key(number: str, kind: str) -> str:
    """Return under which name a person's draft of a reply or a note on a record is kept."""
    return f"{number}/{kind}"
