"""A timer that runs while somebody works on a record: private until it is stopped; what it measured is then written down."""

from dataclasses import replace

from sqlalchemy import select

from app.models.records import Record
from app.models.work_time import TimeEntry, Timer
from app.rules import work_time as rules
from app.rules.errors import ActionNotAllowed, Invalid, NotFound
from app.rules.words import t
from app.services import work_time
from app.services.work_time import Work
from app.unit_of_work import UnitOfWork


def start(uow: UnitOfWork, number: str) -> TimeEntry | None:
    """Let the actor's timer run on a record; one that ran on another is stopped, and what it measured returned."""
    record = work_time.of(uow, number)
    work_time.alone(uow)
    running = mine(uow)
    if running is not None and running.record_id == record.id:
        return None
    if running is not None and uow.now - running.started_at > rules.FORGOTTEN:
        raise ActionNotAllowed(t("Your timer was left on for more than 12 hours elsewhere. Stop that one first, and say how long it really was."))
    stopped = _stop(uow, running, Work(0)) if running is not None else None
    uow.session.add(Timer(person_id=uow.actor.id, record_id=record.id, started_at=uow.now))
    return stopped


def stop(uow: UnitOfWork, work: Work) -> TimeEntry:
    """Stop the actor's timer and write down what it measured, or the minutes the actor says instead (0: none said).

    One's own work is written down also on a record that one may see no more.
    """
    work_time.alone(uow)
    running = mine(uow)
    if running is None:
        raise NotFound("timer")
    return _stop(uow, running, work)


def discard(uow: UnitOfWork) -> None:
    """Forget the actor's timer; twice is once."""
    work_time.alone(uow)
    if (running := mine(uow)) is not None:
        uow.session.delete(running)


def mine(uow: UnitOfWork) -> Timer | None:
    """Return the actor's timer that runs."""
    return uow.session.scalars(select(Timer).where(Timer.person_id == uow.actor.id)).one_or_none()


def _stop(uow: UnitOfWork, running: Timer, work: Work) -> TimeEntry:
    if not work.minutes:
        if uow.now - running.started_at > rules.FORGOTTEN:
            raise Invalid({"time": t("The timer was left on for more than 12 hours. Write how long it really was.")})
        work = replace(work, minutes=rules.elapsed(running.started_at, uow.now))
    record = uow.session.scalars(select(Record).where(Record.id == running.record_id)).one()
    entry = work_time.add(uow, record, work, running.started_at)
    uow.session.delete(running)
    uow.session.flush()
    return entry
