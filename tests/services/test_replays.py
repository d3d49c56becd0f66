"""Another desk's log runs through ours: order, resumption, a second run, what is rejected; figures from our own books."""

import gzip
import json
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from app import database, imports, priorities
from app.cli import _bringing_in
from app.cli.imports import replay as command
from app.models.events import Event
from app.models.incidents import Incident
from app.models.people import Person
from app.models.records import Link, Record
from app.queries import replays as figures
from app.rules import histories
from app.rules.errors import ActionNotAllowed, Forbidden
from app.rules.lifecycle import Action, RecordKind
from app.services import audit, records, replays
from app.services.replays import Player
from app.settings import ROOT
from app.unit_of_work import IMPORTER, SYSTEM, unit_of_work

MAPPING = ROOT / "config" / "imports" / "servicenow.toml"
LOG = ROOT.parent / "shared" / "data" / "itsm" / "uci_dev_opened_before_2016-04-01.csv.gz"
EXPECTED = LOG.with_name("expected_dev.json")
HEADING = (  # those of the log's columns that the mapping names
    "number", "incident_state", "active", "reassignment_count", "reopen_count", "sys_updated_by", "sys_updated_at",
    "opened_at", "resolved_at", "closed_at", "caller_id", "opened_by", "assigned_to", "assignment_group", "resolved_by",
    "impact", "urgency", "priority", "category", "subcategory", "contact_type", "closed_code", "cmdb_ci", "location",
    "u_symptom", "knowledge", "u_priority_confirmation", "notify", "vendor", "made_sla", "problem_id", "rfc", "caused_by",
)  # fmt: skip
USUAL = {
    "active": "true", "reassignment_count": "0", "reopen_count": "0", "sys_updated_by": "Updated by 1", "opened_at": "1/3/2016 08:00",
    "resolved_at": "2/3/2016 09:00", "closed_at": "7/3/2016 09:00", "caller_id": "Caller 1", "opened_by": "Opened by  8",
    "assigned_to": "Resolver 1", "assignment_group": "Group 1", "resolved_by": "Resolved by 1", "impact": "2 - Medium", "urgency": "2 - Medium",
    "priority": "3 - Moderate", "category": "Category 1", "subcategory": "Sub/category 2", "contact_type": "Phone", "closed_code": "code 6",
    "knowledge": "true", "made_sla": "true",
}  # fmt: skip


def log(tmp_path: Path, *rows: dict[str, str], name: str = "log.csv") -> Path:
    """Write a log of these updates; what a row does not say is as USUAL, or unknown."""
    lines = [",".join((USUAL | row).get(column, "?") for column in HEADING) for row in rows]
    (tmp_path / name).write_text("\n".join([",".join(HEADING), *lines]) + "\n", "utf-8")
    return tmp_path / name


def step(number: str, state: str, at: str, **more: str) -> dict[str, str]:
    return {"number": number, "incident_state": state, "sys_updated_at": at, **more}


LIFE = (
    step("INC0000045", "New", "1/3/2016 08:10", assigned_to="?", assignment_group="?"),
    step("INC0000045", "Active", "1/3/2016 09:00"),
    step("INC0000045", "Awaiting User Info", "1/3/2016 10:00"),
    step("INC0000045", "Resolved", "2/3/2016 09:00", problem_id="Problem ID  7", rfc="CHG0000132", cmdb_ci="cmdb_ci 9"),
    step("INC0000045", "Active", "3/3/2016 09:00", reopen_count="1", assignment_group="Group 2", rfc="CHG0000132"),
    step("INC0000045", "Resolved", "3/3/2016 10:00", reopen_count="1", assignment_group="Group 2", rfc="CHG0000132"),
    step("INC0000045", "Closed", "7/3/2016 09:00", reopen_count="1", assignment_group="Group 2", rfc="CHG0000132"),
)
OTHER = (step("T-9", "Resolved", "1/3/2016 08:30", assigned_to="?"), step("T-9", "Closed", "5/3/2016 08:30", impact="3 - Low", urgency="3 - Low", priority="4 - Low"))


def column(sql: str) -> list[Any]:
    with database.sessions()() as session:
        return list(session.execute(text(sql)).scalars())


def play_here(file: Path) -> histories.Sorted:
    """Play a file in this process, as one of the command's processes does."""
    columns = imports.mapping(MAPPING)
    found = histories.sort_out(columns, imports.lines(file, columns))
    named = _bringing_in._named(columns, found)
    with unit_of_work(IMPORTER) as uow:
        played, _ = replays.left(uow, columns.name, found.histories)
    for bundle in replays.batches(found.histories, played, 4):
        with unit_of_work(IMPORTER) as uow:
            Player(uow, columns, priorities.matrix(), named).play(bundle)
    return found


