"""Ladders: each step is taken once, in order, with the time at which it was due, whatever happens in between (FT-13, FT-14)."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import bindparam, select, text

from app import calendars, database, escalations
from app import sla as sla_file
from app.models.events import Event
from app.models.incidents import Incident
from app.models.messages import Message
from app.models.people import Person, RoleGrant, Team
from app.models.records import Record
from app.models.sla import Escalation, Notice
from app.platform import schema
from app.platform.postgres import Cluster
from app.rules.errors import DeskError
from app.services import audit, escalation, incident_details, reporting, sla
from app.services.reporting import Report
from app.settings import ROOT
from app.unit_of_work import unit_of_work
from flows import escalate as flow
from flows.seekers import SEEKERS
from tests.cast import NOON, _gather, event_names, person_id
from tests.databases import forget_settings
from tests.services.incidents_scene import do

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)  # 9:00 in São Paulo
LADDER = """
tiers = [["service-desk", "identity"]]
[quiet]
from = "20:00"
until = "07:00"
"""
STEPS = """
[[ladders]]
clock = "{clock}"
[[ladders.steps]]
at = 50
tell = ["assignee"]
[[ladders.steps]]
at = 75
tell = ["lead"]
[[ladders.steps]]
at = 100
tell = ["assignee", "manager"]
{more}
"""


@pytest.fixture
def desk(cast: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cast, with files of its own in config/, and rui as the lead of the service desk."""
    folder = tmp_path / "config"
    folder.mkdir()
    for file in (ROOT / "config").iterdir():
        (folder / file.name).symlink_to(file)
    monkeypatch.setenv("DESK_CONFIG_DIR", str(folder))
    ladder(folder, STEPS.format(clock="resolution", more=""))
    with database.sessions().begin() as session:
        session.scalars(select(Team).where(Team.key == "service-desk")).one().lead_id = person_id("rui")
        session.add(RoleGrant(person_id=person_id("rui"), role="team_lead", granted_at=NOON))
    return folder


def ladder(folder: Path, steps: str) -> None:
    (folder / "escalations.toml").unlink()
    (folder / "escalations.toml").write_text(LADDER + steps, "utf-8")
    forget()


def forget() -> None:
    """Read the files of config/ anew."""
    forget_settings()
    for read in (calendars._calendars, sla_file._agreement, escalations._ladders):
        read.cache_clear()


def at(moment: datetime) -> None:
    """Let the desk's clock stand there: back as well, as after somebody mended the host's."""
    with database.engine().begin() as connection:
        connection.execute(text(f"create or replace function desk_now() returns timestamptz language sql stable as $$ select timestamptz '{moment.isoformat()}' $$"))


def opened(now: datetime = MONDAY, urgency: int = 1) -> str:
    """Ana's incident of priority 3 (two working days), or of another urgency, in nobody's hands yet."""
    at(now)
    with unit_of_work("ana") as uow:
        return reporting.report(uow, Report("VPN does not connect", urgency=urgency)).number


def steps(number: str) -> list[tuple[int, datetime]]:
    with database.sessions()() as session:
        query = select(Escalation).join(Record, Record.id == Escalation.record_id).where(Record.number == number).order_by(Escalation.id)
        return [(each.percent, each.due_at) for each in session.scalars(query)]


def mails(template: str) -> list[tuple[str, str, datetime]]:
    with database.sessions()() as session:
        rows = session.scalars(select(Message).where(Message.template == template).order_by(Message.id))
        return [(each.address.partition("@")[0], each.params["reached"], each.next_at) for each in rows]


def is_due() -> bool:
    with database.sessions()() as session:
        return SEEKERS["escalate"].is_due(session)


