"""Whom a text calls by user name: `@bo please look`. Pure."""

import re
from typing import Final

MENTION: Final = re.compile(r"(?<![\w@./])@([a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?)", re.IGNORECASE)
MOST: Final = 10


def mentioned(text: str) -> list[str]:
    """Return the user names a text calls, each once, in small letters, as they come; at most so many are heard."""
    return list(dict.fromkeys(found.lower() for found in MENTION.findall(text)))[:MOST]