def test_a_history_is_played_as_it_was(db: str, tmp_path: Path) -> None:
    play_here(log(tmp_path, *LIFE))
    with database.sessions()() as session:
        incident = session.scalars(select(Incident)).one()
        events = session.scalars(select(Event).where(Event.stream == "INC0000045").order_by(Event.seq)).all()
        links = session.execute(select(Link.type, Record.number).join(Record, Record.id == Link.target_id)).all()
        person = session.get_one(Person, incident.requester_id)
    assert [event.name for event in events] == ["incident.replay"] * 7
    assert {event.actor for event in events} == {"importer"}
    assert [event.after["state"] for event in events] == ["new", "in_progress", "on_hold", "resolved", "in_progress", "resolved", "closed"]
    assert events[0].at == datetime(2016, 3, 1, 11, 10, tzinfo=UTC)
    assert events[0].before == {}
    assert events[2].after["hold_reason"] == "caller"
    assert [event.after.get("warnings") for event in events] == [None] * 7
    assert (incident.state, incident.reopen_count, incident.priority, incident.updated_at) == ("closed", 1, 3, events[-1].at)
    assert incident.resolved_at == datetime(2016, 3, 2, 12, 0, tzinfo=UTC)
    assert [tuple(row) for row in links] == [("change", "CHG0000132")]
    assert (events[3].after["problem"], events[4].before["problem"], events[4].after["problem"]) == ("PRB0000001", "PRB0000001", None)
    assert column("select count(*) from affected") == [0]
    assert (person.name, person.login, person.active) == ("Caller 1", "caller-1", False)
    assert column("select kind || state from records where kind <> 'incident' order by 1") == ["changeclosed", "problemclosed"]
    assert audit.verify().findings == []
    assert column("select count(*) from deliveries union all select count(*) from messages") == [0, 0]


def test_what_the_rules_would_have_refused_is_a_warning_on_the_event(db: str, tmp_path: Path) -> None:
    play_here(log(tmp_path, *OTHER, step("T-9", "Awaiting Problem", "6/3/2016 08:00", priority="1 - Critical", assigned_to="?")))
    assert column("select after -> 'warnings' from events where name = 'incident.replay' order by seq") == [
        ["beginning"], None, ["transition", "link", "priority"]]  # fmt: skip
    assert column("select number from records where kind = 'incident'") == ["INC0000001"]
    assert column("select reopen_count from incidents") == [1]
    assert audit.verify().findings == []


def test_a_second_run_adds_nothing_and_more_lines_go_on_where_it_ended(db: str, tmp_path: Path) -> None:
    play_here(log(tmp_path, *LIFE[:3], *OTHER))
    before = column("select count(*) from events")
    play_here(log(tmp_path, *LIFE[:3], *OTHER))
    assert column("select count(*) from events") == before
    play_here(log(tmp_path, *LIFE, *OTHER))
    assert column("select after ->> 'line' from events where stream = 'INC0000045' order by seq") == ["2", "3", "4", "5", "6", "7", "8"]
    assert column("select state from records where number = 'INC0000045'") == ["closed"]
    assert audit.verify().findings == []
    with database.sessions().begin() as session:
        session.execute(text("update replays set lines = lines - 1 where source = 'servicenow'"))
    assert {finding.invariant for finding in audit.verify().findings} == {"I12"}


def test_other_lines_of_a_record_that_was_played_are_rejected(db: str, tmp_path: Path) -> None:
    play_here(log(tmp_path, *LIFE[:2]))
    outcome = _bringing_in.run(log(tmp_path, *LIFE[1:4]), MAPPING, 1)
    assert [(each.line, each.reason) for each in outcome.rejected] == [(line, "its record was played from other lines before") for line in (2, 3, 4)]
    assert (outcome.added, outcome.known) == (0, 0)


def test_a_number_that_is_ours_already_is_not_taken_and_ours_go_on_above_theirs(db: str, tmp_path: Path) -> None:
    with unit_of_work(SYSTEM) as uow:
        own = Incident(kind=RecordKind.INCIDENT, number="INC0000045", state="new", title="Ours", impact=2, urgency=2, channel="phone")
        records.add(uow, own)
    play_here(log(tmp_path, *LIFE))
    assert column("select number from records where kind = 'incident' order by id") == ["INC0000045", "INC0000046"]
    with unit_of_work(SYSTEM) as uow:
        assert records.numbers(uow, RecordKind.CHANGE) == ["CHG0000133"]


