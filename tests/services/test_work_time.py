"""Worked time: who writes and corrects it, what a day can hold, one timer a person, and what the books say."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app import database
from app.models.work_time import TimeEntry, Timer
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid, NotFound
from app.services import audit, timers, work_time
from app.services.work_time import Work
from app.unit_of_work import unit_of_work
from tests.cast import NOON, event_names, person_id
from tests.services.incidents_scene import brought, problem, reported, role

HOUR = timedelta(hours=1)


def kept() -> list[tuple[str, int]]:
    with database.sessions()() as session:
        rows = session.scalars(select(TimeEntry).order_by(TimeEntry.id))
        return [(row.person.login, row.minutes) for row in rows]


def faults() -> list[str]:
    return [finding.text for finding in audit.verify().findings if "Of entry" in finding.text]


def test_time_is_written_down_corrected_and_taken_off_by_whoever_may_and_each_leaves_an_event(cast: str) -> None:
    number = brought("in_progress")
    with unit_of_work("bo", now=NOON) as uow:
        entry = work_time.log(uow, number, Work(90, note="Looked at the router."))
        assert (entry.worked_on, entry.started_at) == (NOON.date(), None)
        id_ = entry.id
    role("caro", "analyst")
    with unit_of_work("caro", now=NOON) as uow, pytest.raises(Forbidden):
        work_time.correct(uow, number, id_, Work(5))
    role("caro", "team_lead")
    with unit_of_work("caro", now=NOON) as uow:
        work_time.correct(uow, number, id_, Work(60, NOON.date() - timedelta(days=1)))
    with unit_of_work("bo", now=NOON) as uow:
        other = work_time.log(uow, number, Work(10)).id
        work_time.remove(uow, number, other)
    assert (kept(), event_names(number)[-4:]) == ([("bo", 60)], ["incident.log_time", "incident.correct_time", "incident.log_time", "incident.remove_time"])
    with unit_of_work("bo", now=NOON) as uow:
        assert uow.session.scalars(select(TimeEntry)).one().note.body == "Looked at the router."  # type: ignore[union-attr]
    for login, wrong in (("ana", Forbidden), ("zeca", NotFound)):
        with unit_of_work(login, now=NOON) as uow, pytest.raises(wrong):
            work_time.log(uow, number, Work(5))
    with unit_of_work("bo", now=NOON) as uow:
        for elsewhere in (reported("Another"), problem()):
            with pytest.raises(NotFound):
                work_time.correct(uow, elsewhere, id_, Work(5))


def test_nobody_works_on_a_day_to_come_nor_more_than_a_day_has(cast: str) -> None:
    number, today = brought("in_progress"), NOON.date()
    with unit_of_work("bo", now=NOON) as uow:
        entry = work_time.log(uow, number, Work(1400)).id
        for minutes, days in ((0, 0), (41, 0), (5, 1), (5, -400)):
            with pytest.raises(Invalid):
                work_time.log(uow, number, Work(minutes, today + timedelta(days=days)))
        work_time.log(uow, number, Work(40))
        work_time.log(uow, number, Work(1440, today - timedelta(days=1)))
        with pytest.raises(Invalid):
            work_time.correct(uow, number, entry, Work(1401))
        work_time.correct(uow, number, entry, Work(1399))


def test_a_timer_runs_once_a_person_and_what_it_measured_is_written_down(cast: str) -> None:
    one, two = brought("in_progress"), reported("Printer")
    with unit_of_work("bo", now=NOON) as uow:
        assert (timers.start(uow, one), timers.start(uow, one)) == (None, None)
    assert event_names(one)[-1] == "incident.start"  # that it runs is told to nobody
    with unit_of_work("bo", now=NOON + HOUR + timedelta(seconds=1)) as uow:
        stopped = timers.start(uow, two)
        assert stopped is not None
        assert (stopped.minutes, stopped.started_at, stopped.record.number) == (61, NOON, one)
    with unit_of_work("bo", now=NOON + 14 * HOUR) as uow:
        for refused, do in ((ActionNotAllowed, lambda: timers.start(uow, one)), (Invalid, lambda: timers.stop(uow, Work(0)))):
            with pytest.raises(refused):
                do()
        entry = timers.stop(uow, Work(15, note="Left it on."))
        assert (entry.minutes, entry.record.number, timers.mine(uow)) == (15, two, None)
        with pytest.raises(NotFound):
            timers.stop(uow, Work(5))
        timers.start(uow, one)
        timers.discard(uow)
        timers.discard(uow)
    assert kept() == [("bo", 61), ("bo", 15)]
    with unit_of_work("ana", now=NOON) as uow, pytest.raises(Forbidden):
        timers.start(uow, one)
    with database.sessions()() as session:
        assert session.scalars(select(Timer)).all() == []


def test_what_is_kept_is_what_events_say(cast: str) -> None:
    number = brought("in_progress")
    with unit_of_work("bo", now=NOON) as uow:
        first = work_time.log(uow, number, Work(30)).id
        work_time.correct(uow, number, first, Work(40))
        work_time.remove(uow, number, work_time.log(uow, number, Work(30)).id)
    assert faults() == []
    made = "insert into time_entries (record_id, person_id, minutes, worked_on, created_at) select record_id, :who, 5, worked_on, created_at from time_entries"
    for sql, count in (("update time_entries set minutes = 41", 1), (made, 2), ("delete from time_entries", 1)):
        with database.engine().begin() as connection:
            connection.execute(text(sql), {"who": person_id("bo")} if ":who" in sql else {})
        assert len(faults()) == count, sql
