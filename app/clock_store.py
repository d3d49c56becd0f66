"""Clocks as they are stored: read with what they are computed from, and written in the transaction of each step (domain.md 7).

Only what a step touched is computed again, from its events; one statement writes the clocks and what lists show of them.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import escalations, sla
from app.models.catalog import CatalogVersion
from app.models.events import Event
from app.models.records import Record
from app.models.requests import Item
from app.models.sla import Clock, Escalation
from app.rules import clock_rounds, clocks, ladders, situations
from app.rules.clock_rounds import State
from app.rules.ladders import Mark, Watch
from app.rules.lifecycle import RecordKind
from app.rules.situations import By, History, Told
from app.rules.sla import Agreement, Facts

BORN: Final = {RecordKind.ITEM: "requested", RecordKind.REQUEST: "submitted", RecordKind.TASK: "pending"}
SECOND: Final = timedelta(seconds=1)
TABLE: Final = Clock.__table__
STEPS: Final = Escalation.__table__
KEY: Final = ("record_id", "definition", "team_id", "round")
OWN: Final = frozenset({"computed_at", "told_until", "failures"})  # follow from no event
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
Key = tuple[str, int | None, int]
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


@dataclass
class Known:
    """What is stored of a record's clocks, and the steps of their ladders that were taken; `born` says since when a new clock is watched."""

    rows: list[Any] = field(default_factory=list)
    taken: dict[Key, set[Mark]] = field(default_factory=dict)
    born: Callable[[clocks.Clock], datetime | None] = lambda clock: None

    def watch(self, clock: clocks.Clock) -> Watch:
        """Return what was taken of a clock's ladder, and until when nothing of it is announced."""
        key = clock.key, clock.team, clock.round
        kept = next((each for each in self.rows if (each.definition, each.team_id, each.round) == key), None)
        return Watch(self.taken.get(key, ()), kept.told_until if kept is not None else self.born(clock))


def known(session: Session, ids: Collection[int], born: datetime | None = None) -> dict[int, Known]:
    """Return what is stored of these records' clocks; of what is not yet, nothing up to `born` is announced."""
    found = {id_: Known(born=lambda _: born) for id_ in ids}
    for clock in session.execute(select(TABLE).where(TABLE.c.record_id.in_(ids)).order_by(TABLE.c.id)):
        found[clock.record_id].rows.append(clock)
    for step in session.execute(select(STEPS).where(STEPS.c.record_id.in_(ids))):
        found[step.record_id].taken.setdefault((step.definition, step.team_id, step.round), set()).add((step.percent, step.after))
    return found


def write(session: Session, told: Mapping[Record, Sequence[Event]], *, is_history: bool = False) -> None:
    """Store the clocks of records that somebody took a step on, as of their last event; `told` are the events of this transaction.

    Nothing that was reached before now is announced of history that is played (`is_history`), nor of a clock that a step
    on an older record begins in its past.
    """
    agreed, kinds = sla.agreement(), _kinds()
    records = [record for record in told if record.kind.value in kinds]
    fresh = {record.id: told[record] for record in records if told[record][0].seq == 1}
    if not (records := [record for record in records if record.id not in fresh or _can_start(agreed, record, told[record])]):
        return
    found = histories(session, records, fresh)
    here = known(session, older) if (older := [record.id for record in records if record.id not in fresh]) else {}
    real = session.scalar(select(func.desk_now())) if is_history else None
    changes = Changes()
    for record in records:
        mine, last = here.get(record.id, Known()), told[record][-1].at
        if is_history or record.id in here:
            mine.born = _since(told[record][0].at, real or last, is_history=is_history)
        changes.add(record, mine, wanted(record.id, agreed, found[record.id], mine, last))
    changes.write(session)


def renew(session: Session, records: Sequence[Record], now: datetime) -> None:
    """Store the clocks of records anew, of which nothing happened."""
    found, here, changes = histories(session, records), known(session, [record.id for record in records], now), Changes()
    for record in records:
        changes.add(record, here[record.id], wanted(record.id, sla.agreement(), found[record.id], here[record.id], now))
    changes.write(session)


