"""Clocks that are stored are a copy: computed again from events, or compared with them (domain.md 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert

from app import sla
from app.models.sla import Clock
from app.queries import clocks as told
from app.rules import clocks
from app.rules.sla import Agreement
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

BATCH: Final = 200  # records whose clocks are written in one transaction
SECOND: Final = timedelta(seconds=1)
SHOWN: Final = 100
Values = dict[str, Any]


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
            records = told.batch(uow.session, kinds, last, BATCH, lock=not check)
            if not records:
                return found
            _batch(uow, agreed, records, found, check=check)
            last = records[-1].id


def _batch(uow: UnitOfWork, agreed: Agreement, records: Sequence[Any], found: Sum, *, check: bool) -> None:
    histories = told.histories(uow.session, records)
    stored = told.stored(uow.session, histories)
    fresh: list[Values] = []
    stale: list[int] = []
    for row in records:
        kept = stored[row.id]
        now = kept[0].computed_at if check and kept else uow.now
        wanted = [values(row.id, each, now) for each in clocks.clocks(agreed, histories[row.id], now)]
        found.records, found.clocks = found.records + 1, found.clocks + len(wanted)
        if said := _difference(kept, wanted, at_same_time=check):
            found.different += 1
            if len(found.differences) < SHOWN:
                found.differences.append(f"{row.number}: {said}")
            fresh += wanted
            stale += [each.id for each in kept]
    if check:
        return
    if stale:
        uow.session.execute(delete(Clock).where(Clock.id.in_(stale)))
    if fresh:
        uow.session.execute(insert(Clock), fresh)


def values(record_id: int, clock: clocks.Clock, now: datetime) -> Values:
    """Return a clock as it is stored."""
    coming = clock.next_threshold(now)
    return {
        "record_id": record_id, "definition": clock.key, "measure": clock.measure.value, "team_id": clock.team, "round": clock.round,
        "calendar": clock.calendar.name, "target_minutes": clock.target // timedelta(minutes=1), "state": clock.state.value, "why": clock.why,
        "started_at": clock.started_at, "attached_at": clock.attached_at, "stopped_at": clock.stopped_at, "first_due_at": clock.first_due,
        "due_at": clock.due, "breached_at": clock.breached_at, "worked_seconds": clock.worked // SECOND, "wall_seconds": clock.wall // SECOND,
        "next_at": coming.at if coming else None, "next_percent": coming.percent if coming else None, "computed_at": now,
    }  # fmt: skip


# What goes on by itself while a clock runs: not told as a difference between two times.
MOVING: Final = frozenset({"worked_seconds", "wall_seconds", "breached_at", "next_at", "next_percent", "computed_at"})


def _difference(kept: Sequence[Clock], wanted: Sequence[Values], *, at_same_time: bool) -> str:
    """Say what of a record's clocks is not as stored; nothing: all is."""
    def key(row: Values) -> tuple[Any, ...]:
        return row["definition"], row["team_id"], row["round"]

    were = {(each.definition, each.team_id, each.round): each for each in kept}
    are: Mapping[Any, Values] = {key(each): each for each in wanted}
    if lacking := [name for name in are if name not in were]:
        return f"{lacking[0][0]} is not stored"
    if more := [name for name in were if name not in are]:
        return f"{more[0][0]} is stored and is none"
    for name, row in are.items():
        for column, value in row.items():
            if (was := getattr(were[name], column)) != value and (at_same_time or column not in MOVING or row["state"] != "running"):
                if column == "computed_at":
                    continue
                return f"{name[0]}: {column} is {was}, should be {value}"
    return ""
