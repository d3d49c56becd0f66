"""One transaction per use case: rows, events and deliveries together, or nothing (architecture.md)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import CTE, ColumnElement, Select, bindparam, exc, func, inspect, select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app import clock_store, database, visibility
from app.models.events import Delivery, Event
from app.models.people import Person
from app.models.records import Note, Record
from app.rules import audit, consumers, situations
from app.rules.errors import DeskError, Forbidden, NotFound, Stale, Unavailable
from app.rules.permissions import OWN, VIEW
from app.rules.words import t
from app.settings import matrix
from app.visibility import IMPORTER, SYSTEM, Actor

__all__ = ["IMPORTER", "SYSTEM", "Actor", "UnitOfWork", "unit_of_work"]

R = TypeVar("R", bound=Record)

# As text, on the connection: each event needs both, and the ORM would flush half of the unit to send the first.
_LOCK_HEAD = text(
    "insert into streams (name, seq, hash) values (:name, 0, :hash)"
    " on conflict (name) do update set seq = streams.seq returning seq, hash"
)
_LOCK_HEADS = text("select name, seq, hash from streams where name = any(:names) order by name for update")
_WRITE_HEAD = text(
    "insert into streams (name, seq, hash) values (:name, :seq, :hash)"
    " on conflict (name) do update set seq = excluded.seq, hash = excluded.hash"
)


class UnitOfWork:
    """A transaction, who acts in it and when; services take it first and never commit."""

    def __init__(self, session: Session, actor: Actor, now: datetime | None) -> None:
        """Hold the session; `now` is for tests, replay, and pages whose request has asked already."""
        self.session = session
        self.actor = actor
        self._now = now
        self.latest: Event | None = None  # the event written last: what letters about it quote
        self.told: set[tuple[Event | None, int, str]] = set()  # who heard of what in this unit, by which letter
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._ends: dict[str, tuple[int, bytes]] = {}  # of streams that are locked and not written to yet
        self._locked: dict[str, Record] = {}
        self._told: dict[Record, list[Event]] = {}
        self._clocked: set[Record] = set()  # those of which clocks see something of what was told

    @property
    def now(self) -> datetime:
        """Return the desk's time, the same during the whole transaction (aware, UTC)."""
        if self._now is None:
            self._now = self.session.scalars(select(func.desk_now())).one()
        return self._now

    def play_at(self, moment: datetime) -> None:
        """Let history happen when it happened: what the importer writes from here on bears this time."""
        if self.actor is not IMPORTER:
            raise Forbidden(t("You may not do this."))
        self._now = moment

    def ask(self, *columns: ColumnElement[Any], after: CTE | None = None) -> Sequence[Any]:
        """Return these values in one statement, which brings the desk's time along; `after` names what it does first."""
        query = select(func.desk_now(), *columns)
        now, *values = self.session.execute(query.add_cte(after) if after is not None else query).one()
        self._now = self._now or now
        return values

    def get(self, model: type[R], number: str, *, lock: bool = True) -> R:
        """Return a record the actor may see, locked until the end; NotFound otherwise.

        What this unit has locked cannot have changed since, so a second call asks nobody.
        """
        if isinstance(held := self._locked.get(number), model):
            return held
        query = _systems_query(model, lock) if self.actor is SYSTEM else _query(model, lock, self.actor)
        found = self.session.execute(query, {"number": number}).one_or_none()
        if found is None:
            raise NotFound(number)
        record: R = found[0]
        self._now = self._now or found[1]
        if lock:
            self._locked[number] = record
        return record

    def get_all(self, model: type[R], numbers: Sequence[str]) -> list[R]:
        """Return several records at once, locked with the ends of their streams; those that are not there are left out."""
        query = _lock_all(model).where(visibility.visible(self.actor))
        rows = self.session.execute(query, {"numbers": list(numbers)}).all()
        found: list[Any] = [row[0] for row in rows]
        self._now = self._now or next((row.now for row in rows), None)
        self._locked |= {record.number: record for record in found}
        ends = self.session.connection().execute(_LOCK_HEADS, {"names": [record.number for record in found]})
        self._ends |= {row.name: (row.seq, row.hash) for row in ends}
        return found

    def held(self, model: type[R]) -> list[R]:
        """Return the records of this kind that this unit has locked."""
        return [record for record in self._locked.values() if isinstance(record, model)]

    def holds(self, number: str) -> bool:
        """Say whether this unit has locked the record of that number."""
        return number in self._locked

    def has_told(self, stream: str) -> bool:
        """Say whether this unit has written an event of that stream."""
        return stream in self._heads

    def check(self, permission: str, record: Record | None = None) -> None:
        """Raise Forbidden unless the actor holds this permission (on this record)."""
        if self.actor.is_system:
            return
        rules = matrix()
        held: frozenset[Any] = frozenset()
        if record is not None:
            looking = permission.endswith("." + VIEW)
            wanted = rules.relations_for(permission) | (frozenset() if looking else OWN)
            held = visibility.relations(self.session, self.actor, record, wanted)
        if not rules.allows(permission, self.actor.roles, held, restricted=bool(record and record.restricted)):
            raise Forbidden(t("You may not do this."))

    def record_event(
        self,
        stream: str | Record,
        name: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        note: Note | None = None,
    ) -> Event:
        """Write down what happened: the only way an Event comes to be; chained to its stream
        and queued for whoever listens.

        Before and after hold ids, enums, numbers and digests; free text stands in `note`.
        """
        record = stream if isinstance(stream, Record) else None
        event = Event(
            stream=record.number if record else str(stream),
            name=name,
            actor_id=self.actor.id,
            actor=self.actor.login if self.actor.is_system else f"people:{self.actor.id}",
            at=self.now,
            before=dict(before or {}),
            after=dict(after or {}),
            note_digest=note.digest if note else None,
        )
        seq, previous = self._head(event.stream, record)
        event.seq, event.previous = seq + 1, previous
        event.hash = audit.event_hash(
            previous, stream=event.stream, seq=event.seq, name=event.name, actor=event.actor, at=event.at,
            before=event.before, after=event.after, note_digest=event.note_digest,
        )  # fmt: skip
        self._heads[event.stream] = (event.seq, event.hash)
        event.record, event.note, self.latest = record, note, event
        if record is not None:
            self._told.setdefault(record, []).append(event)
            if situations.is_seen(name, event.after):
                self._clocked.add(record)
        self.session.add(event)
        if self.actor is not IMPORTER:
            self._queue(event)
        return event

    def write_heads(self) -> None:
        """Write the clocks of what went on, and where the streams of this unit now end; called once, before the commit."""
        if not self._heads:
            return
        self.session.flush()
        touched = {record: told for record, told in self._told.items() if record in self._clocked}
        clock_store.write(self.session, touched, is_history=self.actor is IMPORTER)
        rows = [{"name": name, "seq": seq, "hash": digest} for name, (seq, digest) in sorted(self._heads.items())]
        self._heads = {}
        self.session.connection().execute(_WRITE_HEAD, rows)

    def _head(self, stream: str, record: Record | None) -> tuple[int, bytes]:
        """Return where a stream ends, locked until the commit; a record that is not yet stored has no past."""
        if stream in self._heads:
            return self._heads[stream]
        if stream in self._ends:
            return self._ends[stream]
        if record is not None and not inspect(record).persistent:
            return 0, audit.GENESIS
        seq, digest = self.session.connection().execute(_LOCK_HEAD, {"name": stream, "hash": audit.GENESIS}).one()
        return seq, digest

    def _queue(self, event: Event) -> None:
        for consumer in consumers.of(event.name):
            priority = event.record.priority if event.record else None
            self.session.add(
                Delivery(
                    event=event, consumer=consumer, record=event.record,
                    next_at=self.now, priority=priority or 3,
                )
            )  # fmt: skip