def test_only_the_importer_plays_history(db: str) -> None:
    for who in (SYSTEM, IMPORTER):
        with unit_of_work(who) as uow:
            own = Incident(kind=RecordKind.INCIDENT, number=f"INC000000{len(who.login)}", state="new", title="Ours", impact=2, urgency=2, channel="phone")
            records.add(uow, own)
            if who is IMPORTER:
                records.move(uow, own, Action.REPLAY, to="closed")
                assert own.state == "closed"
            else:
                with pytest.raises(Forbidden):
                    records.move(uow, own, Action.REPLAY, to="closed")
                with pytest.raises(Forbidden):
                    uow.play_at(datetime(2016, 1, 1, tzinfo=UTC))


def test_the_command_plays_tells_what_it_rejects_and_writes_figures(db: str, tmp_path: Path) -> None:
    file = log(tmp_path, *LIFE, step("INC0000077", "New", "1/3/2016 08:10"), step("INC0000077", "-100", "1/3/2016 08:20"), *OTHER)
    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    result = CliRunner().invoke(command, [str(packed), "--mapping", str(MAPPING), "--figures", str(tmp_path / "out.json"), "--at", "2016-03-02 12:00"])
    assert result.exit_code == 0, result.output
    assert "line 10 (INC0000077): the state “-100” is not in the mapping" in result.output
    assert "line 9 (INC0000077): its record is kept out because of line 10" in result.output
    assert "9 added" in result.output
    assert "2 rejected" in result.output
    found = json.loads((tmp_path / "out.json").read_text())["expected"]
    assert (found["events"], found["incidents"], found["event_state_counts"]["Resolved"]) == (9, 2, 3)
    assert found["transitions"]["Resolved -> Active"] == 1
    assert found["reopen"] == {"derived_from_transitions_total": 1, "derived_incidents": 1, "max": 1, "per_incident_equal": 2,
                               "recorded_incidents": 1, "recorded_total": 1}  # fmt: skip
    assert found["state_snapshot_at"] == {"2016-03-02 12:00": {"Resolved": 2}}
    assert found["backlog_opened_not_closed_at"] == {"2016-03-02 12:00": 2}
    assert found["assignment_group_changes_visible"] == 1
    assert found["impact_urgency_priority"] == {"2 - Medium x 2 - Medium -> 3 - Moderate": 1, "3 - Low x 3 - Low -> 4 - Low": 1}
    assert (found["distinct"]["subcategory"], found["linked"]["rfc"], found["linked"]["problem_id"]) == (1, 1, 0)
    assert found["open_to_resolved_min"] == {"n": 2, "sum": 3000, "mean": 1500.0, "median": 1500.0, "p90": 1500.0}
    clock, (*_, company) = found["sla_oracles"]["A: Mon-Fri 08:00-18:00, no holidays"], found["sla_oracles"].values()
    assert (clock["of"], clock["breached"], clock["total_business_minutes"], clock["total_business_minutes_to_close"]) == (2, 0, 2 * 660, 2 * 2460)
    assert company == {"p3": 1, "predicted_met": 1, "recorded_met": 1, "agree": 1}
    with database.sessions()() as session:
        assert figures.figures(session, imports.mapping(MAPPING), [])["expected"]["events"] == 0


def test_figures_do_not_wait_for_statistics_of_what_was_just_played(db: str, tmp_path: Path) -> None:
    """On tables that nobody has analysed yet the plan was so bad that the question ran into its time limit."""
    result = CliRunner().invoke(command, [str(log(tmp_path, *LIFE)), "--mapping", str(MAPPING), "--figures", str(tmp_path / "out.json")])
    assert result.exit_code == 0, result.output
    for table in ("events", "records", "incidents", "imported"):
        assert column(f"select c.reltuples = (select count(*) from {table}) from pg_class c where c.oid = '{table}'::regclass") == [True], table  # noqa: S608


def test_two_imports_of_one_source_do_not_run_beside_each_other(db: str, tmp_path: Path) -> None:
    with _bringing_in._alone("servicenow"), pytest.raises(ActionNotAllowed):
        _bringing_in.run(log(tmp_path, *LIFE), MAPPING, 1)
    _bringing_in.run(log(tmp_path, *LIFE[:1]), MAPPING, 1)
    assert column("select count(*) from events where name = 'incident.replay'") == [1]
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_every_figure_of_the_real_log_is_exact(db: str, tmp_path: Path) -> None:
    if not LOG.exists():
        pytest.skip("../shared/data is not here")
    outcome = _bringing_in.run(LOG, MAPPING, 2)
    assert (outcome.added, outcome.rejected) == (59_354, [])
    columns = imports.mapping(MAPPING)
    with database.sessions()() as session:
        found = figures.figures(session, columns, outcome.keys, columns.instants)["expected"]
    assert found == json.loads(EXPECTED.read_text())["expected"]
    assert audit.verify().findings == []
