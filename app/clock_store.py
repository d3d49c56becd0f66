"""Clocks as they are stored: read with what they are computed from, and written in the transaction of each step (domain.md 7).

Only what a step touched is computed again, from its events; one statement writes the clocks and what lists show of them.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import sla
from app.models.catalog import CatalogVersion
from app.models.events import Event
from app.models.records import Record
from app.models.requests import Item
from app.models.sla import Clock
from app.rules import clock_rounds, clocks, situations
from app.rules.clock_rounds import State
from app.rules.lifecycle import RecordKind
from app.rules.situations import By, History, Told
from app.rules.sla import Agreement, Facts

BORN: Final = {RecordKind.ITEM: "requested", RecordKind.REQUEST: "submitted", RecordKind.TASK: "pending"}
SECOND: Final = timedelta(seconds=1)
TABLE: Final = Clock.__table__
KEY: Final = ("record_id", "definition", "team_id", "round")
COLUMNS: Final = [column.name for column in TABLE.columns if column.name != "id"]
_WRITE: Final = text(f"""
    with gone as (delete from clocks where id = any(:stale)),
    put as (
      insert into clocks ({", ".join(COLUMNS)}) select {", ".join(COLUMNS)} from jsonb_populate_recordset(null::clocks, cast(:rows as jsonb))
      on conflict on constraint uq_clocks_record_id_definition_team_id_round
      do update set {", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in KEY)})
    update records set next_due_at = head.next_due_at, next_clock = head.next_clock
    from jsonb_populate_recordset(null::records, cast(:heads as jsonb)) head where records.id = head.id""")  # noqa: S608  names of columns
_promised: dict[str, str] = {}  # what versions of the catalogue promise; they never change
Values = dict[str, Any]
Head = tuple[datetime | None, str | None]


def batch(session: Session, kinds: Collection[str], after: int, size: int, *, lock: bool) -> Sequence[Any]:
    """Return the next records of these kinds by id; locked, so that none of them goes on meanwhile."""
    query = select(
        Record.id, Record.number, Record.kind, Record.opened_at, Record.requester_id, Record.beneficiary_id, Record.next_due_at, Record.next_clock,
    ).where(Record.kind.in_([RecordKind(kind) for kind in kinds]), Record.id > after).order_by(Record.id).limit(size)  # fmt: skip
    return session.execute(query.with_for_update(of=Record) if lock else query).all()


def histories(session: Session, records: Sequence[Any], known: Mapping[int, Sequence[Event]] | None = None) -> dict[int, History]:
    """Return what happened to each of these records, or rows of `batch`; `known` are all events of those that were just born."""
    told: dict[int, Sequence[Any]] = dict(known or {})
    if asked := [row.id for row in records if row.id not in told]:
        events = select(Event.record_id, Event.seq, Event.at, Event.name, Event.actor_id, Event.after)
        found: dict[int, list[Any]] = {id_: [] for id_ in asked}
        for event in session.execute(events.where(Event.record_id.in_(asked)).order_by(Event.record_id, Event.seq)):
            found[event.record_id].append(event)
        told |= found
    items = _items(session, [row.id for row in records if row.kind is RecordKind.ITEM])
    return {row.id: _history(row, told[row.id], items.get(row.id)) for row in records}


def stored(session: Session, ids: Collection[int]) -> dict[int, list[Any]]:
    """Return the clocks that are stored of these records."""
    found: dict[int, list[Any]] = {id_: [] for id_ in ids}
    for clock in session.execute(select(TABLE).where(TABLE.c.record_id.in_(ids)).order_by(TABLE.c.id)):
        found[clock.record_id].append(clock)
    return found


def write(session: Session, told: Mapping[Record, Sequence[Event]], agreed: Agreement | None = None) -> None:
    """Store the clocks of records that somebody took a step on, as of their last event; `told` are the events of this transaction."""
    agreed = agreed or sla.agreement()
    kinds = {kind for definition in agreed.definitions for kind in definition.kinds}
    if not (records := [record for record in told if record.kind.value in kinds]):
        return
    fresh = {record.id: told[record] for record in records if told[record][0].seq == 1}
    records = [record for record in records if record.id not in fresh or _can_start(agreed, record, told[record])]
    found = histories(session, records, fresh)
    kept = stored(session, [record.id for record in records if record.id not in fresh]) if len(fresh) < len(records) else {}
    changes = Changes()
    for record in records:
        at = told[record][-1].at
        changes.add(record, kept.get(record.id, []), wanted(record.id, clocks.clocks(agreed, found[record.id], at), at))
    changes.write(session)


class Changes:
    """What is to be written of several records, in one statement."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.stale: list[int] = []
        self.rows: list[Values] = []
        self.heads: list[Values] = []

    def add(self, record: Any, kept: Sequence[Any], rows: Sequence[Values]) -> None:
        """Take in one record: what is stored of it, and what should be."""
        were, are = {key_of(each._mapping): each for each in kept}, {key_of(each): each for each in rows}
        self.stale += [each.id for key, each in were.items() if key not in are]
        self.rows += [row for key, row in are.items() if key not in were or any(differing(were[key], row))]
        due_at, clock = head(rows)
        if (record.next_due_at, record.next_clock) != (due_at, clock):
            self.heads.append({"id": record.id, "next_due_at": due_at, "next_clock": clock})

    def write(self, session: Session) -> None:
        """Write all of it."""
        if self.stale or self.rows or self.heads:
            rows, heads = (json.dumps(each, default=datetime.isoformat) for each in (self.rows, self.heads))
            session.connection().execute(_WRITE, {"stale": self.stale, "rows": rows, "heads": heads})


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return which of a record's clocks it is."""
    return row["definition"], row["team_id"], row["round"]


def differing(kept: Any, row: Values) -> Iterable[str]:
    """Yield the columns in which a stored clock is another; when it was computed is none of them."""
    return (name for name, value in row.items() if name != "computed_at" and getattr(kept, name) != value)


def wanted(record_id: int, found: Iterable[clocks.Clock], now: datetime) -> list[Values]:
    """Return clocks as they are stored."""
    return [_values(record_id, each, now) for each in found]


def head(rows: Iterable[Values]) -> Head:
    """Return when the next of a record's running clocks is due, and which that is: what lists sort by."""
    due = ((row["due_at"], row["definition"]) for row in rows if row["state"] == State.RUNNING and row["due_at"] is not None)
    return min(due, default=(None, None))


def _values(record_id: int, clock: clocks.Clock, now: datetime) -> Values:
    coming = clock.next_threshold(now)
    return {
        "record_id": record_id, "definition": clock.key, "measure": clock.measure.value, "team_id": clock.team, "round": clock.round,
        "calendar": clock.calendar.name, "target_minutes": clock.target // timedelta(minutes=1), "state": clock.state.value, "why": clock.why,
        "started_at": clock.started_at, "attached_at": clock.attached_at, "stopped_at": clock.stopped_at, "first_due_at": clock.first_due,
        "due_at": clock.due, "breached_at": clock.breached_at, "worked_seconds": clock.worked // SECOND, "wall_seconds": clock.wall // SECOND,
        "next_at": coming.at if coming else None, "next_percent": coming.percent if coming else None, "computed_at": now,
    }  # fmt: skip


def _can_start(agreed: Agreement, record: Record, told: Sequence[Event]) -> bool:
    """Say whether a record that was just born can have a clock yet: most requests have none until they are approved."""
    return clock_rounds.can_start(agreed, situations.situations(_history(record, told, None)))


def _history(record: Any, told: Sequence[Any], item: tuple[str, str] | None) -> History:
    own = {record.requester_id, record.beneficiary_id} - {None}
    facts = Facts(record.kind.value, item=item[0], item_target=item[1]) if item else Facts(record.kind.value)
    return History(record.opened_at, facts, [Told(each.seq, each.at, each.name, _by(each, own), each.after) for each in told], BORN.get(record.kind, "new"))


def _by(row: Any, own: set[int]) -> By:
    """Say whose act it was; whoever has a record is its caller, also where it is somebody of the desk."""
    if row.actor_id is None:
        return By.SYSTEM
    if row.actor_id in own:
        return By.CALLER
    return By.DESK if row.after.get("inside", True) else By.OTHER


def _items(session: Session, ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
    """Return the slug of each item and what the catalogue promised when it was ordered."""
    if not ids:
        return {}
    here = {item.id: item for item in session.identity_map.values() if isinstance(item, Item)}
    table = Item.__table__.c
    rows: list[Any] = [here[id_] for id_ in ids if id_ in here]
    if away := [id_ for id_ in ids if id_ not in here]:
        rows += session.execute(select(table.id, table.slug, table.catalog_hash).where(table.id.in_(away)))
    if unknown := {row.catalog_hash for row in rows} - _promised.keys():
        versions = select(CatalogVersion.hash, CatalogVersion.parsed["target"].astext.label("target")).where(CatalogVersion.hash.in_(unknown))
        _promised.update({row.hash: row.target for row in session.execute(versions)})
    return {row.id: (row.slug, _promised[row.catalog_hash]) for row in rows}
