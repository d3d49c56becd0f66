"""Worked time: written down, corrected, taken off; each time with an event, never told to whoever has the record."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app.models.records import Note, Record
from app.models.work_time import TimeEntry
from app.rules import work_time
from app.rules.errors import Forbidden, Invalid, NotFound
from app.rules.lifecycle import RecordKind
from app.rules.words import t
from app.services import records
from app.unit_of_work import UnitOfWork

ALLOWED: Final = "record.log_time"
OF_OTHERS: Final = "time.correct"
KINDS: Final = frozenset({RecordKind.INCIDENT, RecordKind.REQUEST, RecordKind.TASK})


@dataclass(frozen=True)
class Work:
    """What somebody says: how many minutes, on which day (None: today), and what for."""

    minutes: int
    on: date | None = None
    note: str = ""


def log(uow: UnitOfWork, number: str, work: Work) -> TimeEntry:
    """Write down how long the actor worked on a record."""
    record = of(uow, number)
    alone(uow)
    return add(uow, record, work)


def correct(uow: UnitOfWork, number: str, entry_id: int, work: Work) -> TimeEntry:
    """Say how long it really was, and on which day; an empty note leaves the words that are there."""
    record, entry = _entry(uow, number, entry_id)
    on = work.on or entry.worked_on
    check(uow, entry.person_id, work.minutes, on, besides=entry.id)
    before = {"entry": entry.id, "minutes": entry.minutes, "on": entry.worked_on.isoformat()}
    note = _said(uow, record, work)
    entry.minutes, entry.worked_on, entry.note = work.minutes, on, note or entry.note
    uow.record_event(record, f"{record.kind}.correct_time", before=before, after={"entry": entry.id, "minutes": work.minutes, "on": on.isoformat()}, note=note)
    return entry


def remove(uow: UnitOfWork, number: str, entry_id: int) -> None:
    """Take an entry off: it was of another record, or there twice."""
    record, entry = _entry(uow, number, entry_id)
    uow.session.delete(entry)
    before = {"entry": entry.id, "minutes": entry.minutes, "on": entry.worked_on.isoformat()}
    uow.record_event(record, f"{record.kind}.remove_time", before=before, after={"entry": entry.id, "minutes": 0})


def of(uow: UnitOfWork, number: str) -> Record:
    """Return a record on which the actor may write down time; NotFound for kinds that have none."""
    record = uow.get(Record, number)
    if record.kind not in KINDS:
        raise NotFound(number)
    uow.check(ALLOWED, record)
    return record


def alone(uow: UnitOfWork) -> None:
    """Let nothing else of the actor's time be written meanwhile: a day has 24 hours, and a person one timer."""
    uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"work time of {uow.actor.id}", 0))))


def add(uow: UnitOfWork, record: Record, work: Work, started_at: datetime | None = None) -> TimeEntry:
    """Keep an entry of the actor's on a record; with `started_at`, as a timer measured it until now."""
    person_id, on = uow.actor.id or 0, work.on or today(uow, started_at)
    check(uow, person_id, work.minutes, on)
    note = _said(uow, record, work)
    entry = TimeEntry(record_id=record.id, person_id=person_id, minutes=work.minutes, worked_on=on, note=note, created_at=uow.now)
    if started_at is not None:
        entry.started_at, entry.ended_at = started_at, max(uow.now, started_at)
    uow.session.add(entry)
    uow.session.flush()
    by = "typed" if started_at is None else "timer"
    uow.record_event(record, f"{record.kind}.log_time", after={"entry": entry.id, "minutes": work.minutes, "on": on.isoformat(), "by": by}, note=note)
    return entry


def today(uow: UnitOfWork, at: datetime | None = None) -> date:
    """Return the day it is (or was at that time) where the actor is."""
    return (at or uow.now).astimezone(ZoneInfo(uow.actor.timezone)).date()


def check(uow: UnitOfWork, person_id: int, minutes: int, on: date, *, besides: int | None = None) -> None:
    """Raise Invalid where nobody can have worked so: no time, on another day than may be, more than a day has."""
    if minutes < 1:
        raise Invalid({"time": t("Write at least one minute.")})
    if not work_time.is_likely(on, today(uow)):
        raise Invalid({"on": t("Choose a day of the last year, and none to come.")})
    others = select(func.coalesce(func.sum(TimeEntry.minutes), 0)).where(
        TimeEntry.person_id == person_id, TimeEntry.worked_on == on, TimeEntry.id.is_distinct_from(besides)
    )  # fmt: skip
    if minutes + int(uow.session.scalars(others).one()) > work_time.DAY:
        raise Invalid({"time": t("That makes more than 24 hours on one day.")})


def _said(uow: UnitOfWork, record: Record, work: Work) -> Note | None:
    return records.write(uow, record, "work_note", work.note) if work.note.strip() else None


def _entry(uow: UnitOfWork, number: str, entry_id: int) -> tuple[Record, TimeEntry]:
    """Return an entry that the actor may change: one's own, or anybody's for who leads."""
    record = of(uow, number)
    entry = uow.session.scalars(select(TimeEntry).where(TimeEntry.id == entry_id, TimeEntry.record_id == record.id)).one_or_none()
    if entry is None:
        raise NotFound(number)
    if entry.person_id != uow.actor.id and not uow.actor.may(OF_OTHERS):
        raise Forbidden(t("You may not do this."))
    alone(uow)
    return record, entry
