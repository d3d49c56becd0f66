"""Clocks that are stored are a copy: computed again from events, or compared with them (domain.md 7)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app import clock_store, sla
from app.clock_store import Changes, Known, Values, differing, key_of
from app.rules.sla import Agreement
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

BATCH: Final = 200  # records whose clocks are written in one transaction
SHOWN: Final = 100
MOVING: Final = frozenset({"worked_seconds", "wall_seconds", "breached_at"})  # by itself, while a clock runs


@dataclass
class Sum:
    """What a run found: records and clocks, how many of the records were not as stored, and the first of those in words."""

    records: int = 0
    clocks: int = 0
    different: int = 0
    differences: list[str] = field(default_factory=list)


def recompute(*, check: bool = False, agreement: Agreement | None = None) -> Sum:
    """Compute the clocks of every record from its events and store them; with `check`, only say where what is stored is something else."""
    agreed, found, last = agreement or sla.agreement(), Sum(), 0
    kinds = {kind for definition in agreed.definitions for kind in definition.kinds}
    while True:
        with unit_of_work(SYSTEM) as uow:
            records = clock_store.batch(uow.session, kinds, last, BATCH, lock=not check)
            if not records:
                return found
            _batch(uow, agreed, records, found, check=check)
            last = records[-1].id


def _batch(uow: UnitOfWork, agreed: Agreement, records: Sequence[Any], found: Sum, *, check: bool) -> None:
    histories = clock_store.histories(uow.session, records)
    known = clock_store.known(uow.session, list(histories), uow.now)
    changes = Changes(anew=not check)
    for row in records:
        kept = known[row.id]
        now = max((each.computed_at for each in kept.rows), default=uow.now) if check else uow.now
        wanted = clock_store.wanted(row.id, agreed, histories[row.id], kept, now)
        found.records, found.clocks = found.records + 1, found.clocks + len(wanted)
        if said := _difference(row, kept, wanted, at_same_time=check):
            found.different += 1
            if len(found.differences) < SHOWN:
                found.differences.append(f"{row.number}: {said}")
            changes.add(row, kept, wanted)
    if not check:
        changes.write(uow.session)


def _difference(row: Any, kept: Known, wanted: Sequence[Values], *, at_same_time: bool) -> str:
    """Say what of a record's clocks is not as stored; nothing: all is."""
    were, are = {key_of(each._mapping): each for each in kept.rows}, {key_of(each): each for each in wanted}
    if lacking := [key for key in are if key not in were]:
        return f"{lacking[0][0]} is not stored"
    if more := [key for key in were if key not in are]:
        return f"{more[0][0]} is stored and is none"
    for key, values in are.items():
        for column in differing(were[key], values, anew=not at_same_time):
            if at_same_time or column not in MOVING or values["state"] != "running":
                return f"{key[0]}: {column} is {getattr(were[key], column)}, should be {values[column]}"
    if (row.next_due_at, row.next_clock) != (next_ := clock_store.head(wanted)):
        return f"next_due_at is {row.next_due_at} ({row.next_clock}), should be {next_[0]} ({next_[1]})"
    return ""
