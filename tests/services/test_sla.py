"""Stored clocks are a copy of what events say, made again and compared by `desk sla recompute`."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from click.testing import CliRunner
from sqlalchemy import select, text, update

from app import database
from app.cli.sla import sla as command
from app.models.records import Record
from app.models.sla import Clock
from app.services import calls, conversations, families, incident_details, incidents, sla, undoing
from app.unit_of_work import unit_of_work
from tests.cast import NOON
from tests.services.incidents_scene import LATER, brought, do, reported
from tests.web.pages import asked, ordered


def rows(number: str) -> Sequence[Clock]:
    with database.sessions()() as session:
        return session.scalars(select(Clock).join(Record, Record.id == Clock.record_id).where(Record.number == number).order_by(Clock.definition.desc(), Clock.id)).all()


def of(number: str) -> dict[str, Any]:
    return {each.definition: each for each in rows(number)}


def teams(number: str) -> list[str]:
    return [each.state for each in rows(number) if each.definition == "team"]


def head(number: str) -> tuple[datetime | None, str | None]:
    with database.sessions()() as session:
        due_at, clock = session.execute(select(Record.next_due_at, Record.next_clock).where(Record.number == number)).one()
        return due_at, clock


def test_each_step_stores_its_clocks_and_what_was_written_past_them_is_found(cast: str) -> None:
    number, quiet, item = reported(), reported("Printer is out of paper"), ordered()
    with unit_of_work("bo", now=NOON + timedelta(minutes=5)) as uow:
        conversations.note_internally(uow, number, "Looks like the certificate.")
    with unit_of_work("ana", now=NOON + timedelta(minutes=10)) as uow:
        conversations.reply(uow, number, "It is urgent.")
    assert {name: each.state for name, each in of(number).items()} == {"first_response": "running", "resolution": "running", "team": "running"}
    assert head(number) == (of(number)["first_response"].due_at, "first_response")
    with unit_of_work("bo", now=NOON + timedelta(minutes=20)) as uow:
        calls.log(uow, number, "The certificate had run out.")
    do(number, "take", now=NOON + timedelta(minutes=30))
    with unit_of_work("bo", now=NOON + timedelta(minutes=60)) as uow:
        incidents.hold(uow, number, "caller", "Which version is it?")
    found = of(number)
    assert (found["first_response"].why, found["first_response"].stopped_at) == ("called", NOON + timedelta(minutes=20))
    assert (found["resolution"].state, found["resolution"].why, found["resolution"].due_at, found["resolution"].next_at) == ("paused", "on_hold:caller", None, None)
    assert (found["resolution"].wall_seconds, head(number)) == (3600, (None, None))
    with unit_of_work("ana", now=NOON + timedelta(minutes=90)) as uow:
        conversations.reply(uow, number, "Version 3.")
    assert of(number)["next_response"].started_at == NOON + timedelta(minutes=90)
    assert of(item) == {}  # neither asked nor approved
    assert sla.recompute().different == 0
    assert CliRunner().invoke(command, ["recompute", "--check"]).exit_code == 0
    with database.engine().begin() as connection:
        connection.execute(update(Clock).where(Clock.definition == "resolution").values(due_at=NOON))
        connection.execute(text("update records set next_clock = 'team' where number = :number"), {"number": item})
    past = json.loads(CliRunner().invoke(command, ["recompute", "--check", "--json"]).output)
    assert (past["ok"], past["different"]) == (False, 3)
    assert any(line.startswith(f"{quiet}: resolution: due_at is ") for line in past["differences"])
    assert any(line.startswith(f"{item}: next_due_at is None (team)") for line in past["differences"])
    assert sla.recompute().different == 3
    assert sla.recompute(check=True).different == 0


def test_after_every_journey_the_stored_clocks_are_what_events_say(cast: str) -> None:
    for state in ("new", "in_progress", "on_hold", "resolved", "closed", "canceled"):
        brought(state, title=f"Brought to {state}")
    back, parent, child = brought("resolved"), reported("Mail is down"), reported("No mail")
    do(back, "reopen", now=LATER)
    with unit_of_work("bo", now=LATER) as uow:
        families.adopt(uow, child, parent)
        incident_details.change(uow, parent, note="Everybody has it.", impact=1, urgency=1)
    with unit_of_work("bo", now=LATER + timedelta(minutes=5)) as uow:
        incidents.hand_over(uow, back, "identity", "It is the account.")
        step = undoing.offer(uow, back)
    assert teams(back) == ["completed", "running"]
    with unit_of_work("bo", now=LATER + timedelta(minutes=5, seconds=3)) as uow:
        undoing.undo(uow, back, step or 0)
    assert teams(back) == ["running"]  # the other never was
    do(parent, "take", now=LATER)
    do(parent, "resolve", now=LATER + timedelta(hours=2))
    assert {name: each.state for name, each in of(child).items()} == {"first_response": "completed", "resolution": "completed", "team": "completed"}
    assert of(asked(key="order-number-0002")[1])["approval"].state == "running"
    assert (sla.recompute(check=True).differences, sla.recompute().different) == ([], 0)


def test_what_comes_next_and_what_is_due_is_found_by_an_index(db: str) -> None:
    with database.engine().connect() as connection:
        connection.execute(text("set enable_seqscan = off"))
        plans = [
            "\n".join(connection.scalars(text("explain " + query))) for query in (
                "select id from clocks where next_at <= now() order by next_at, id limit 200",
                "select record_id from clocks where state = 'running' order by due_at, id limit 50",
            )
        ]  # fmt: skip
    assert "ix_clocks_next" in plans[0]
    assert "ix_clocks_due" in plans[1]
    assert "Sort" not in plans[0] + plans[1]