HALF, MOST, OVER = (datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((23, 21), (24, 17), (24, 21)))  # of two working days
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def test_every_threshold_fires_once_with_its_own_time_whatever_clocks_outages_and_workers_do(desk: Path) -> None:
    number = opened()
    do(number, "take", now=MONDAY)
    at(HALF - SECOND)
    assert (is_due(), flow.batch().steps) == (False, 0)
    at(HALF)
    assert (is_due(), flow.escalate.fn(), steps(number)) == (True, 1, [(50, HALF)])
    assert mails("clock_warning") == [("bo", "Mon 23 Nov, 18:00", HALF)]
    for moment in (HALF, HALF - HOUR, HALF + HOUR, HALF):  # the host's clock is set back and forth
        at(moment)
        assert (is_due(), flow.escalate.fn()) == (False, 0)
    others = [opened() for _ in range(6)]
    at(OVER + timedelta(minutes=10))  # nobody looked meanwhile
    with ThreadPoolExecutor(3) as workers:
        taken = sum(workers.map(lambda _: flow.escalate.fn(), range(3)))
    taken += flow.escalate.fn()
    assert steps(number) == [(50, HALF), (75, MOST), (100, OVER)]
    assert {tuple(steps(other)) for other in others} == {((50, HALF), (75, MOST), (100, OVER))}
    assert (taken, is_due()) == (2 + 3 * len(others), False)
    assert list(event_names(number)).count("incident.threshold") == 3
    late = [mail for mail in mails("clock_over") if mail[0] == "bo"]
    assert {reached for _, reached, _ in late} == {"Tue 24 Nov, 18:00"}  # told ten minutes later, and said so
    with database.sessions()() as session:
        assert session.execute(select(Notice.name).join(Record, Record.id == Notice.record_id).where(Record.number == number).order_by(Notice.id)).scalars().all() == [
            "clock_warning", "clock_warning", "clock_over", "clock_over"]  # bo; rui, who leads; bo, and his manager rui
    assert (sla.recompute(check=True).differences, audit.verify().findings) == ([], [])


def test_nobody_hears_of_what_was_past_when_it_became_urgent_and_a_reopened_one_goes_on(desk: Path) -> None:
    number, back = opened(), opened()
    do(back, "take", now=MONDAY)
    at(HALF + timedelta(minutes=1))
    flow.escalate.fn()
    with database.engine().begin() as connection:  # as if nobody had looked since: its second half is all outstanding
        connection.execute(text("delete from escalations"))
    two_days = MONDAY + timedelta(days=2)
    do(back, "resolve", now=MOST - HOUR)
    at(two_days)
    with unit_of_work("bo") as uow:
        incident_details.change(uow, number, note="The whole company has it.", impact=1, urgency=1)
    do(back, "reopen", now=two_days)
    before = steps(number)
    flow.escalate.fn()
    assert steps(number) == before == []
    assert [percent for percent, _ in steps(back)] == [50]  # reached before it was resolved, and told of now
    at(two_days + HOUR)
    flow.escalate.fn()
    assert steps(back) == [(50, HALF), (75, two_days + HOUR)]  # one hour was left when it was resolved
    at(two_days + 6 * HOUR)
    flow.escalate.fn()
    assert [percent for percent, _ in steps(back)] == [50, 75, 100]
    assert steps(number) == []
    assert sla.recompute(check=True).differences == []


def test_a_ladder_raises_gives_on_and_proposes_and_mail_waits_for_the_morning(desk: Path) -> None:
    more = 'raise = "priority"\npropose_major = true\n[[ladders.steps]]\nat = 100\nafter = "30m"\nraise = "tier"\ntell = ["lead", "team:identity"]\n'
    ladder(desk, STEPS.format(clock="resolution", more=more))
    number = opened()
    at(OVER)
    flow.escalate.fn()
    assert [percent for percent, _ in steps(number)] == [50, 75, 100]
    assert {"incident.change", "incident.propose_major"} <= set(event_names(number))
    at(OVER + 15 * HOUR + timedelta(minutes=29))  # 9:29 on Wednesday; the new priority was over long ago
    assert flow.escalate.fn() == 0
    at(night := OVER + 15 * HOUR + timedelta(minutes=30))
    assert flow.escalate.fn() == 1
    with database.sessions()() as session:
        incident = session.scalars(select(Incident).where(Incident.number == number)).one()
        assert (incident.priority, incident.impact, incident.team and incident.team.key) == (2, 2, "identity")
        told = session.scalars(select(Event).where(Event.name == "incident.threshold").order_by(Event.id.desc()).limit(1)).one()
    assert (told.after["later"], told.after["acts"], told.after["due"]) == ("30m", ["raise"], night.isoformat())
    with database.sessions().begin() as session:
        session.execute(text("update people set timezone = 'Asia/Tokyo' where login = 'rui'"))
    at(night + 24 * HOUR)
    flow.escalate.fn()
    assert sla.recompute(check=True).differences == []


