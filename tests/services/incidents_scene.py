"""What tests of incidents share: one reported by ana, and brought into any state."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from app import database
from app.models.incidents import Incident
from app.models.messages import Message
from app.models.people import Membership, RoleGrant, Team
from app.models.problems import Problem
from app.models.records import Link, Record
from app.rules.lifecycle import RecordKind
from app.services import incidents, records, reporting
from app.services.reporting import Report
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON, person_id

CODE, NOTES = "solved", "The cable was loose."
LATER = NOON + timedelta(hours=1)


def reported(title: str = "VPN does not connect", who: str = "ana", **more: Any) -> str:
    with unit_of_work(who, now=NOON) as uow:
        return reporting.report(uow, Report(title, **more)).number


def problem() -> str:
    with unit_of_work(SYSTEM) as uow:
        (number,) = records.numbers(uow, RecordKind.PROBLEM)
        return records.add(uow, Problem(kind=RecordKind.PROBLEM, number=number, state="new", title="Cause")).number


def brought(state: str, **more: Any) -> str:
    """Return ana's incident in this state, in bo's hands where it is in somebody's; resolved at noon."""
    number = reported(**more)
    steps = {
        "new": (), "in_progress": ("take",), "on_hold": ("take", "hold"), "resolved": ("take", "resolve"),
        "closed": ("take", "resolve", "close"), "canceled": ("cancel",),
    }[state]  # fmt: skip
    for step in steps:
        do(number, step)
    return number


def do(number: str, step: str, who: str = "bo", now: datetime | None = None) -> None:
    with unit_of_work("ana" if step == "close" and who == "bo" else who, now=now or NOON) as uow:
        match step:
            case "take":
                incidents.take(uow, number)
            case "hold":
                incidents.hold(uow, number, "vendor")
            case "resume":
                incidents.resume(uow, number)
            case "resolve":
                incidents.resolve(uow, number, CODE, NOTES)
            case "reopen":
                incidents.reopen(uow, number, "It fails again.")
            case "close":
                incidents.close(uow, number)
            case "cancel":
                incidents.cancel(uow, number, "mistake", "Pressed the wrong button.")


def found(number: str) -> Incident:
    with database.sessions()() as session:
        return session.scalars(select(Incident).where(Record.number == number)).one()


def letters() -> set[tuple[str, str]]:
    """Return (user name or mailbox, letter) of every mail that waits."""
    with database.sessions()() as session:
        return {(row.address.partition("@")[0], row.template) for row in session.scalars(select(Message))}


def linked(number: str) -> list[tuple[str, str]]:
    with database.sessions()() as session:
        query = select(Link.type, Record.number).join(Record, Record.id == Link.target_id).where(Link.source_id == found(number).id)
        return sorted((type_, other) for type_, other in session.execute(query))


def role(login: str, name: str, *, team: str | None = None) -> None:
    with database.sessions().begin() as session:
        session.add(RoleGrant(person_id=person_id(login), role=name, granted_at=NOON))
        if team:
            session.add(Membership(person_id=person_id(login), team_id=session.scalars(select(Team.id).where(Team.key == team)).one()))


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, 23, 15, 0, tzinfo=UTC) + timedelta(days=day, hours=hour - 12)


MANY = """
    with made as (
      insert into records (kind, number, state, title, priority, requester_id, opened_by_id, team_id, opened_at, updated_at, version, restricted)
      select 'incident', 'INC8' || lpad(n::text, 6, '0'), case when n % 25 = 0 then 'new' when n % 40 = 0 then 'resolved' else 'closed' end,
             'Fault ' || n, 1 + n % 5, :person, :person, :team, now() - n * interval '1 minute', now() - (n * 7 % 9973) * interval '1 minute', 1, false
      from generate_series(1, 20000) n returning id, priority)
    insert into incidents (id, impact, urgency, channel, description, fields, reopen_count, major)
    select id, 2, 2, 'portal', '', '{}', 0, 'none' from made"""


def twenty_thousand() -> None:
    """Store twenty thousand incidents of zeca's, eight hundred of them open, and let PostgreSQL look at them."""
    with database.sessions().begin() as session:
        team = session.scalars(select(Team.id).where(Team.key == "service-desk")).one()
        session.execute(text("set local statement_timeout = 0"))
        session.execute(text(MANY), {"person": person_id("zeca"), "team": team})
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze records, incidents, search_texts"))