def _since(first: datetime, now: datetime, *, is_history: bool) -> Callable[[clocks.Clock], datetime | None]:
    return lambda clock: now if is_history or clock.started_at < first else None


def _kinds() -> frozenset[str]:
    return frozenset(kind for definition in sla.agreement().definitions for kind in definition.kinds)


class Changes:
    """What is to be written of several records, in one statement."""

    def __init__(self, *, anew: bool = False) -> None:
        """Begin with nothing; `anew`: steps that failed are tried again."""
        self.anew = anew
        self.stale: list[int] = []
        self.rows: list[Values] = []
        self.heads: list[Values] = []

    def add(self, record: Any, kept: Known, rows: Sequence[Values]) -> None:
        """Take in one record: what is stored of it, and what should be."""
        were, are = {key_of(each._mapping): each for each in kept.rows}, {key_of(each): each for each in rows}
        self.stale += [each.id for key, each in were.items() if key not in are]
        self.rows += [row for key, row in are.items() if key not in were or any(differing(were[key], row, anew=self.anew))]
        due_at, clock = head(rows)
        if (record.next_due_at, record.next_clock) != (due_at, clock):
            self.heads.append({"id": record.id, "next_due_at": due_at, "next_clock": clock})

    def write(self, session: Session) -> None:
        """Write all of it."""
        if self.stale or self.rows or self.heads:
            rows, heads = (json.dumps(each, default=datetime.isoformat) for each in (self.rows, self.heads))
            session.connection().execute(_WRITE, {"stale": self.stale, "rows": rows, "heads": heads})


def key_of(row: Mapping[str, Any]) -> Key:
    """Return which of a record's clocks it is."""
    return row["definition"], row["team_id"], row["round"]


def differing(kept: Any, row: Values, *, anew: bool = False) -> Iterable[str]:
    """Yield the columns in which a stored clock is another.

    A step that failed comes later than it was due, or no more: that is no difference while it is still the step that comes,
    unless it is to be tried `anew`.
    """
    held = {"next_at", "next_percent"} if kept.failures and not anew and _is_held(kept, row) else frozenset[str]()
    return (name for name, value in row.items() if name not in OWN and name not in held and getattr(kept, name) != value)


def _is_held(kept: Any, row: Values) -> bool:
    is_given_up = kept.next_at is None and row["next_at"] is not None
    return is_given_up or (kept.next_percent == row["next_percent"] and row["next_at"] is not None and row["next_at"] <= kept.next_at)


def wanted(record_id: int, agreed: Agreement, history: History, here: Known, now: datetime) -> list[Values]:
    """Return a record's clocks as they are stored."""
    seen = situations.situations(history)
    return [_values(record_id, each, seen[-1].facts, here.watch(each), now) for each in clocks.of_situations(agreed, seen, now)]


def head(rows: Iterable[Values]) -> Head:
    """Return when the next of a record's running clocks is due, and which that is: what lists sort by."""
    due = ((row["due_at"], row["definition"]) for row in rows if row["state"] == State.RUNNING and row["due_at"] is not None)
    return min(due, default=(None, None))


def _values(record_id: int, clock: clocks.Clock, facts: Facts, watch: Watch, now: datetime) -> Values:
    at, step = min(ladders.coming(escalations.ladders(), clock, facts, watch), key=lambda each: each[0], default=(None, None))
    return {
        "record_id": record_id, "definition": clock.key, "measure": clock.measure.value, "team_id": clock.team, "round": clock.round,
        "calendar": clock.calendar.name, "target_minutes": clock.target // timedelta(minutes=1), "state": clock.state.value, "why": clock.why,
        "started_at": clock.started_at, "attached_at": clock.attached_at, "stopped_at": clock.stopped_at, "first_due_at": clock.first_due,
        "due_at": clock.due, "breached_at": clock.breached_at, "worked_seconds": clock.worked // SECOND, "wall_seconds": clock.wall // SECOND,
        "next_at": at, "next_percent": step.at if step else None, "computed_at": now, "told_until": watch.told_until, "failures": 0,
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
