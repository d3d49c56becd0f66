"""Carry a file in: sort its lines out, bring in what they name, let processes play records beside each other.

Records are split among the processes by their key, so each record's order is the file's. Every process commits at most
50 updates at a time; whatever ends it, the next run goes on behind the last commit.
"""

import multiprocessing
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import text

from app import database, imports, priorities
from app.cli import _progress
from app.rules import histories
from app.rules.errors import ActionNotAllowed, DeskError
from app.rules.histories import Line, Rejected, Sorted
from app.rules.imports import PEOPLE, Mapping
from app.rules.lifecycle import RecordKind
from app.rules.words import t
from app.services import arrivals, placeholders, replays
from app.services.arrivals import Unfit
from app.services.replays import Named, Player
from app.unit_of_work import IMPORTER, UnitOfWork, unit_of_work

AT_ONCE: Final = 50  # updates, or names, in one transaction
LOOK_SECONDS: Final = 0.2
T = TypeVar("T")


class Broken(DeskError):
    """A process that played records ended before it was done; a second run goes on from there."""


@dataclass
class Outcome:
    """What became of a file's lines; `keys` are the records it holds."""

    added: int = 0
    known: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run(file: Path, mapping_file: Path, processes: int) -> Outcome:
    """Bring the file in, and return what became of it."""
    columns, started = imports.mapping(mapping_file), time.monotonic()
    if columns.kind != RecordKind.INCIDENT.value:
        return _rows(columns, file, started)
    with _alone(columns.name):
        found = histories.sort_out(columns, imports.lines(file, columns))
        with unit_of_work(IMPORTER) as uow:
            played, odd = replays.left(uow, columns.name, found.histories)
        for key in {each.key for each in odd}:
            del found.histories[key]
        outcome = Outcome(rejected=sorted([*found.rejected, *odd]), keys=list(found.histories))
        outcome.known = sum(min(len(updates), played.get(key, 0)) for key, updates in found.histories.items())
        outcome.added = found.updates - outcome.known
        if outcome.added:
            _play(file, mapping_file, _named(columns, found), sorted({each.key for each in odd}), processes, outcome.added)
    outcome.seconds = time.monotonic() - started
    return outcome


def _rows(columns: Mapping, file: Path, started: float) -> Outcome:
    """Bring in people, teams or CIs: each line a thing of its own; then what ties them together."""
    outcome, good = Outcome(), []
    with _alone(columns.name):
        for line in imports.lines(file, columns):
            try:
                if line.fault:
                    raise Unfit(line.fault)
                said = arrivals.said(columns, line.values)
                with unit_of_work(IMPORTER) as uow:
                    is_new = arrivals.bring(uow, columns, said)
                outcome.added, outcome.known = outcome.added + is_new, outcome.known + (not is_new)
                outcome.keys.append(said.key)
                good.append((line.number, said))
            except (Unfit, DeskError) as refused:
                outcome.rejected.append(Rejected(line.number, "", arrivals.reason(refused)))
        for number, said in good:
            try:
                with unit_of_work(IMPORTER) as uow:
                    arrivals.tie(uow, columns, said)
            except (Unfit, DeskError) as refused:
                outcome.rejected.append(Rejected(number, said.key, arrivals.reason(refused)))
    outcome.rejected.sort()
    outcome.seconds = time.monotonic() - started
    return outcome


@contextmanager
def _alone(source: str) -> Iterator[None]:
    """Let no second import of the same source run beside this one."""
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"key": zlib.crc32(f"import:{source}".encode())}
        if not connection.execute(text("select pg_try_advisory_lock(:key)"), key).scalar_one():
            raise ActionNotAllowed(t("Something from %(source)s is coming in already. Wait until it is done.", source=source))
        yield
        connection.execute(text("select pg_advisory_unlock(:key)"), key)


