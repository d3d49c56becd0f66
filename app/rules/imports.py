"""What a mapping file says: which column of another desk's file means what here (domain.md 11).

A mapping is data. Parsing it never asks anybody: table in, Mapping out, or a MappingFault that names the key.
"""

from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.rules.incidents import MATRIX_KEYS, Matrix
from app.rules.lifecycle import STATES, RecordKind

# what a column may be called here, by kind of thing; those that must be there come first
REQUIRED: Final = {
    "incident": ("number", "state"), "person": ("login", "name"), "team": ("key", "name"), "ci": ("key", "name", "class"),
}  # fmt: skip
TIMES: Final = ("at", "opened_at", "resolved_at", "closed_at")
PEOPLE: Final = ("requester", "opened_by", "actor", "assignee", "resolved_by")
CODED: Final = ("impact", "urgency", "priority")  # read as numbers, by [values.*] where they are words
COLUMNS: Final = {
    "incident": ("number", "state", *TIMES, *PEOPLE, *CODED, "team", "category", "subcategory", "channel", "resolution_code",
                 "ci", "title", "description"),
    "person": ("login", "name", "email", "title", "department", "manager", "language", "vip"),
    "team": ("key", "name", "name_pt", "email", "lead", "members"),
    "ci": ("key", "name", "class", "criticality", "owner", "team", "description", "depends_on", "runs_on"),
}  # fmt: skip
TABLES: Final = frozenset(
    {"name", "kind", "zone", "dates", "unknown", "delimiter", "list_separator", "title", "columns", "keep", "states", "values",
     "defaults", "priorities", "links", "figures"}
)  # fmt: skip
UNKNOWN: Final = "unknown"  # the channel of what came in nobody knows how
LINKED: Final = ("problem", "change")


class MappingFault(ValueError):
    """A mapping that cannot be used; the message names the key and what is allowed."""


@dataclass(frozen=True)
class LinkColumn:
    """A column that names another record: of which kind it is, and the type of the link to it."""

    column: str
    kind: RecordKind
    type: str


@dataclass(frozen=True)
class Mapping:
    """A mapping file, checked; `columns` and `keep` are ours → theirs."""

    name: str
    kind: str
    columns: Table[str, str]
    zone: ZoneInfo
    dates: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",)
    unknown: frozenset[str] = frozenset({""})
    mark: str = ""  # which of these the source writes itself
    delimiter: str = ","
    list_separator: str = ";"
    title: tuple[str, ...] = ()
    keep: Table[str, str] = field(default_factory=dict)
    states: Table[str, tuple[str, str | None]] = field(default_factory=dict)
    values: Table[str, Table[str, Any]] = field(default_factory=dict)
    defaults: Table[str, Any] = field(default_factory=dict)
    matrix: Matrix | None = None
    links: tuple[LinkColumn, ...] = ()
    instants: tuple[str, ...] = ()

    def label(self, name: str, value: object) -> str:
        """Return the word the source has for one of our values; its mark for the unknown where there is none."""
        found = next((word for word, ours in self.values.get(name, {}).items() if ours == value), None)
        return found or (self.mark if value in {None, UNKNOWN} else str(value))

    def moment(self, text: str) -> datetime:
        """Return a date of the file as an instant (aware, UTC); ValueError where no form of `dates` fits."""
        return _moment(text, self.dates, self.zone)

    def local(self, moment: datetime) -> datetime:
        """Return an instant on the source's own clock, without a zone."""
        return moment.astimezone(self.zone).replace(tzinfo=None)


@lru_cache(maxsize=200_000)
def _moment(text: str, forms: tuple[str, ...], zone: ZoneInfo) -> datetime:
    for form in forms:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    raise ValueError(text)


