"""Text that waits for its reader's language.

Rules and services speak in msgids (the English sentence); the edges translate them (app/language.py).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Text:
    """An English sentence with named gaps (`%(name)s`) and the values that fill them."""

    msgid: str
    params: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        """Return the English sentence, for logs and the command line."""
        return self.msgid % dict(self.params) if self.params else self.msgid


def t(msgid: str, **params: object) -> Text:
    """Mark a sentence for translation and fill its gaps later, in the reader's language."""
    return Text(msgid, tuple(params.items()))


# Languages the desk speaks, in the order they are offered; the first is the language of the source.
LANGUAGES: Final = ("en", "pt")
