"""What the automatic steps of an item would do, as it was stored: words, and the exact difference outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.rules.words import Text


@dataclass(frozen=True)
class Difference:
    """One line of a difference: `op` is add, remove, send, set or another word of the action."""

    op: str
    of: str
    part: str
    value: str

    @property
    def sign(self) -> str:
        """The mark in front of the line."""
        return {"add": "+", "remove": "−"}.get(self.op, "→")


@dataclass(frozen=True)
class Planned:
    """What one automatic step would do; `fault` says why it cannot."""

    words: Text
    changes: tuple[Difference, ...] = ()
    fault: Text | None = None


def read(plan: Sequence[Mapping[str, Any]] | None) -> dict[str, Planned]:
    """Return the plan of each automatic step by its name."""
    return {str(step["step"]): _planned(step) for step in plan or ()}


def _planned(step: Mapping[str, Any]) -> Planned:
    changes = (Difference(**{name: str(each[name]) for name in ("op", "of", "part", "value")})
               for each in step.get("changes", ()) if isinstance(each, Mapping))  # fmt: skip
    return Planned(_text(step.get("words", "")), tuple(changes), _text(step["fault"]) if step.get("fault") else None)


def _text(stored: Any) -> Text:
    """Return a stored sentence: its words, and what fills them."""
    if isinstance(stored, str):
        return Text(stored.replace("%", "%%")) if "%" in stored else Text(stored)
    msgid, params = stored
    return Text(msgid, tuple(params.items()))