def _query(model: type[R], lock: bool, actor: Actor) -> Select[tuple[R, datetime]]:
    query = select(model, func.desk_now()).where(Record.number == bindparam("number"), visibility.visible(actor))
    return query.with_for_update(of=_locked(model)).execution_options(populate_existing=True) if lock else query


def _locked(model: type[R]) -> Sequence[Any]:
    """Return the tables whose rows are locked: what is not locked is read as it was before we waited for the lock."""
    return (Record, *([model.__table__] if model.is_locked_whole else []))


@cache
def _systems_query(model: type[R], lock: bool) -> Select[tuple[R, datetime]]:
    """Return the question of the desk itself, made once: its flows ask it for each item several times."""
    return _query(model, lock, SYSTEM)


def _lock_all(model: type[R]) -> Select[tuple[R, datetime]]:
    mine = Record.number.in_(bindparam("numbers", expanding=True))
    query = select(model, func.desk_now().label("now")).where(mine).order_by(Record.id)
    return query.with_for_update(of=_locked(model)).execution_options(populate_existing=True)


def _actor(session: Session, who: Actor | Person | str | int, now: datetime | None) -> tuple[Actor, datetime | None]:
    if isinstance(who, Actor):
        return who, now
    if isinstance(who, str):
        clause = Person.login == who.lower()
    else:
        clause = Person.id == (who.id if isinstance(who, Person) else who)
    found = visibility.actor(session, clause)
    if found is None:
        raise Forbidden(t("This account is not active."))
    return found[0], now or found[1]


@contextmanager
def unit_of_work(who: Actor | Person | str | int, *, now: datetime | None = None) -> Iterator[UnitOfWork]:
    """Open a transaction in somebody's name; it commits when the block ends well, and leaves nothing otherwise."""
    try:
        with database.sessions()() as session:
            uow = UnitOfWork(session, *_actor(session, who, now))
            yield uow
            uow.write_heads()
            session.commit()
    except StaleDataError as stale:
        raise Stale("record", {}) from stale
    except exc.OperationalError as down:
        if isinstance(down, DeskError):
            raise
        raise Unavailable(t("The database does not answer. Nothing was changed; try again in a minute.")) from down
