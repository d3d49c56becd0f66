"""The queue of events that flows must act on: due → handed → running → done, or dead after too many failures.

The relay claims what is due and hands it to Prefect under (id, attempt); a flow begins it, keeps its lease and ends it.
Whoever comes with an old attempt is refused, so an event is acted on by one run at a time however many exist.
Leases run on the database's own clock; `next_at` on the desk's (`desk_now()`), as everything that is due does.
"""

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Update, case, func, select, tuple_, update
from sqlalchemy.orm import Session

from app.models.events import Delivery
from app.models.records import Record
from app.rules import backoff

HANDED_SECONDS = 15  # a run that was handed over begins within this time, or the relay asks what became of it
LEASE_SECONDS = 12
MOST_LOSSES = 25  # a delivery whose worker died this often is what kills the workers

_PLAIN: Final = {"synchronize_session": False}  # rows, not objects: nothing here is kept in a session
_CLOCK = func.clock_timestamp()
_DESK_NOW = func.desk_now()


@dataclass(frozen=True)
class Hold:
    """One delivery in the hands of one attempt; `number` is the human number of its record."""

    id: int
    attempt: int
    failures: int
    event_id: int
    record_id: int | None
    number: str
    run_id: str | None

    @property
    def key(self) -> str:
        """What a flow is given: ids only."""
        return f"{self.id}:{self.attempt}"


