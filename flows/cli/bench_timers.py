"""`desk bench timers`: very many clocks run, many of them reach a threshold within one minute; how late is each step taken?

Twice on one whole desk: with few clocks running and with many. What comes due are incidents with their events, and their
steps are taken by the real relay, worker and flow: event, ladder, inbox and mail. The clocks that only run are rows like
theirs, with due times in the next weeks, and no events, since nobody asks for them.
Lateness is from the stored due time until the step is seen from outside, committed; we look four times a second.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import func, select, text

from app import clock_store, database
from app.models.events import Event
from app.models.people import Person, Team
from app.models.records import Record
from app.rules import audit
from app.services import escalation, reporting
from app.services.reporting import Report
from app.unit_of_work import SYSTEM, unit_of_work
from flows.cli import processor_time
from flows.cli.bench_submit import spread
from flows.cli.installation import Trial, demonstration, until
from flows.cli.processor_time import Cost
from flows.seekers import SEEKERS, Seeker

ALL_MS, P99_MS, IDLE_MS, TIMES = 30_000.0, 5_000.0, 20.0, 1.5
FEW: Final = 10_000  # clocks that run in the first round
CLOCKS: Final = ("first_response", "resolution", "team")  # of an incident
REACHED: Final = timedelta(hours=3)  # 75 % of a P1's four hours, day and night
SPAN: Final = timedelta(minutes=1)
LOOK_SECONDS: Final = 0.25
CHUNK: Final = 20_000  # incidents in one statement
RUNNING: Final = """
    with made as (
      insert into records (kind, number, state, title, priority, requester_id, beneficiary_id, opened_by_id, team_id, opened_at, updated_at, version, restricted, next_due_at, next_clock)
      select 'incident', 'INC7' || lpad(n::text, 7, '0'), 'new', 'It runs ' || n, 4, :person, :person, :person, :team,
             now() - interval '1 hour', now() - interval '1 hour', 1, false, now() + interval '1 day' + n * interval '3 second', 'first_response'
      from generate_series(cast(:first as int), cast(:last as int)) n returning id, opened_at, next_due_at),
    kept as (insert into incidents (id, impact, urgency, channel, description, fields, reopen_count, major) select id, 3, 2, 'portal', '', '{}', 0, 'none' from made)
    insert into clocks (record_id, definition, measure, team_id, round, calendar, target_minutes, state, why, started_at, attached_at, first_due_at, due_at,
                        worked_seconds, wall_seconds, next_at, next_percent, computed_at)
    select id, definition, definition, case when definition = 'team' then cast(:team as bigint) end, 1, 'business', 480, 'running', 'opened', opened_at, opened_at, next_due_at, next_due_at,
           0, 0, next_due_at, 100, opened_at
    from made, unnest(cast(:definitions as text[])) definition"""
DUE: Final = """
    with given as (select * from jsonb_to_recordset(cast(:rows as jsonb)) as row(number text, opened_at timestamptz, hash text, previous text, after jsonb)),
    made as (
      insert into records (kind, number, state, title, priority, requester_id, beneficiary_id, opened_by_id, team_id, opened_at, updated_at, version, restricted)
      select kind, given.number, state, title, priority, requester_id, beneficiary_id, opened_by_id, team_id, given.opened_at, given.opened_at, 1, false
      from records, given where records.id = :pattern returning id, number),
    kept as (
      insert into incidents (id, impact, urgency, channel, description, fields, reopen_count, major)
      select made.id, impact, urgency, channel, description, fields, 0, 'none' from incidents, made where incidents.id = :pattern),
    ends as (insert into streams (name, seq, hash) select number, 1, decode(hash, 'hex') from given)
    insert into events (stream, seq, name, actor_id, actor, at, record_id, before, after, previous, hash)
    select given.number, 1, :name, :actor_id, :actor, given.opened_at, made.id, '{}', given.after, decode(previous, 'hex'), decode(hash, 'hex')
    from given join made using (number)"""


def measure(clocks: int, due: int) -> dict[str, Any]:
    """Let so many clocks run, and so many of them be due within one minute; before that the same with few."""
    with demonstration() as trial, _bar() as bar:
        until(lambda: _idle_now(), "the demonstration's own steps are taken", 120)
        few = _round(trial, bar, min(FEW, clocks), due, "A")
        many = _round(trial, bar, clocks, due, "B")
    times = {
        "processor_per_step": round(many["processor_ms_per_step"]["all"] / few["processor_ms_per_step"]["all"], 2),
        "lateness_p50": round(many["late_ms"]["p50"] / few["late_ms"]["p50"], 2),
    }
    good = all(each["fired"] == due and each["late_ms"]["max"] <= ALL_MS and each["late_ms"]["p99"] <= P99_MS and each["idle_sweep_ms"]["p95"] <= IDLE_MS
               for each in (few, many))  # fmt: skip
    return {
        "ok": good and times["processor_per_step"] <= TIMES, "few": few, "many": many, "many_to_few": times,
        "allowed": {"late_ms_max": ALL_MS, "late_ms_p99": P99_MS, "idle_sweep_ms": IDLE_MS, "processor_per_step": TIMES},
    }  # fmt: skip


def _round(trial: Trial, bar: Progress, clocks: int, due: int, sign: str) -> dict[str, Any]:
    running = _fill(bar, clocks)
    until(_idle_now, "nothing is due", 120)
    idle, look = _idle(SEEKERS["escalate"]), _idle(*SEEKERS.values())
    lead = timedelta(seconds=30 + due / 100)
    numbers, begin = _come_due(bar, due, sign, lead)
    cost, late = _watch(trial, bar, numbers, begin)
    fired = [each for each in late.values() if each is not None]
    return {
        "running_clocks": running, "due_within_a_minute": due, "fired": len(fired), "late_ms": spread(fired or [0.0]),
        "steps_a_second_wanted": round(due / SPAN.total_seconds()), "idle_sweep_ms": idle, "idle_look_for_all_flows_ms": look, "processor_ms_per_step": cost.processor_ms,
    }  # fmt: skip


def _fill(bar: Progress, clocks: int) -> int:
    """Let so many clocks run; return how many do."""
    with database.sessions()() as session:
        there = session.scalar(text("select count(*) from clocks where state = 'running'"))
        last = session.scalar(text("select coalesce(max(substr(number, 5)::int), 0) from records where number like 'INC7_______'"))
        team = session.scalars(select(Team.id).where(Team.key == "service-desk")).one()
        person = session.scalars(select(Person.id).where(Person.login == "zeca")).one()
    missing = max(0, (clocks - there) // len(CLOCKS))
    task = bar.add_task(f"Letting {clocks:,} clocks run", total=missing)
    for first in range(last + 1, last + missing + 1, CHUNK):
        until_ = min(first + CHUNK - 1, last + missing)
        with database.sessions().begin() as session:
            session.execute(text("set local statement_timeout = 0"))
            session.execute(text(RUNNING), {"first": first, "last": until_, "person": person, "team": team, "definitions": list(CLOCKS)})
        bar.update(task, completed=until_ - last)
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("set statement_timeout = 0"))
        connection.execute(text("vacuum analyze"))
        return connection.scalar(text("select count(*) from clocks where state = 'running'")) or 0


def _idle(*seekers: Seeker) -> dict[str, float]:
    """Return the milliseconds of the questions whether these flows have anything to do, over many rounds."""
    taken = []
    for _ in range(100):
        began = time.perf_counter()
        for seeker in seekers:
            _ask(seeker)
        taken.append((time.perf_counter() - began) * 1000)
    return spread(taken)


def _ask(seeker: Seeker) -> bool:
    with database.sessions().begin() as session:
        return seeker.is_due(session)


def _idle_now() -> bool:
    with database.sessions()() as session:
        return not escalation.is_due(session)


def _come_due(bar: Progress, count: int, sign: str, lead: timedelta) -> tuple[list[str], datetime]:
    """Open incidents whose clock of resolution reaches 75 % in the minute that begins after `lead`; return them and that instant."""
    task = bar.add_task(f"Opening {count:,} incidents", total=count)
    with database.sessions()() as session:
        begin: datetime = session.scalars(select(func.desk_now())).one() + lead
        zeca = session.scalars(select(Person.id).where(Person.login == "zeca")).one()
    with unit_of_work("bo", now=begin - REACHED) as uow:
        pattern = reporting.open_for(uow, zeca, Report("It comes due", urgency=1, channel="phone"), impact=1)
    with database.sessions()() as session:
        born = session.scalars(select(Event).where(Event.record_id == pattern.id, Event.seq == 1)).one()
    numbers = [f"INC8{sign}{place:07}" for place in range(count)]
    for start in range(0, count, 500):
        part = list(_births(born, numbers[start : start + 500], begin - REACHED + SPAN * start / count, SPAN / count))
        with database.sessions().begin() as session:
            session.execute(text(DUE), {"rows": json.dumps(part), "pattern": pattern.id, "name": born.name, "actor_id": born.actor_id, "actor": born.actor})
        with unit_of_work(SYSTEM) as uow:
            clock_store.renew(uow.session, uow.session.scalars(select(Record).where(Record.number.in_(numbers[start : start + 500]))).all(), uow.now)
        bar.update(task, completed=start + len(part))
    with database.sessions()() as session:
        if session.scalars(select(func.desk_now())).one() >= begin:
            raise SystemExit("This machine opens incidents too slowly for so many; give fewer with --due.")
    return numbers, begin


def _births(born: Event, numbers: Sequence[str], first: datetime, step: timedelta) -> Iterator[Mapping[str, Any]]:
    """Yield the same birth for each, at its own instant, chained as each event is."""
    for place, number in enumerate(numbers):
        at = first + step * place
        digest = audit.event_hash(audit.GENESIS, stream=number, seq=1, name=born.name, actor=born.actor, at=at, before={}, after=born.after, note_digest=None)
        yield {"number": number, "opened_at": at.isoformat(), "hash": digest.hex(), "previous": audit.GENESIS.hex(), "after": born.after}


def _watch(trial: Trial, bar: Progress, numbers: Sequence[str], begin: datetime) -> tuple[Cost, dict[str, float | None]]:
    """Look on until each step was taken, or is overdue by far; return what it cost the desk, and how late each was in milliseconds."""
    late: dict[str, float | None] = dict.fromkeys(numbers)
    task = bar.add_task("Steps taken", total=len(numbers))
    query = text("""
        select records.number, extract(epoch from clock_timestamp() - escalations.due_at) * 1000 as late, clock_timestamp() as now
        from escalations join records on records.id = escalations.record_id
        where escalations.taken_at > now() - interval '2 minute' and escalations.percent = 75 and records.number = any(:missing)""")

    def look() -> None:
        end = begin + SPAN + timedelta(milliseconds=2 * ALL_MS)
        while missing := [number for number, value in late.items() if value is None]:
            with database.sessions()() as session:
                for row in session.execute(query, {"missing": missing}):
                    late[row.number] = float(row.late)
                now = session.scalars(select(func.desk_now())).one()
            bar.update(task, completed=len(numbers) - len(missing))
            if now > end:
                return
            time.sleep(LOOK_SECONDS)

    with database.sessions()() as session:
        now = session.scalars(select(func.desk_now())).one()
    time.sleep(max(0.0, (begin - now).total_seconds() - 1))
    return replace(processor_time.of(trial, look), items=len(numbers)), late


def _bar() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeRemainingColumn(), console=Console(stderr=True))
