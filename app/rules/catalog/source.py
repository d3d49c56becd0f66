"""Where in a TOML file a key stands. tomllib tells values without their lines, and a fault without a line is a riddle."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

Path = tuple[str | int, ...]
"""Keys from the top, list positions as numbers: ("fields", 1, "label")."""

_HEADER = re.compile(r"\s*(\[\[?)([^\]#]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""' + r"|'''.*?'''" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'|#[^\n]*|[\[\]{}]|\n", re.DOTALL
)
_AT_LINE = re.compile(r" \((?:at line (\d+), column \d+|at end of document)\)$")


DEEPEST = 8  # no key of ours lies deeper; a file that goes on is at fault anyway


class Source:
    """The text of one file, and the line of each of its keys and tables."""

    def __init__(self, file: str, text: str) -> None:
        """Find every key; the text may be broken TOML, then what was found before the break counts."""
        self.file = file
        self.text = text
        self.too_deep = 0  # the line of a key no file of ours has, and on which tomllib would work for minutes
        self._lines: dict[Path, int] = {}
        self._entries: dict[Path, int] = {}
        self._scan()

    def line(self, path: Path) -> int:
        """Return the line of a key, or of the nearest table above it that has one; the first line is 1."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1

    def _scan(self) -> None:
        table: Path = ()
        begin, skip = 0, 0
        for number, line in enumerate(self.text.split("\n"), start=1):
            begin, here = begin + len(line) + 1, begin
            if skip:
                skip -= 1
            elif header := _HEADER.match(line):
                table = self._table(self._parts(header[2], number), is_list=header[1] == "[[")
                self._lines.setdefault(table, number)
                self._lines.setdefault(table[:-1], number)
            elif key := _KEY.match(line):
                path = table
                for part in self._parts(key[1], number):
                    path = (*path, part)
                    self._lines.setdefault(path, number)
                skip = _lines_of_value(self.text, here + key.end())

    def _table(self, parts: tuple[str, ...], *, is_list: bool) -> Path:
        """The path of a header: a name of a list of tables stands for its latest entry."""
        path: Path = ()
        for position, part in enumerate(parts):
            path = (*path, part)
            last = position == len(parts) - 1
            entries = self._entries.get(path, 0)
            if last and is_list:
                self._entries[path] = entries + 1
                path = (*path, entries)
            elif entries:
                path = (*path, entries - 1)
        return path

    def _parts(self, dotted: str, line: int) -> tuple[str, ...]:
        parts = _PART.findall(dotted)
        if len(parts) > DEEPEST:
            self.too_deep = self.too_deep or line
        return tuple(part.strip("\"'") for part in parts[:DEEPEST])


def read(source: Source) -> dict[str, Any] | tuple[int, str]:
    """Return the tables of a file, or the line and the words of what tomllib could not read."""
    if source.too_deep:
        return source.too_deep, "too many dots in one key"
    try:
        return tomllib.loads(source.text)
    except RecursionError:
        return 1, "too many brackets inside each other"
    except tomllib.TOMLDecodeError as fault:
        words = str(fault)
        found = _AT_LINE.search(words)
        line = int(found[1]) if found and found[1] else source.text.rstrip().count("\n") + 1
        return max(line, 1), _AT_LINE.sub("", words)


def at(tables: Mapping[str, Any], path: Path) -> Any:
    """Return the value at a path, or None."""
    value: Any = tables
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _lines_of_value(text: str, start: int) -> int:
    """How many more lines the value that starts there runs over: long strings, and lists over several lines."""
    depth, lines = 0, 0
    for token in _TOKEN.finditer(text, start):
        word = token[0]
        if word == "\n" and depth <= 0:
            break
        lines += word.count("\n")
        depth += (word in "[{") - (word in "]}")
    return lines