def parse(read: Table[str, Any]) -> Mapping:
    """Return the mapping that a parsed TOML file says, or raise MappingFault."""
    _only("the file", read, TABLES)
    kind = read.get("kind")
    if kind not in REQUIRED:
        raise MappingFault(f"kind is {kind!r}; allowed: {', '.join(REQUIRED)}")
    if not isinstance(read.get("name"), str) or not read["name"]:
        raise MappingFault("name is missing: what the other desk is called here")
    columns = _words("columns", read.get("columns", {}))
    _only("[columns]", columns, COLUMNS[kind])
    for name in REQUIRED[kind]:
        if name not in columns:
            raise MappingFault(f"[columns] says no {name}")
    unknown = _texts("unknown", read.get("unknown", [""]))
    return Mapping(
        name=read["name"], kind=kind, columns=columns, zone=_zone(read.get("zone", "UTC")),
        dates=_texts("dates", read.get("dates", ["%Y-%m-%d %H:%M:%S"])), unknown=frozenset(unknown), mark=next(iter(unknown), ""),
        delimiter=str(read.get("delimiter", ",")), list_separator=str(read.get("list_separator", ";")),
        title=_texts("title", read.get("title", [])), keep=_words("keep", read.get("keep", {})),
        states=_states(read.get("states", {}), kind), values=_values(read.get("values", {})),
        defaults=dict(read.get("defaults", {})), matrix=_matrix(read.get("priorities")), links=_links(read.get("links", {})),
        instants=_texts("figures.instants", read.get("figures", {}).get("instants", [])),
    )  # fmt: skip


def _only(where: str, given: Table[str, Any], allowed: Any) -> None:
    if unknown := sorted(given.keys() - set(allowed)):
        raise MappingFault(f"{where} says {', '.join(unknown)}; allowed: {', '.join(sorted(allowed))}")


def _words(where: str, table: Any) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(each, str) for each in table.values()):
        raise MappingFault(f"[{where}] must be a table of names in quotes")
    return dict(table)


def _texts(where: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise MappingFault(f"{where} must be a list of texts in quotes")
    return tuple(given)


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise MappingFault(f"zone {name!r} is not known; write an IANA name such as America/Sao_Paulo") from unknown


def _states(table: Any, kind: str) -> dict[str, tuple[str, str | None]]:
    """`"Awaiting Vendor" = "on_hold vendor"`: our state, and on hold what it waits for."""
    found = {}
    for label, ours in _words("states", table).items():
        state, _, reason = ours.partition(" ")
        if state not in STATES[RecordKind.INCIDENT] or bool(reason) != (state == "on_hold"):
            raise MappingFault(f'[states] "{label}" = "{ours}": write one of our states; on_hold with its reason behind it')
        found[label] = (state, reason or None)
    if kind == "incident" and not found:
        raise MappingFault("[states] is missing: what each state of the other desk is called here")
    return found


def _values(table: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(table, dict) or not all(isinstance(each, dict) for each in table.values()):
        raise MappingFault("[values.<column>] must be tables")
    for name in CODED:
        if any(not isinstance(value, int) for value in table.get(name, {}).values()):
            raise MappingFault(f"[values.{name}] must give whole numbers")
    return {name: dict(words) for name, words in table.items()}


def _matrix(table: Any) -> Matrix | None:
    if table is None:
        return None
    found = {str(pair): value for pair, value in table.items()} if isinstance(table, dict) else {}
    if set(found) != set(MATRIX_KEYS) or any(value not in range(1, 6) for value in found.values()):
        raise MappingFault('[priorities] must give a priority from 1 to 5 for each of "11" to "33" (impact, then urgency)')
    return found


def _links(table: Any) -> tuple[LinkColumn, ...]:
    found = []
    for type_, said in (table if isinstance(table, dict) else {}).items():
        if not isinstance(said, dict) or said.get("kind") not in LINKED or not isinstance(said.get("column"), str):
            raise MappingFault(f"[links.{type_}] must say column, and kind: {' or '.join(LINKED)}")
        found.append(LinkColumn(said["column"], RecordKind(said["kind"]), str(type_)))
    return tuple(found)