def claim(session: Session, consumer: str, limit: int) -> list[Hold]:
    """Take what is due, most urgent and oldest first; the caller hands it over before the lease ends."""
    due = (
        select(Delivery.id)
        .where(Delivery.consumer == consumer, Delivery.state == "due", Delivery.next_at <= _DESK_NOW)
        .order_by(Delivery.priority, Delivery.next_at, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    change = update(Delivery).where(Delivery.id.in_(due))
    return _holds(session, change.values(state="handed", lease_until=_in(HANDED_SECONDS), run_id=None))


def note_run(session: Session, holds: Sequence[Hold], run_id: str) -> None:
    """Remember which run was created for these, so that the relay can ask after it."""
    session.execute(update(Delivery).where(_held(holds)).values(run_id=run_id), execution_options=_PLAIN)


def begin(session: Session, keys: Iterable[str]) -> list[Hold]:
    """Start work on those of `keys` ("id:attempt") that are still meant for this attempt; the others are left alone."""
    pairs = [(int(each), int(attempt)) for each, _, attempt in (key.partition(":") for key in keys)]
    change = update(Delivery).where(tuple_(Delivery.id, Delivery.attempt).in_(pairs), Delivery.state == "handed")
    return _holds(session, change.values(state="running", lease_until=_in(LEASE_SECONDS)))


def renew(session: Session, holds: Sequence[Hold]) -> None:
    """Keep these for another lease."""
    change = update(Delivery).where(_held(holds), Delivery.state == "running")
    session.execute(change.values(lease_until=_in(LEASE_SECONDS)), execution_options=_PLAIN)


def finish(session: Session, *holds: Hold) -> int:
    """Say that these events were acted on; return of how many: for the others another attempt has taken over."""
    change = update(Delivery).where(_held(holds), Delivery.state == "running").returning(Delivery.id)
    done = change.values(lease_until=None, state="done", done_at=_CLOCK, error=None)
    return len(session.scalars(done, execution_options=_PLAIN).all())


def again(session: Session, hold: Hold, next_at: datetime) -> bool:
    """Come back at `next_at` (the desk's time): nothing failed, it is only not time yet."""
    return _end(session, hold, state="due", attempt=hold.attempt + 1, next_at=next_at)


def fail(session: Session, hold: Hold, error: str) -> bool:
    """Try again later, or give up after `backoff.TRIES`: a dead delivery is shown to the operator."""
    failures = hold.failures + 1
    wait = backoff.pause(failures, random.random())  # noqa: S311 - it spreads load, it guards nothing
    end = {"state": "due", "next_at": _DESK_NOW + wait} if wait else {"state": "dead"}
    return _end(session, hold, failures=failures, attempt=hold.attempt + 1, error=error[:500], **end)


def release(session: Session, holds: Sequence[Hold], seconds: float = 0) -> None:
    """Put back what could not be handed over, or was let go; a run that exists for it all the same does nothing."""
    change = update(Delivery).where(_held(holds), Delivery.state.in_(("handed", "running")))
    due = {"state": "due", "next_at": _DESK_NOW + timedelta(seconds=seconds)}
    session.execute(change.values(attempt=Delivery.attempt + 1, lease_until=None, **due), execution_options=_PLAIN)


def lost(session: Session) -> list[Hold]:
    """Put back what ran and whose lease ended: its worker is dead or hangs. Returns them with the run that failed."""
    over = Delivery.state == "running", Delivery.lease_until < _CLOCK
    picked = select(Delivery.id).where(*over).with_for_update(skip_locked=True)
    hopeless = Delivery.attempt - Delivery.failures > MOST_LOSSES
    change = update(Delivery).where(Delivery.id.in_(picked))
    return _holds(
        session,
        change.values(
            state=case((hopeless, "dead"), else_="due"),
            error=case((hopeless, "its worker died each time"), else_=Delivery.error),
            attempt=Delivery.attempt + 1,
            lease_until=None,
        ),
    )


def late(session: Session) -> list[Hold]:
    """Return what was handed over and has not begun in time; the caller finds out why."""
    rows = session.execute(_columns().where(Delivery.state == "handed", Delivery.lease_until < _CLOCK))
    return [Hold(*row) for row in rows]


def wait_on(session: Session, holds: Sequence[Hold]) -> None:
    """Leave these with their run, which waits for a worker."""
    change = update(Delivery).where(_held(holds), Delivery.state == "handed")
    session.execute(change.values(lease_until=_in(HANDED_SECONDS)), execution_options=_PLAIN)


def count(session: Session, consumers: Sequence[str], *states: str) -> int:
    """Return how many deliveries of these flows are in these states; of those that are due, only what is due now."""
    wanted = Delivery.consumer.in_(consumers), Delivery.state.in_(states)
    not_later = (Delivery.state != "due") | (Delivery.next_at <= _DESK_NOW)
    return session.scalar(select(func.count()).select_from(Delivery).where(*wanted, not_later)) or 0


def states_by_run(session: Session, run_ids: Collection[str]) -> dict[str, set[str]]:
    """Return the states of the deliveries of each run; a run whose deliveries all went on to another is not in it."""
    rows = session.execute(select(Delivery.run_id, Delivery.state).where(Delivery.run_id.in_(run_ids)).distinct())
    found: dict[str, set[str]] = {}
    for run_id, state in rows:
        found.setdefault(run_id or "", set()).add(state)
    return found


def dead(session: Session, limit: int = 200) -> list[Delivery]:
    """Return what was given up, newest first, for the operator."""
    return list(session.scalars(select(Delivery).where(Delivery.state == "dead").order_by(Delivery.id.desc()).limit(limit)))


def redrive(session: Session, ids: Collection[int]) -> int:
    """Try what was given up anew, as if it had never failed; return how many."""
    change = update(Delivery).where(Delivery.id.in_(ids), Delivery.state == "dead")
    anew = {"state": "due", "failures": 0, "next_at": _DESK_NOW, "error": None}
    return len(_holds(session, change.values(attempt=Delivery.attempt + 1, **anew)))


def _columns() -> Select[int, int, int, int, int | None, str, str | None]:
    number = func.coalesce(select(Record.number).where(Record.id == Delivery.record_id).scalar_subquery(), "")
    return select(
        Delivery.id, Delivery.attempt, Delivery.failures, Delivery.event_id, Delivery.record_id, number, Delivery.run_id
    )


def _holds(session: Session, change: Update) -> list[Hold]:
    """Change rows, and return them as they are now, in the order in which they are due."""
    ids = session.execute(change.returning(Delivery.id), execution_options=_PLAIN).scalars().all()
    rows = session.execute(_columns().where(Delivery.id.in_(ids)).order_by(Delivery.priority, Delivery.next_at, Delivery.id))
    return [Hold(*row) for row in rows]


def _held(holds: Sequence[Hold]) -> ColumnElement[bool]:
    return tuple_(Delivery.id, Delivery.attempt).in_([(hold.id, hold.attempt) for hold in holds])


def _end(session: Session, hold: Hold, **values: Any) -> bool:
    mine = Delivery.id == hold.id, Delivery.attempt == hold.attempt, Delivery.state == "running"
    change = update(Delivery).where(*mine).values(lease_until=None, **values).returning(Delivery.id)
    return session.scalar(change, execution_options=_PLAIN) is not None


def _in(seconds: int) -> ColumnElement[datetime]:
    return _CLOCK + timedelta(seconds=seconds)
