"""Read mapping files (config/imports/*.toml) and the files of other desks they are for: CSV, also packed with gzip."""

import csv
import gzip
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from app.rules import imports
from app.rules.errors import DeskError
from app.rules.histories import Line
from app.rules.imports import Mapping, MappingFault
from app.rules.words import t

LONGEST_FIELD: Final = 4 * 1024 * 1024


class Unreadable(DeskError):
    """A file that cannot be read: not there, no table, or columns are missing."""


def mapping(path: Path) -> Mapping:
    """Return a mapping file, checked."""
    try:
        return imports.parse(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeError) as gone:
        raise Unreadable(t("%(file)s cannot be read.", file=path.name)) from gone
    except (tomllib.TOMLDecodeError, MappingFault) as fault:
        raise Unreadable(t("%(file)s: %(fault)s", file=path.name, fault=str(fault))) from fault


def lines(path: Path, of: Mapping) -> Iterator[Line]:
    """Yield each line of the file below its heading; one of a wrong form says what is wrong with it."""
    csv.field_size_limit(LONGEST_FIELD)
    with _opened(path) as file:
        try:
            reader = csv.reader(file, delimiter=of.delimiter)
            heading = [name.strip() for name in next(reader, [])]
            _expect(path, of, heading)
            for row in reader:
                if row:
                    yield _line(reader.line_num, heading, row)
        except (OSError, EOFError, gzip.BadGzipFile) as broken:
            raise Unreadable(t("%(file)s cannot be read.", file=path.name)) from broken
        except csv.Error as broken:
            raise Unreadable(t("%(file)s: %(fault)s", file=path.name, fault=f"line {reader.line_num}: {broken}")) from broken


def _opened(path: Path) -> IO[str]:
    try:
        with path.open("rb") as start:
            is_packed = start.read(2) == b"\x1f\x8b"
    except OSError as gone:
        raise Unreadable(t("%(file)s cannot be read.", file=path.name)) from gone
    kind = gzip.open if is_packed else open
    return kind(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")


def _expect(path: Path, of: Mapping, heading: list[str]) -> None:
    wanted = {*of.columns.values(), *of.keep.values(), *(link.column for link in of.links), *of.title}
    if missing := sorted(wanted - set(heading)):
        raise Unreadable(t("%(file)s has no column %(names)s, which the mapping names.", file=path.name, names=", ".join(missing)))


def _line(number: int, heading: list[str], row: list[str]) -> Line:
    values = dict(zip(heading, row, strict=False))
    if len(row) != len(heading):
        return Line(number, values, f"it has {len(row)} values, and the heading has {len(heading)}")
    if any(not value.isascii() and any("\udc80" <= sign <= "\udcff" for sign in value) for value in row):
        return Line(number, values, "it is not UTF-8")
    return Line(number, values)
