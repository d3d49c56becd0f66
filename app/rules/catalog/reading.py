"""From the text of a file to an item: is every key known, of the right shape, and there in every language?

What the parts mean to each other is judged in meaning.py. Every fault names the file, the line, what is wrong and how
to mend it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.rules import hours
from app.rules.catalog import schema, source
from app.rules.catalog.costs import AMOUNT
from app.rules.catalog.schema import Key, Shape
from app.rules.catalog.source import Path, Source
from app.rules.catalog.templates import PLACEHOLDER
from app.rules.words import Text, t


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a file of the catalogue, and what to do about it."""

    file: str
    line: int
    what: Text
    mend: Text

    def __str__(self) -> str:
        """Return it as a line of `desk catalog check`."""
        return f"{self.file}:{self.line}: {self.what} {self.mend}"

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, its sentences still to be translated."""
        words = {name: [text.msgid, dict(text.params)] for name, text in (("what", self.what), ("mend", self.mend))}
        return {"file": self.file, "line": self.line, **words}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Fault":
        """Rebuild a fault that `to_json` stored."""
        what, mend = (Text(data[name][0], tuple(data[name][1].items())) for name in ("what", "mend"))
        return cls(data["file"], data["line"], what, mend)


class Faults:
    """The faults found so far in one file."""

    def __init__(self, origin: Source) -> None:
        """Start with none."""
        self.origin = origin
        self.found: list[Fault] = []

    def add(self, path: Path, what: Text, mend: Text) -> None:
        """Keep a fault at the line of that path."""
        self.found.append(Fault(self.origin.file, self.origin.line(path), what, mend))


def tables(faults: Faults) -> dict[str, Any] | None:
    """Return the tables of the file, or None and a fault when it is no TOML at all."""
    read = source.read(faults.origin)
    if isinstance(read, dict):
        return read
    line, words = read
    what = t("This is not valid TOML: %(words)s.", words=words)
    twice = "overwrite" in words or "twice" in words  # tomllib's words for a key or table that stands there already
    mend = (
        t("It stands there already: remove one of the two.")
        if twice
        else t("Look for a missing quote, bracket or = sign on this line or the one above it.")
    )
    faults.found.append(Fault(faults.origin.file, line, what, mend))
    return None


def check_table(table: Mapping[str, Any], keys: Mapping[str, Key], path: Path, faults: Faults) -> None:
    """Find unknown keys, missing ones, missing languages and wrong shapes in one table and in the lists inside it."""
    for name in table:
        if name not in _names(keys):
            what = t("There is no key “%(key)s” here.", key=name)
            faults.add((*path, name), what, nearest(name, tuple(_names(keys))))
    for key in keys.values():
        if key.name not in table:
            if key.required:
                faults.add(
                    path,
                    t("The key “%(key)s” is missing.", key=key.name),
                    t("Add a line: %(example)s", example=example(key, key.name)),
                )
            continue
        for name in (key.name, *_suffixed(key)):
            if name in table:
                _check_value(table[name], key, (*path, name), faults)
            else:
                faults.add(
                    (*path, key.name),
                    t("“%(key)s” has no translation.", key=key.name),
                    t("Add a line: %(example)s", example=example(key, name)),
                )
        if key.table is not None:
            _check_inside(table, key, key.table, path, faults)


def _check_inside(table: Mapping[str, Any], key: Key, keys: Mapping[str, Key], path: Path, faults: Faults) -> None:
    """Check the table, or each table of the list, behind a key."""
    inside = table[key.name]
    if key.shape is Shape.TABLE and isinstance(inside, dict):
        check_table(inside, keys, (*path, key.name), faults)
    for inner, each in entries(table, key.name):
        check_table(each, keys, (*path, *inner), faults)


def entries(tables: Mapping[str, Any], name: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the path and the table of each entry of a list of tables, as far as it is one."""
    listed = tables.get(name)
    for position, table in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(table, dict):
            yield (name, position), table


def example(key: Key, name: str) -> str:
    """Return a line that shows how the key is written."""
    values = {
        Shape.TEXT: '"..."',
        Shape.NAME: '"..."',
        Shape.LENGTH: '"8h"',
        Shape.NUMBER: "10",
        Shape.FLAG: "true",
        Shape.TEXTS: '["..."]',
        Shape.TABLE: "{ ... }",
        Shape.AMOUNT: '"1200.00"',
        Shape.WAIT: '"2d"',
    }
    return f"[[{name}]]" if key.shape is Shape.TABLES else f"{name} = {values[key.shape]}"


def nearest(word: str, known: Iterable[str]) -> Text:
    """Return the mend for a word nobody knows: the one that was probably meant, else all that there are."""
    known = sorted(known)
    near = get_close_matches(word, known, n=1)
    if near:
        return t("Did you mean “%(near)s”?", near=near[0])
    return t("Use one of: %(known)s.", known=", ".join(known))


def _names(keys: Mapping[str, Key]) -> Iterator[str]:
    for key in keys.values():
        yield key.name
        yield from _suffixed(key)


def _suffixed(key: Key) -> list[str]:
    return schema.suffixed(key.name) if key.translated else []


def _check_value(value: Any, key: Key, path: Path, faults: Faults) -> None:
    if not _fits(value, key.shape):
        faults.add(
            path,
            t("The value of “%(key)s” is not of the right kind.", key=path[-1]),
            t("Write it like this: %(example)s", example=example(key, str(path[-1]))),
        )
    elif key.one_of and value not in key.one_of:
        what = t("“%(key)s” cannot be “%(value)s”.", key=key.name, value=value)
        faults.add(path, what, nearest(value, key.one_of))


def _fits(value: Any, shape: Shape) -> bool:
    match shape:
        case Shape.TEXT | Shape.NAME:
            return isinstance(value, str) and bool(value.strip())
        case Shape.LENGTH:
            return isinstance(value, str) and _is_length(value)
        case Shape.WAIT:
            return isinstance(value, str) and (_is_length(value) or PLACEHOLDER.fullmatch(value) is not None)
        case Shape.AMOUNT:
            return isinstance(value, str) and AMOUNT.fullmatch(value) is not None
        case Shape.NUMBER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Shape.FLAG:
            return isinstance(value, bool)
        case Shape.TEXTS:
            return isinstance(value, list) and all(isinstance(each, str) and each.strip() for each in value)
        case Shape.TABLE:
            return isinstance(value, dict)
        case Shape.TABLES:
            return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _is_length(text: str) -> bool:
    try:
        hours.target_parts(text)
    except ValueError:
        return False
    return True
