"""Sort out the lines of another desk's log: each a step in the history of one record, or rejected with a reason.

A record with one line that cannot be understood is kept out whole: a history with a hole would be a wrong history.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from app.rules.imports import CODED, PEOPLE, TIMES, UNKNOWN
from app.rules.imports import Mapping as Columns

NAMED: Final = (*PEOPLE, "team", "ci")
LONGEST: Final = 2000  # characters of any value but a description


class Rejected(NamedTuple):
    """A line that was not taken: its number in the file, the record it belongs to, and why in plain words."""

    line: int
    key: str
    reason: str


class Line(NamedTuple):
    """A line of the file: its number, its values by the file's own columns, or what is wrong with its form."""

    number: int
    values: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """What one line says of its record, in our words; None is what the source does not know."""

    line: int
    key: str
    label: str
    state: str
    hold_reason: str | None
    at: datetime
    opened_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    names: dict[str, str]  # people, team and CI by the names the source has for them
    impact: int
    urgency: int
    priority: int | None  # as the source says it; ours is derived
    category: str | None
    channel: str
    resolution_code: str | None
    title: str
    description: str
    links: dict[str, str]  # by type of link
    kept: dict[str, str]
    digest: bytes


@dataclass
class Sorted:
    """The histories of a file by record, in the order of the file, and the lines that were rejected."""

    histories: dict[str, list[Update]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def updates(self) -> int:
        """How many lines can be played."""
        return sum(map(len, self.histories.values()))


def sort_out(columns: Columns, lines: Iterable[Line]) -> Sorted:
    """Understand each line; whatever cannot be played is rejected, line by line."""
    found, faulty, waiting = Sorted(), dict[str, int](), list[Rejected]()
    for line in lines:
        key = (line.values.get(columns.columns["number"]) or "").strip()
        fault, update = line.fault, None
        if not fault and (not key or key in columns.unknown):
            fault = "it names no record"
        if not fault:
            update, fault = understood(columns, key, line)
        if update is not None:
            found.histories.setdefault(key, []).append(update)
            continue
        waiting.append(Rejected(line.number, key, fault))
        if key:
            faulty.setdefault(key, line.number)
    for key, number in faulty.items():
        waiting += [Rejected(each.line, key, f"its record is kept out because of line {number}") for each in found.histories.pop(key, [])]
    found.rejected = sorted(waiting)
    return found


def understood(columns: Columns, key: str, line: Line) -> tuple[Update | None, str]:
    """Return what a line says, or why it cannot be understood."""
    given = {ours: _known(columns, line.values.get(theirs)) for ours, theirs in columns.columns.items()}
    label = given.get("state") or str(columns.defaults.get("state", ""))
    if label not in columns.states:
        return None, f"the state “{label}” is not in the mapping" if label else "it says no state"
    for name, value in given.items():
        if value is not None and ("\x00" in value or (name != "description" and len(value) > LONGEST)):
            return None, f"{columns.columns[name]} holds a text that cannot be stored"
    try:
        times = {name: columns.moment(value) if (value := given.get(name)) else None for name in TIMES}
        codes = {name: _coded(columns, name, given.get(name)) for name in CODED}
    except _Odd as odd:
        return None, str(odd)
    except ValueError as wrong:
        return None, f"“{wrong}” is no date of the form {' or '.join(columns.dates)}"
    at = times["at"] or times["opened_at"]
    if at is None:
        return None, "it does not say when it happened"
    if codes["impact"] is None or codes["urgency"] is None:
        return None, "it says no impact and urgency from 1 to 3"
    state, reason = columns.states[label]
    return Update(
        line=line.number, key=key, label=label, state=state, hold_reason=reason, at=at, opened_at=times["opened_at"] or at,
        resolved_at=times["resolved_at"], closed_at=times["closed_at"],
        names={name: value for name in NAMED if (value := given.get(name))},
        impact=codes["impact"], urgency=codes["urgency"], priority=codes["priority"],
        category=category_path(given.get("category"), given.get("subcategory")),
        channel=str(_mapped(columns, "channel", given.get("channel")) or columns.defaults.get("channel", UNKNOWN)),
        resolution_code=_mapped(columns, "resolution_code", given.get("resolution_code")),
        title=_title(columns, given, line, key), description=given.get("description") or "",
        links={link.type: value for link in columns.links if (value := _known(columns, line.values.get(link.column)))},
        kept={ours: value for ours, theirs in columns.keep.items() if (value := _known(columns, line.values.get(theirs)))},
        digest=hashlib.sha256("\x1f".join(line.values.values()).encode(errors="surrogateescape")).digest(),
    ), ""  # fmt: skip


def category_path(category: str | None, part: str | None) -> str | None:
    """Return a category and its part as one path; a slash inside a name is not one between two."""
    names = [(name or "").replace("/", "∕") for name in (category, part)]
    return "/".join(names).rstrip("/") or None


def category_names(path: str | None) -> tuple[str, str]:
    """Return the two names of a path as the source wrote them; empty where it knows none."""
    category, _, part = (path or "").partition("/")
    return category.replace("∕", "/"), part.replace("∕", "/")


class _Odd(Exception):
    pass


def _known(columns: Columns, value: str | None) -> str | None:
    text = (value or "").strip()
    return None if text in columns.unknown else text or None


def _mapped(columns: Columns, name: str, value: str | None) -> Any:
    return columns.values[name].get(value, value) if value is not None and name in columns.values else value


def _coded(columns: Columns, name: str, value: str | None) -> int | None:
    found = _mapped(columns, name, value)
    if found is None:
        found = columns.defaults.get(name)
    most = 5 if name == "priority" else 3
    if found is None:
        return None
    if not str(found).isdecimal() or not 1 <= int(found) <= most:
        raise _Odd(f"the {name} “{value}” is not in the mapping")
    return int(found)


def _title(columns: Columns, given: Mapping[str, str | None], line: Line, key: str) -> str:
    parts = [given.get("title"), *(_known(columns, line.values.get(name)) for name in columns.title)]
    return ", ".join(part for part in parts if part)[:200] or key
