"""How a flow works off the deliveries it was given: begin, keep the lease, end each one, let go when told to stop."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app import database, logs
from app.services import deliveries
from app.services.deliveries import Hold
from flows import failpoints

RENEW_SECONDS = 4.0
TOGETHER = 16  # deliveries end together: one that was not ended before its worker died comes back and changes nothing
STALL_SECONDS = 120.0  # one item that takes longer hangs: its lease is let go, another run takes over

stopping = threading.Event()  # the worker was told to end: finish the item at hand, put back the rest

log = logs.logger("flows")


class Failed(RuntimeError):
    """Some deliveries of a run failed; the log says which, and they come back by themselves."""


Act = Callable[[Hold], datetime | None]
Together = Callable[[Sequence[Hold], Callable[[], None]], Collection[Hold]]


def work_off(keys: list[str], act: Act, together: Together | None = None) -> int:
    """Act on each delivery that is still meant for us; return how many. `act` names when to come back, or None.

    One failure stops no other: it is noted with its delivery, which is due again later, and raised at the end so that
    Prefect shows the run as failed. Of a crowd, `together` takes as many as it can at once and returns those it is
    done with; it must not mind that the others, or all of them when it raises, are then taken one by one.
    """
    failed: list[str] = []
    done: list[Hold] = []
    with database.sessions().begin() as session:
        holds = deliveries.begin(session, keys)
    failpoints.reach("flow.begun")
    with _kept(holds) as progress:
        left = list(holds)
        while left and not stopping.is_set():
            group = left[:TOGETHER]
            if together and len(group) > 1:
                done += _taken(group, together, progress)
            for hold in [hold for hold in group if hold not in done]:
                if stopping.is_set():
                    break
                progress()
                left.remove(hold)
                if not _act(hold, act, done):
                    failed.append(hold.number)
            left = [hold for hold in left if hold not in done]
            _finish(done)
        if left:
            with database.sessions().begin() as session:
                deliveries.release(session, left)
    if failed:
        raise Failed(f"{len(failed)} of {len(holds)} failed: {', '.join(failed[:20])}")
    return len(holds)


def later(hold: Hold) -> datetime:
    """Return when to come back for something outside that is away now: soon at first, each minute in the end."""
    with database.sessions()() as session:
        now: datetime = session.scalars(select(func.desk_now())).one()
    return now + timedelta(seconds=min(60, 2 ** min(hold.attempt, 6)))


def _taken(group: Sequence[Hold], together: Together, progress: Callable[[], None]) -> Collection[Hold]:
    progress()
    try:
        taken = together(group, progress)
        failpoints.reach("flow.acted")
    except Exception:  # what is wrong with one of them is found when each is taken alone
        log.warning("not together", numbers=[hold.number for hold in group], exc_info=True)
        return ()
    return taken


def _finish(done: list[Hold]) -> None:
    if done:
        with database.sessions().begin() as session:
            deliveries.finish(session, *done)
        done.clear()


def _act(hold: Hold, act: Callable[[Hold], datetime | None], done: list[Hold]) -> bool:
    """Act on one delivery and note how it ended, or leave it with those that are `done`; False when it failed."""
    error: Exception | None = None
    next_at: datetime | None = None
    try:
        next_at = act(hold)
        failpoints.reach("flow.acted")
    except Exception as caught:  # whatever it is, it is logged, kept with the delivery and tried again
        error = caught
        log.exception("delivery failed", number=hold.number, delivery=hold.id, attempt=hold.attempt)
    if error is None and next_at is None:
        done.append(hold)
        return True
    with database.sessions().begin() as session:
        if error is not None:
            deliveries.fail(session, hold, f"{type(error).__name__}: {error}")
        elif next_at is not None:
            deliveries.again(session, hold, next_at)
    return error is None


@contextmanager
def _kept(holds: Sequence[Hold]) -> Iterator[Callable[[], None]]:
    """Renew the leases from a thread of its own until the block ends, or until nothing has moved for too long."""
    ended, moved = threading.Event(), threading.Event()

    def renew() -> None:
        still = 0.0
        while not ended.wait(RENEW_SECONDS):
            still = 0.0 if moved.is_set() else still + RENEW_SECONDS
            moved.clear()
            if still >= STALL_SECONDS:
                log.error("no progress, the lease is let go", number=holds[0].number)
                return
            try:
                with database.sessions().begin() as session:
                    deliveries.renew(session, holds)
            except SQLAlchemyError as error:  # the database is away: the lease may end, and then another run takes over
                log.warning("lease not renewed", reason=type(error).__name__)

    thread = threading.Thread(target=renew, daemon=True, name="lease")
    if holds:
        thread.start()
    try:
        yield moved.set
    finally:
        ended.set()
        if holds:
            thread.join()