def test_nobody_is_told_of_what_he_may_not_see_nor_that_the_own_report_is_late(desk: Path) -> None:
    ladder(desk, STEPS.format(clock="resolution", more="").replace('["lead"]', '["lead", "team", "role:employee", "role:auditor"]'))
    secret = opened()
    do(secret, "take", now=MONDAY)
    with unit_of_work("caro") as uow:
        own = reporting.report(uow, Report("My own mail is gone", urgency=1)).number
    with database.engine().begin() as connection:
        connection.execute(text("update records set restricted = true where number = :number"), {"number": secret})
        connection.execute(text("insert into role_grants (person_id, role, source, granted_at) select id, 'employee', 'test', now() from people where login in ('zeca', 'ana')"))
    at(MOST)
    flow.escalate.fn()
    with database.sessions()() as session:
        told = select(Person.login).join(Notice, Notice.person_id == Person.id).join(Record, Record.id == Notice.record_id).where(Record.number == bindparam("number"))
        assert set(session.scalars(told, {"number": secret})) == {"bo", "caro", "rui"}  # who has it, its team, and who stands above ana; not zeca
        assert set(session.scalars(told, {"number": own})) == {"bo", "rui"}  # caro, of the team, wrote it


@pytest.mark.parametrize(("late_on_saturday", "half", "most", "over"), [
    ("2026-11-01T03", "2026-11-01T08", "2026-11-01T10", "2026-11-02T06"),  # 23:00 in New York; Sunday has 1:00 to 2:00 twice
    ("2027-03-14T04", "2027-03-14T09", "2027-03-15T05", "2027-03-15T07"),  # and in spring it has no 2:00 to 3:00
])  # fmt: skip
def test_on_the_days_on_which_clocks_are_set_each_threshold_comes_when_its_hours_are_worked(desk: Path, late_on_saturday: str, half: str, most: str, over: str) -> None:
    (desk / "calendars.toml").unlink()
    (desk / "calendars.toml").write_text((ROOT / "config" / "calendars.toml").read_text("utf-8") + '''
[night]
zone = "America/New_York"
saturday = ["00:00-06:00"]
sunday = ["00:00-06:00"]
monday = ["00:00-06:00"]
''', "utf-8")
    (desk / "sla.toml").unlink()
    (desk / "sla.toml").write_text('''[clocks.fix]
name = "Fix"
name_pt = "Reparo"
measures = "resolution"
type = "sla"
kinds = ["incident"]
start = ["opened"]
stop = ["resolved"]
targets = [{ target = "8h", calendar = "night" }]
''', "utf-8")
    forget()
    ladder(desk, STEPS.format(clock="fix", more=""))
    number, *moments = opened(_utc(late_on_saturday)), *map(_utc, (half, most, over))
    for moment in moments:
        at(moment - SECOND)
        assert flow.escalate.fn() == 0
        at(moment)
        assert flow.escalate.fn() == 1
    assert steps(number) == list(zip((50, 75, 100), moments, strict=True))


def _utc(hour: str) -> datetime:
    return datetime.fromisoformat(f"{hour}:00:00+00:00")


def test_a_workers_own_clock_decides_nothing(desk: Path) -> None:
    number = opened()
    do(number, "take", now=MONDAY)
    at(HALF - SECOND)
    with time_machine.travel(HALF + HOUR):
        assert (is_due(), flow.escalate.fn()) == (False, 0)
    at(HALF)
    with time_machine.travel(HALF - HOUR):
        assert (is_due(), flow.escalate.fn(), steps(number)) == (True, 1, [(50, HALF)])
    with database.sessions()() as session:
        assert session.scalars(select(Escalation.taken_at)).one() == HALF


