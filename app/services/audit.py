"""Prove that the desk's books are whole (`desk verify`): chains, anchors and the invariants of faults.md.

One read-only snapshot, everything streamed: a million events take no more memory than a thousand.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, TypeVar, cast

import psycopg
from sqlalchemy import Connection, text

from app import database
from app.queries import invariants
from app.rules import approvals, chains, lifecycle
from app.rules.approvals import Choice, Outcome
from app.rules.chains import Entry, Finding
from app.rules.lifecycle import Action, RecordKind
from app.services import anchors

T = TypeVar("T")
KEPT: Final = 1000  # findings; of more than these only the number is told
FETCH: Final = 5000
CHUNKS_AT_ONCE: Final = 16  # 4 MiB
_ENDS: Final = {
    action: lifecycle.target(RecordKind.REQUEST, action, "submitted")
    for action in (Action.COMPLETE, Action.INCOMPLETE, Action.SKIP)
}


@dataclass
class Report:
    """What was looked at, how much of it, and what is broken; nothing broken: the books are whole."""

    checked: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: int = 0
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def take(self, found: Iterable[Finding]) -> None:
        """Count what was found, and keep the first of it."""
        for finding in found:
            self.broken += 1
            if len(self.findings) < KEPT:
                self.findings.append(finding)


def verify(tell: Callable[[str], None] = lambda what: None) -> Report:
    """Check everything; `tell` hears what is being looked at."""
    report, started = Report(), time.monotonic()
    with _snapshot() as connection:
        tell("the chains of events")
        report.take(chains.faults(_counted(_entries(connection), report, "events")))
        tell("the anchors")
        report.take(_counted_anchors(connection, report))
        for invariant in invariants.INVARIANTS:
            tell(invariant.promise)
            report.checked[invariant.promise] = 1
            rows = connection.execute(text(invariant.sql))
            report.take(Finding(invariant.name, row, said) for row, said in rows)
        tell("the decisions of approval rounds")
        report.take(_rounds(_counted(_rows(connection, invariants.ROUNDS), report, "approvals")))
        tell("the ends of requests")
        report.take(_requests(_counted(_rows(connection, invariants.REQUESTS), report, "requests")))
        tell("attachments")
        report.take(_attachments(_counted(_rows(connection, invariants.CHUNKS, CHUNKS_AT_ONCE), report, "pieces of files")))
        report.take(
            Finding("I9", f"attachment {id_}", f"{count} pieces of a file that is gone.")
            for id_, count in _rows(connection, invariants.ORPHANS)
        )
    report.seconds = time.monotonic() - started
    return report


@contextmanager
def _snapshot() -> Iterator[Connection]:
    """One view of the whole database, however much is written meanwhile, without the time limits of pages."""
    with database.engine().connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("set transaction read only"))
        for setting in ("statement_timeout = 0", "idle_in_transaction_session_timeout = 0", "cursor_tuple_fraction = 1",
                        "work_mem = '64MB'"):  # fmt: skip
            connection.execute(text(f"set local {setting}"))
        yield connection


def _rows(connection: Connection, sql: str, fetch: int = FETCH) -> Iterator[tuple[Any, ...]]:
    """Stream a query's rows from a cursor in the server, in the binary format: it is what costs the time."""
    driver = cast("psycopg.Connection[tuple[Any, ...]]", connection.connection.driver_connection)
    with driver.cursor(name="verify", binary=True) as cursor:
        cursor.itersize = fetch
        yield from cursor.execute(sql.encode())


def _entries(connection: Connection) -> Iterator[Entry]:
    return map(Entry._make, _rows(connection, invariants.ENTRIES))


def _counted(rows: Iterable[T], report: Report, what: str) -> Iterator[T]:
    report.checked[what] = 0
    for row in rows:
        report.checked[what] += 1
        yield row


def _counted_anchors(connection: Connection, report: Report) -> Iterator[Finding]:
    stored = [anchors.Kept(*row) for row in _rows(connection, anchors.STORED)]
    report.checked["anchors"] = len(stored)
    yield from anchors.faults(stored, _rows(connection, anchors.HASHES))
    published, warning = anchors.published()
    if warning and stored:
        report.warnings.append(warning)
    yield from anchors.unlike(stored, published)


def _rounds(rows: Iterable[tuple[Any, ...]]) -> Iterator[Finding]:
    """A round is decided as its votes say, no sooner and not otherwise."""
    for (number, id_, nth, state), group in groupby(rows, key=lambda row: row[:4]):
        outcomes = []
        for *_, position, needs, stored, chairs, choices in group:
            answers = [Choice(choice) if choice else None for choice in choices]
            outcome = approvals.outcome(needs, approvals.chairs(zip(chairs, answers, strict=True)))
            outcomes.append(outcome)
            if stored in {"approved", "rejected"} and outcome.value != stored:
                said = f"Approval {position} of {number}, round {nth}, is {stored}; its votes say {outcome.value}."
                yield Finding("I6", f"approval round {id_}", said)
        if approvals.round_outcome(outcomes) is not Outcome(state):
            yield Finding("I6", f"approval round {id_}", f"Round {nth} of {number} is {state}, but its votes do not say so.")


def _requests(rows: Iterable[tuple[Any, ...]]) -> Iterator[Finding]:
    """A request ends when, and as, its items have ended."""
    for number, state, items in rows:
        action = lifecycle.roll_up(items)
        end = _ENDS[action] if action else None
        if state in {"draft", "canceled"} or state == end or (end is None and state not in lifecycle.FINAL):
            continue
        said = f"{number} is {state}, but its items are {', '.join(items)}: " + (f"it should be {end}." if end else "some are open.")
        yield Finding("I8", f"record {number}", said)


def _attachments(rows: Iterable[tuple[Any, ...]]) -> Iterator[Finding]:
    """Every file has all its pieces, in order, and the content it was stored with."""
    for (id_, _, size, digest, number), group in groupby(rows, key=lambda row: row[:5]):
        found, length, gap = hashlib.sha256(), 0, False
        for place, (*_, position, data) in enumerate(group):
            if position is None:
                continue
            gap = gap or position != place
            found.update(data)
            length += len(data)
        if gap or length != size or found.hexdigest() != digest:
            why = "a piece is missing" if gap or length != size else "its content was changed"
            yield Finding("I9", f"attachment {id_}", f"A file on {number} is not as it was stored: {why}.")


def as_json(report: Report) -> Mapping[str, Any]:
    """Return the report for machines."""
    return {
        "ok": not report.broken, "broken": report.broken, "seconds": round(report.seconds, 2), "checked": report.checked,
        "warnings": report.warnings,
        "findings": [{"invariant": each.invariant, "row": each.row, "text": each.text} for each in report.findings],
    }  # fmt: skip
