"""Word what a message says: templates/letters.toml in the reader's language, its gaps filled, on one calm layout."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from textwrap import shorten
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.rules.words import LANGUAGES
from app.services.outbox import Outgoing
from app.settings import settings

FOLDER: Final = Path(__file__).parent / "templates"
# Values every letter about a record may use; the message's own params come on top.
VALUES: Final = frozenset({"number", "title", "request", "requester", "beneficiary", "author", "note"})
SUBJECT_LIMIT: Final = 160
TITLE_LIMIT: Final = 70
_GAP: Final = re.compile(r"\{([a-z_]+)\}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # also those that turn text around


class Unwritable(ValueError):
    """A message that no letter fits: an unknown template, or a value its subject needs is missing."""


@dataclass(frozen=True)
class Letter:
    """What one person gets to read, and the headers that say where it belongs."""

    message_id: str
    address: str
    name: str
    language: str
    number: str
    thread: str
    subject: str
    paragraphs: tuple[str, ...]
    button: str
    link: str
    footer: str
    entries: tuple[tuple[str, str], ...] = ()  # of a digest: what each piece of news says, and where it leads

    @property
    def text(self) -> str:
        """The plain text, always there."""
        return _layouts().get_template("layout.txt").render(letter=self).strip() + "\n"

    @property
    def html(self) -> str:
        """The same as HTML; everything in it is escaped."""
        return _layouts().get_template("layout.html").render(letter=self)


def write(message: Outgoing) -> Letter:
    """Return the letter of a message; raises Unwritable."""
    words = templates().get(message.template)
    if words is None:
        raise Unwritable(f"no letter is called {message.template!r}")
    values = _all(message.values, message.params)
    subject = subject_of(message.template, message.language, values)
    if not subject:
        raise Unwritable(f"a value in the subject of {message.template!r} is missing")
    filled = (_fill(each.strip(), values) for each in _in(words, "text", message.language).split("\n\n"))
    link = path_of(message.template, values)
    return Letter(
        message_id=message.message_id, address=message.address, name=line(message.name), language=message.language,
        number=message.values.get("number", ""), thread=message.values.get("request", ""),
        subject=subject, paragraphs=tuple(each for each in filled if each),
        button=_in(words, "button", message.language) if link else "",
        link=settings().base_url.rstrip("/") + link if link else "",
        footer=_footer(_in(words, "because", message.language), message.language),
    )  # fmt: skip


def digest(written: Sequence[Letter], more: int) -> Letter:
    """Return one letter in the place of several to the same reader; `more` are said to be in the inbox alone."""
    first, count = written[0], len(written) + more
    words = templates()["digest"]
    values = {"count": str(count), "more": str(more) if more else ""}
    paragraphs = (_fill(each.strip(), values) for each in _in(words, "text", first.language).split("\n\n"))
    return replace(
        first, number="", thread="", subject=_fill(_in(words, "subject", first.language), values), paragraphs=tuple(filter(None, paragraphs)),
        button=_in(words, "button", first.language), link=settings().base_url.rstrip("/") + words["link"],
        footer=_footer(_in(words, "because", first.language), first.language),
        entries=tuple((f"{each.number} · {each.subject}" if each.number and each.number not in each.subject else each.subject, each.link) for each in written),
    )  # fmt: skip


def subject_of(template: str, language: str, values: Mapping[str, Any]) -> str:
    """Return what a letter says in one line; empty when nobody wrote it, or a value is missing."""
    filled = _all(values, {})
    words = _in(templates().get(template, {}), "subject", language)
    return line(_fill(words, filled | {"title": shortened(filled.get("title", ""))}))[:SUBJECT_LIMIT]


def path_of(template: str, values: Mapping[str, Any]) -> str:
    """Return where a letter leads, on the desk's own address; empty when a value is missing."""
    return _fill(templates().get(template, {}).get("link", ""), _all(values, {}))


def shortened(title: str) -> str:
    """Return a title as a subject can hold it: whole words, and dots where something is left out."""
    plain = line(title)
    short = shorten(plain, TITLE_LIMIT, placeholder=" …")
    return short if short.strip(" …") or not plain else plain[:TITLE_LIMIT]


def templates() -> Mapping[str, Mapping[str, str]]:
    """Return every letter by its name."""
    return {name: words for name, words in _file().items() if isinstance(words, dict)}


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads((FOLDER / "letters.toml").read_text("utf-8"))


def gaps(words: str) -> set[str]:
    """Return the names that stand in braces."""
    return set(_GAP.findall(words))


def line(words: str) -> str:
    """Return the words as one line that no header can be hidden in."""
    return " ".join(_CONTROL.sub(" ", words).split())


def _in(words: Mapping[str, Any], name: str, language: str) -> str:
    if language != LANGUAGES[0] and f"{name}_{language}" in words:
        name = f"{name}_{language}"
    return str(words.get(name, ""))


def _fill(words: str, values: Mapping[str, str]) -> str:
    """Fill the gaps in one pass, so that braces in a value are only text; empty when a value is missing."""
    if not all(values.get(name) for name in gaps(words)):
        return ""
    return _CONTROL.sub("", _GAP.sub(lambda gap: values[gap[1]], words).replace("\r\n", "\n")).strip()


def _all(values: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in {**values, **params}.items() if value is not None}


def _footer(because: str, language: str) -> str:
    words = _in(_file(), "footer_because" if because else "footer", language)
    return _fill(words, {"desk": settings().base_url, "because": because})


@cache
def _layouts() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER), autoescape=select_autoescape(["html"]), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