def test_what_always_fails_stops_nothing_else_and_comes_again_until_it_is_given_up(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = opened(), opened()
    telling = escalation._tell

    def tell(uow: Any, record: Record, *rest: Any) -> None:
        if record.number == bad:
            raise RuntimeError("the letter cannot be written")
        telling(uow, record, *rest)

    monkeypatch.setattr(escalation, "_tell", tell)
    at(HALF)
    assert (flow.escalate.fn(), steps(good), steps(bad), is_due()) == (1, [(50, HALF)], [], False)
    for minutes in (1, 3, 7, 15):
        at(HALF + timedelta(minutes=minutes))
        assert (is_due(), flow.escalate.fn(), is_due()) == (True, 0, False)
    at(HALF + HOUR)
    assert not is_due()  # given up
    assert sla.recompute(check=True).differences == []
    monkeypatch.undo()
    do(bad, "take", now=HALF + HOUR)  # the next step of anybody computes its clocks anew
    assert (flow.escalate.fn(), steps(bad)) == (1, [(50, HALF)])


def test_bug_a_batch_in_which_no_step_is_taken_does_not_end_the_run(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd, number = opened(), opened()
    with database.engine().begin() as connection:  # as stored before somebody changed config/escalations.toml
        connection.execute(text("update clocks set next_at = :at, next_percent = 50 where record_id = (select id from records where number = :number)"),
                           {"at": MONDAY, "number": odd})  # fmt: skip
    monkeypatch.setattr(escalation.due, "__defaults__", (1,))
    at(HALF)
    assert flow.escalate.fn() == 2
    assert (steps(odd), steps(number), is_due()) == ([(50, HALF)], [(50, HALF)], False)


def test_bug_a_step_that_failed_once_and_was_taken_after_its_clock_stopped_is_due_no_more(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = opened()
    do(number, "take", now=MONDAY)
    do(number, "resolve", now=HALF + SECOND)
    at(HALF + 2 * SECOND)
    monkeypatch.setattr(escalation, "_tell", lambda *_: 1 / 0)
    assert (flow.escalate.fn(), is_due()) == (0, False)
    monkeypatch.undo()
    assert sla.recompute(check=True).differences == []
    at(HALF + 3 * SECOND)
    assert (sla.recompute().different, is_due()) == (1, True)  # tried anew at once
    at(HALF + HOUR)
    assert (flow.escalate.fn(), steps(number), is_due()) == (1, [(50, HALF)], False)


def test_a_database_that_dies_in_the_middle_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(tmp_path / "own")
    cluster.start()
    try:
        cluster.create_database("desk")
        monkeypatch.setenv("DESK_DATABASE_URL", cluster.url("desk"))
        forget_settings()
        schema.upgrade()
        _gather()
        numbers = [opened() for _ in range(30)]
        at(OVER)
        monkeypatch.setattr(escalation, "BATCH", 7)
        monkeypatch.setattr(escalation.due, "__defaults__", (7,))
        acts, killed = escalation._take, []

        def take(*given: Any) -> bool:
            if len(killed) < 2 and given[2].number == numbers[9 + 9 * len(killed)]:
                killed.append(cluster.pid())
                os.kill(killed[-1], signal.SIGQUIT)
            return acts(*given)

        monkeypatch.setattr(escalation, "_take", take)
        while True:
            try:
                if not flow.escalate.fn():
                    break
            except DeskError:
                cluster.stop()
                cluster.start()
                monkeypatch.setenv("DESK_DATABASE_URL", cluster.url("desk"))
                forget_settings()
        assert len(killed) == 2
        with database.sessions()() as session:
            told = {each.id: (each.stream, set(each.after["told"])) for each in session.scalars(select(Event).where(Event.name == "incident.threshold"))}
            mailed = session.execute(select(Message.event_id, Message.person_id).where(Message.event_id.in_(told))).all()
        fired = {number: steps(number) for number in numbers}
        assert len({tuple(each) for each in fired.values()}) == 1  # each the same, once
        assert sorted(stream for stream, _ in told.values()) == sorted(number for number in numbers for _ in fired[number])
        assert sorted(mailed) == sorted((event, person) for event, (_, people) in told.items() for person in people)
        assert (sla.recompute(check=True).differences, audit.verify().findings) == ([], [])
    finally:
        database.forget()
        cluster.remove()
        forget_settings()
