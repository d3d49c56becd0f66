"""Stored clocks are a copy of what events say, made again and compared by `desk sla recompute`."""

import json
from datetime import timedelta
from typing import Any

from click.testing import CliRunner
from sqlalchemy import select, text, update

from app import database
from app.cli.sla import sla as command
from app.models.records import Record
from app.models.sla import Clock
from app.services import calls, conversations, incidents, sla
from app.unit_of_work import unit_of_work
from tests.cast import NOON
from tests.services.incidents_scene import do, reported
from tests.web.pages import ordered


def of(number: str) -> dict[str, Any]:
    with database.sessions()() as session:
        rows = session.execute(select(Clock.definition, Clock).join(Record, Record.id == Clock.record_id).where(Record.number == number).order_by(Clock.id))
        return {row.definition: row.Clock for row in rows}


def test_clocks_are_stored_as_events_say_and_what_was_written_past_them_is_found(cast: str) -> None:
    number, quiet, item = reported(), reported("Printer is out of paper"), ordered()
    with unit_of_work("bo", now=NOON + timedelta(minutes=5)) as uow:
        conversations.note_internally(uow, number, "Looks like the certificate.")
    with unit_of_work("ana", now=NOON + timedelta(minutes=10)) as uow:
        conversations.reply(uow, number, "It is urgent.")
    first = sla.recompute()
    assert (first.records, first.different) == (3, 2)  # an item that is neither asked nor approved has no clock
    assert {name: each.state for name, each in of(number).items()} == {"first_response": "running", "resolution": "running", "team": "running"}
    with unit_of_work("bo", now=NOON + timedelta(minutes=20)) as uow:
        calls.log(uow, number, "The certificate had run out.")
    do(number, "take", now=NOON + timedelta(minutes=30))
    with unit_of_work("bo", now=NOON + timedelta(minutes=60)) as uow:
        incidents.hold(uow, number, "caller", "Which version is it?")
    stale = json.loads(CliRunner().invoke(command, ["recompute", "--check", "--json"]).output)
    assert (stale["ok"], stale["different"]) == (False, 1)
    assert stale["differences"][0].startswith(f"{number}: first_response: ")
    assert sla.recompute().different == 1
    found = of(number)
    assert (found["first_response"].why, found["first_response"].stopped_at) == ("called", NOON + timedelta(minutes=20))
    assert (found["resolution"].state, found["resolution"].why, found["resolution"].due_at, found["resolution"].next_at) == ("paused", "on_hold:caller", None, None)
    assert found["resolution"].wall_seconds == 3600
    with unit_of_work("ana", now=NOON + timedelta(minutes=90)) as uow:
        conversations.reply(uow, number, "Version 3.")
    assert sla.recompute().different == 1
    assert of(number)["next_response"].started_at == NOON + timedelta(minutes=90)
    assert of(item) == {}
    assert CliRunner().invoke(command, ["recompute", "--check"]).exit_code == 0
    with database.engine().begin() as connection:
        connection.execute(update(Clock).where(Clock.definition == "resolution").values(due_at=NOON))
    past = sla.recompute(check=True)
    assert past.different == 2
    assert any(line.startswith(f"{quiet}: resolution: due_at is ") for line in past.differences)
    assert sla.recompute().different == 2
    assert sla.recompute(check=True).different == 0


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