def _named(columns: Mapping, found: Sorted) -> Named:
    """Bring in everybody and everything that the file names and that is not here yet."""
    updates = [update for history in found.histories.values() for update in history]
    wanted = {name: dict.fromkeys(each.names[name] for each in updates if name in each.names) for name in histories.NAMED}
    everybody = list(dict.fromkeys(name for role in PEOPLE for name in wanted[role]))
    firsts: dict[tuple[str, str], datetime] = {}
    for update in updates:
        for link in columns.links:
            if (key := update.links.get(link.type)) is not None:
                firsts[link.kind.value, key] = min(update.at, firsts.get((link.kind.value, key), update.at))
    for kind in (RecordKind.INCIDENT, RecordKind.PROBLEM, RecordKind.CHANGE):
        keys = found.histories if kind is RecordKind.INCIDENT else [key for of, key in firsts if of == kind.value]
        with unit_of_work(IMPORTER) as uow:
            placeholders.reserve(uow, kind, keys)
    return Named(
        people=_brought(columns, placeholders.PERSON, everybody, placeholders.people),
        teams=_brought(columns, placeholders.TEAM, wanted["team"], placeholders.teams),
        cis=_brought(columns, placeholders.CI, wanted["ci"], placeholders.cis),
        records=_linked(columns, firsts),
    )  # fmt: skip


def _brought(columns: Mapping, kind: str, names: Iterable[str], bring: Callable[[UnitOfWork, str, list[str]], dict[str, int]]) -> dict[str, int]:
    with unit_of_work(IMPORTER) as uow:
        ids = placeholders.known(uow, columns.name, kind)
    for some in _pieces([name for name in names if name not in ids], AT_ONCE):
        with unit_of_work(IMPORTER) as uow:
            ids |= bring(uow, columns.name, some)
    return ids


def _linked(columns: Mapping, firsts: dict[tuple[str, str], datetime]) -> dict[tuple[str, str], tuple[int, str]]:
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for kind in (RecordKind.PROBLEM, RecordKind.CHANGE):
        with unit_of_work(IMPORTER) as uow:
            known = placeholders.numbered(uow, columns.name, kind)
        fresh = [key for of, key in firsts if of == kind.value and key not in known]
        for some in _pieces(fresh, AT_ONCE):
            with unit_of_work(IMPORTER) as uow:
                known |= placeholders.bare(uow, columns.name, kind, {key: firsts[kind.value, key] for key in some})
        found |= {(kind.value, key): row for key, row in known.items()}
    return found


def _pieces(of: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(of), size):
        yield list(of[start : start + size])


def _play(file: Path, mapping_file: Path, named: Named, skip: list[str], processes: int, total: int) -> None:
    """Start the processes, show how far they are, and wait for them."""
    context = multiprocessing.get_context("spawn")
    counts, faults = [context.Value("Q", 0) for _ in range(processes)], context.SimpleQueue()
    crew: list[BaseProcess] = [
        context.Process(target=_work, args=(part, processes, file, mapping_file, named, skip, counts[part], faults), daemon=True)
        for part in range(processes)
    ]
    for process in crew:
        process.start()
    try:
        with _progress.bar() as bar:
            task = bar.add_task("playing", total=total)
            while any(process.is_alive() for process in crew):
                crew[0].join(LOOK_SECONDS)
                bar.update(task, completed=sum(count.value for count in counts))
                if any(process.exitcode not in {None, 0} for process in crew):
                    break
            bar.update(task, completed=sum(count.value for count in counts))
        if any(process.exitcode != 0 for process in crew):
            reason = faults.get() if not faults.empty() else "it was ended from outside"
            raise Broken(t("Not all was played: %(reason)s. Run the command again: it goes on from here.", reason=str(reason)))
    finally:
        for process in crew:
            process.terminate()
            process.join()


def _work(part: int, parts: int, file: Path, mapping_file: Path, named: Named, skip: list[str], count: Any, faults: Any) -> None:
    """Play the records of one process, a bundle of updates in each transaction."""
    try:
        columns, matrix = imports.mapping(mapping_file), priorities.matrix()
        number, left_out = columns.columns["number"], set(skip)
        mine = (line for line in imports.lines(file, columns) if _part(line, number, parts) == part)
        found = histories.sort_out(columns, mine).histories
        found = {key: updates for key, updates in found.items() if key not in left_out}
        with unit_of_work(IMPORTER) as uow:
            played, _ = replays.left(uow, columns.name, found)
        for bundle in replays.batches(found, played, AT_ONCE):
            with unit_of_work(IMPORTER) as uow:
                Player(uow, columns, matrix, named).play(bundle)
            count.value += sum(len(updates) for _, updates, _ in bundle)
    except Exception as error:
        faults.put(f"{type(error).__name__}: {error}")
        raise SystemExit(1) from None


def _part(line: Line, column: str, parts: int) -> int:
    return zlib.crc32((line.values.get(column) or "").strip().encode(errors="surrogateescape")) % parts
