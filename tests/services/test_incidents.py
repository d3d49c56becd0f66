"""Incidents as domain.md 2 says: each transition with who may, what must be so before, and what follows."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import database, priorities
from app.models.events import Event
from app.models.incidents import Incident
from app.models.majors import Major
from app.models.people import Person
from app.models.records import Note, Record
from app.rules.errors import ActionNotAllowed, DeskError, Forbidden, Invalid, NotFound, Stale
from app.services import (
    audit,
    closure,
    incident_details,
    incidents,
    people,
    relations,
    reporting,
    tags,
    tasks,
    watching,
)
from app.services.reporting import Report
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON, event_names, person_id
from tests.services.incidents_scene import CODE, NOTES, at, brought, do, found, letters, linked, problem, reported, role

STATES = ("new", "in_progress", "on_hold", "resolved", "closed", "canceled")
LEADS = {  # the table of the domain: what each step does from each state; what is not here is refused
    ("new", "take"): "in_progress", ("in_progress", "take"): "in_progress", ("on_hold", "take"): "on_hold",
    ("in_progress", "hold"): "on_hold", ("on_hold", "resume"): "in_progress",
    ("in_progress", "resolve"): "resolved", ("on_hold", "resolve"): "resolved",
    ("resolved", "reopen"): "in_progress", ("resolved", "close"): "closed",
    ("new", "cancel"): "canceled", ("in_progress", "cancel"): "canceled", ("on_hold", "cancel"): "canceled",
}  # fmt: skip
STEPS = ("take", "hold", "resume", "resolve", "reopen", "close", "cancel")


@pytest.mark.parametrize("state", STATES)
def test_from_each_state_each_step_leads_where_the_domain_says_and_no_other_is_possible(cast: str, state: str) -> None:
    for step in STEPS:
        number = brought(state)
        wanted = LEADS.get((state, step))
        if wanted is None:
            with pytest.raises(DeskError) as refused:
                do(number, step)
            assert isinstance(refused.value, ActionNotAllowed), (step, refused.value)
        else:
            do(number, step)
        assert found(number).state == (wanted or state), step
    assert audit.verify().findings == []


PERMITTED = {  # step → (from, who may, who sees it but may not, who does not even see it)
    "take": ("new", ("bo",), ("ana", "helena"), ("zeca",)),
    "hold": ("in_progress", ("bo",), ("ana", "helena"), ("zeca",)),
    "resume": ("on_hold", ("bo",), ("ana",), ("zeca",)),
    "resolve": ("in_progress", ("bo",), ("ana",), ("zeca",)),
    "reopen": ("resolved", ("bo", "ana"), ("helena",), ("zeca",)),
    "close": ("resolved", ("ana",), ("helena",), ("zeca",)),
    "cancel": ("new", ("bo",), ("ana", "helena"), ("zeca",)),
}  # fmt: skip


@pytest.mark.parametrize("step", PERMITTED)
def test_who_may_do_it_and_who_does_not_even_see_it(cast: str, step: str) -> None:
    state, may, see, blind = PERMITTED[step]
    for who in (*may, *see, *blind):
        number = brought(state)
        if who in may:
            do(number, step, who)
            continue
        with pytest.raises(Forbidden if who in see else NotFound):
            do(number, step, who)


def test_an_analysts_own_incident_is_handled_with_requester_rights(cast: str) -> None:
    number = reported(who="bo")
    for step in ("take", "cancel"):
        with pytest.raises(Forbidden):
            do(number, step)
    with pytest.raises(Forbidden), unit_of_work("bo") as uow:
        incident_details.change(uow, number, impact=1, note="Mine is important.")


def test_whoever_reports_says_urgency_and_the_desk_derives_the_priority(cast: str) -> None:
    number = reported(urgency=1, description="Since eight.", category="network/vpn", fields={"place": "home"})
    incident = found(number)
    assert (incident.impact, incident.urgency, incident.priority, incident.state) == (3, 1, 3, "new")
    assert (incident.category, incident.fields, incident.channel) == ("network/vpn", {"place": "home"}, "portal")
    assert incident.requester_id == incident.beneficiary_id == incident.opened_by_id == person_id("ana")
    assert event_names(number) == ["incident.create"]
    with database.sessions()() as session:
        assert "Since eight." not in str(session.scalars(select(Event)).one().after)
        team = session.get_one(Incident, incident.id).team
        assert team is not None
        assert team.key == "network"
    assert ("ana", "incident_opened") in letters()


@pytest.mark.parametrize(("impact", "urgency", "priority"), [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 1, 2), (2, 2, 3), (2, 3, 4), (3, 1, 3), (3, 2, 4), (3, 3, 5)])
def test_the_matrix_is_that_of_the_domain(impact: int, urgency: int, priority: int) -> None:
    assert priorities.matrix()[f"{impact}{urgency}"] == priority


def test_on_behalf_of_a_vip_urgency_is_one_step_higher_and_impact_is_not(cast: str) -> None:
    with database.sessions().begin() as session:
        session.execute(update(Person).where(Person.login == "zeca").values(vip=True))
    with unit_of_work("bo") as uow:
        incident = reporting.open_for(uow, person_id("zeca"), Report("No sound", urgency=2, channel="phone"), impact=3)
    assert (incident.impact, incident.urgency, incident.priority, incident.channel) == (3, 1, 3, "phone")
    assert (incident.requester_id, incident.opened_by_id) == (person_id("zeca"), person_id("bo"))
    with pytest.raises(Forbidden), unit_of_work("ana") as uow:
        reporting.open_for(uow, person_id("zeca"), Report("No sound"))


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (Report(" "), "title"), (Report("x" * 201), "title"), (Report("A", urgency=4), "urgency"), (Report("A", channel="dream"), "channel"),
        (Report("A", category="weather"), "category"), (Report("A", category="network/vpn"), "place"),
        (Report("A", category="network/vpn", fields={"place": "moon"}), "place"), (Report("A", fields={"place": "home"}), "category"),
        (Report("A", description="x" * 20_001), "body"), (Report("A", cis=["no-such-thing"]), "cis"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_its_field(cast: str, said: Report, field: str) -> None:
    with pytest.raises(Invalid) as refused, unit_of_work("ana") as uow:
        reporting.report(uow, said)
    assert list(refused.value.fields) == [field]


def test_the_same_submission_twice_is_one_incident_and_nobody_elses(cast: str) -> None:
    assert reported(submission_key="key-1") == reported(submission_key="key-1")
    with pytest.raises(NotFound):
        reported(submission_key="key-1", who="zeca")


def test_it_cannot_begin_before_somebody_has_it(cast: str) -> None:
    number = reported()
    with pytest.raises(ActionNotAllowed, match="Somebody must have it"), unit_of_work("bo") as uow:
        incidents.start(uow, number)
    with unit_of_work("bo") as uow:
        incidents.assign(uow, number, person_id("caro"))
    with unit_of_work("bo") as uow:
        assert incidents.start(uow, number).state == "in_progress"
    assert ("caro", "incident_assigned") in letters()
    with pytest.raises(Invalid), unit_of_work("bo") as uow:
        incidents.assign(uow, number, person_id("zeca"))


def test_taking_what_somebody_has_is_on_record_and_an_old_page_is_told(cast: str) -> None:
    number = brought("in_progress")
    version = found(number).version
    role("caro", "analyst")
    with unit_of_work("caro") as uow:
        incidents.take(uow, number, version=version)
    assert found(number).assignee_id == person_id("caro")
    assert event_names(number)[-1] == "incident.assign"
    with pytest.raises(Stale), unit_of_work("bo") as uow:
        incidents.resolve(uow, number, CODE, NOTES, version=version)


def test_handed_over_it_is_nobodys_in_another_team_with_a_note(cast: str) -> None:
    number = brought("in_progress")
    with unit_of_work("bo") as uow:
        incidents.hand_over(uow, number, "network", "It is the router.")
    incident = found(number)
    assert (incident.assignee_id, incident.state, event_names(number)[-1]) == (None, "in_progress", "incident.hand_over")
    for wrong, body, error in (("network", "Again.", Invalid), ("moon", "There.", Invalid), ("identity", " ", Invalid)):
        with pytest.raises(error), unit_of_work("bo") as uow:
            incidents.hand_over(uow, number, wrong, body)


@pytest.mark.parametrize(
    ("reason", "comment", "refused"),
    [("weather", "It rains.", "reason"), ("caller", "", "comment"), ("caller", "Which office are you in?", None), ("vendor", "", None), ("evidence", "", None)],
)
def test_a_hold_has_a_reason_and_the_caller_is_told_what_is_needed(cast: str, reason: str, comment: str, refused: str | None) -> None:
    number = brought("in_progress")
    if refused:
        with pytest.raises(Invalid) as wrong, unit_of_work("bo") as uow:
            incidents.hold(uow, number, reason, comment)
        assert list(wrong.value.fields) == [refused]
        return
    with unit_of_work("bo") as uow:
        incidents.hold(uow, number, reason, comment)
    assert (found(number).state, found(number).hold_reason) == ("on_hold", reason)
    assert (("ana", "incident_waiting") in letters()) is (reason == "caller")
    with database.sessions()() as session:
        assert list(session.scalars(select(Note.kind))) == (["reply"] if comment else [])


@pytest.mark.parametrize("reason", ["problem", "change"])
def test_it_waits_for_a_problem_or_change_only_when_it_is_linked(cast: str, reason: str) -> None:
    number, cause = brought("in_progress"), problem()
    with pytest.raises(ActionNotAllowed, match="Link the problem"), unit_of_work("bo") as uow:
        incidents.hold(uow, number, reason)
    with unit_of_work("bo") as uow:
        relations.add(uow, number, "problem", cause)
    if reason == "problem":
        with unit_of_work("bo") as uow:
            incidents.hold(uow, number, reason)
        assert found(number).hold_reason == "problem"


def test_from_one_hold_to_another_and_back_to_work_clears_the_reason_and_tells(cast: str) -> None:
    number = brought("on_hold")
    with unit_of_work("ana") as uow:
        watching.invite(uow, number, person_id("zeca"))
    with pytest.raises(ActionNotAllowed), unit_of_work("bo") as uow:
        incidents.hold(uow, number, "vendor")
    with unit_of_work("bo") as uow:
        incidents.hold(uow, number, "evidence")
    role("caro", "analyst")
    do(number, "resume", "caro")
    assert (found(number).state, found(number).hold_reason) == ("in_progress", None)
    assert {("bo", "incident_resumed"), ("zeca", "incident_resumed")} <= letters()


def test_the_callers_answer_takes_it_up_again_and_only_then(cast: str) -> None:
    number = brought("on_hold")
    with unit_of_work("ana") as uow:
        incidents.caller_wrote(uow, uow.get(Incident, number))
    assert found(number).hold_reason == "vendor"
    with unit_of_work("bo") as uow:
        incidents.hold(uow, number, "caller", "Is it plugged in?")
    with unit_of_work("ana") as uow:
        incidents.caller_wrote(uow, uow.get(Incident, number))
    assert (found(number).state, found(number).hold_reason) == ("in_progress", None)


def test_what_it_waited_for_is_there_says_the_desk_alone(cast: str) -> None:
    number, cause = brought("on_hold"), problem()
    with pytest.raises(Forbidden), unit_of_work("bo") as uow:
        incidents.no_longer_waits(uow, number, "vendor", "mail")
    with unit_of_work(SYSTEM) as uow:
        incidents.no_longer_waits(uow, number, "change", "CHG0000001")
    assert found(number).state == "on_hold"
    with unit_of_work(SYSTEM) as uow:
        incidents.no_longer_waits(uow, number, "vendor", "mail")
    assert found(number).state == "in_progress"
    with unit_of_work("bo") as uow:
        relations.add(uow, number, "problem", cause)
        incidents.hold(uow, number, "problem")
    with unit_of_work(SYSTEM) as uow:
        incidents.resolve_by_problem(uow, number, cause, "The fix is out.")
    assert (found(number).state, found(number).resolution_code) == ("resolved", "resolved_by_problem")


@pytest.mark.parametrize(("code", "notes", "field"), [("", NOTES, "code"), ("magic", NOTES, "code"), (CODE, " ", "notes")])
def test_resolving_takes_a_code_and_notes(cast: str, code: str, notes: str, field: str) -> None:
    number = brought("in_progress")
    with pytest.raises(Invalid) as refused, unit_of_work("bo") as uow:
        incidents.resolve(uow, number, code, notes)
    assert list(refused.value.fields) == [field]


def test_resolving_takes_every_mandatory_task_to_be_over_and_tells_the_caller(cast: str) -> None:
    number = brought("in_progress")
    with unit_of_work("bo") as uow:
        task = incidents.add_task(uow, number, "Change the cable", "service-desk").number
        incidents.add_task(uow, number, "Label the cable", "service-desk", mandatory=False)
    for who, team, error in (("ana", "service-desk", Forbidden), ("bo", "moon", Invalid)):
        with pytest.raises(error), unit_of_work(who) as uow:
            incidents.add_task(uow, number, "Buy a cable", team)
    with pytest.raises(ActionNotAllowed, match="task"):
        do(number, "resolve")
    with unit_of_work("bo") as uow:
        tasks.close(uow, task, "complete")
    do(number, "resolve")
    incident = found(number)
    assert (incident.resolved_at, incident.resolved_by_id, incident.resolution_code) == (NOON, person_id("bo"), CODE)
    assert ("ana", "incident_resolved") in letters()
    do(number, "close")
    assert _state("TSK0000002") == "closed_incomplete"


def _state(number: str) -> str:
    with database.sessions()() as session:
        return session.scalars(select(Record.state).where(Record.number == number)).one()


def test_canceling_skips_open_tasks(cast: str) -> None:
    number = brought("in_progress")
    with unit_of_work(SYSTEM) as uow:
        tasks.open_for(uow, uow.get(Incident, number), "Change the cable", None)
    do(number, "cancel")
    assert (_state("TSK0000001"), _state(number)) == ("closed_skipped", "canceled")
    assert ("ana", "incident_canceled") in letters()


@pytest.mark.parametrize(("day", "who", "works"), [(5, "ana", True), (5, "bo", True), (6, "ana", False), (6, "bo", False)])
def test_within_the_window_it_is_reopened_afterwards_not(cast: str, day: int, who: str, works: bool) -> None:
    number = brought("resolved")
    if not works:
        with pytest.raises(ActionNotAllowed, match="too long ago"):
            do(number, "reopen", who, at(day))
        return
    do(number, "reopen", who, at(day))
    incident = found(number)
    assert (incident.state, incident.reopen_count, incident.resolved_at, incident.resolution_code) == ("in_progress", 1, None, None)
    assert (("bo", "incident_reopened") in letters()) is (who == "ana")


def test_a_major_one_never_closes_by_itself_and_only_its_manager_closes_it(cast: str) -> None:
    number = brought("resolved")
    with database.sessions().begin() as session:
        session.execute(update(Incident.__table__).where(Incident.__table__.c.id == found(number).id).values(major="accepted"))
    with unit_of_work(SYSTEM, now=at(30)) as uow:
        closure.take(uow, number)
    assert found(number).state == "resolved"
    with pytest.raises(ActionNotAllowed, match="major incident manager"):
        do(number, "close", "ana")
    role("caro", "major_incident_manager")
    role("caro", "analyst")
    with pytest.raises(ActionNotAllowed, match="file its post-incident report"):
        do(number, "close", "caro")
    with database.sessions().begin() as session:
        session.add(Major(incident_id=found(number).id, proposed_at=NOON, filed_at=NOON))
    do(number, "close", "caro")
    assert found(number).state == "closed"


def test_a_closed_one_is_not_reopened_but_followed(cast: str) -> None:
    number = brought("closed", category="network/vpn", fields={"place": "home"}, urgency=2)
    with pytest.raises(ActionNotAllowed):
        do(number, "reopen", "ana")
    with unit_of_work("ana") as uow:
        new = reporting.follow_up(uow, number, "It fails again.", submission_key="again").number
    with unit_of_work("ana") as uow:
        assert reporting.follow_up(uow, number, "It fails again.", submission_key="again").number == new
    old, incident = found(number), found(new)
    assert linked(new) == [("follows", number)]
    copied = ("title", "category", "fields", "urgency", "impact", "requester_id", "team_id")
    assert [getattr(incident, name) for name in copied] == [getattr(old, name) for name in copied]
    assert (incident.state, incident.description) == ("new", "It fails again.")
    with pytest.raises(ActionNotAllowed), unit_of_work("ana") as uow:
        reporting.follow_up(uow, new, "Too soon.")


def test_a_duplicate_names_the_other_and_another_reason_need_not(cast: str) -> None:
    number, other = reported(), reported()
    with pytest.raises(Invalid), unit_of_work("bo") as uow:
        incidents.cancel(uow, number, "duplicate", "The same.")
    with pytest.raises(Invalid), unit_of_work("bo") as uow:
        incidents.cancel(uow, number, "duplicate", "The same.", other=number)
    with pytest.raises(Invalid), unit_of_work("bo") as uow:
        incidents.cancel(uow, number, "boring", "The same.")
    with unit_of_work("bo") as uow:
        incidents.cancel(uow, number, "duplicate", "The same.", other=other)
    assert linked(number) == [("duplicates", other)]


def test_impact_and_urgency_change_with_a_note_only_and_the_priority_follows(cast: str) -> None:
    number = brought("in_progress")
    with pytest.raises(Invalid), unit_of_work("bo") as uow:
        incident_details.change(uow, number, impact=1)
    with unit_of_work("bo") as uow:
        incident_details.change(uow, number, impact=1, note="The whole floor.", title="VPN is down", category="hardware", fields={})
    incident = found(number)
    assert (incident.impact, incident.priority, incident.title, incident.category) == (1, 3, "VPN is down", "hardware")
    with database.sessions()() as session:
        last = session.scalars(select(Event).where(Event.stream == number).order_by(Event.id.desc()).limit(1)).one()
    assert (last.before["priority"], last.after["priority"], "VPN" in str(last.after)) == (5, 3, False)


def test_answers_to_questions_that_the_new_category_does_not_ask_are_dropped(cast: str) -> None:
    number = reported(category="network/vpn", fields={"place": "home"})
    with unit_of_work("bo") as uow:
        incident_details.change(uow, number, category="hardware")
    assert (found(number).category, found(number).fields) == ("hardware", {})


def test_watchers_see_it_and_are_at_most_so_many(cast: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from app import practice

    monkeypatch.setattr(watching, "practice", lambda: replace(practice.practice(), watchers=2))
    number = reported()
    with pytest.raises(NotFound), unit_of_work("zeca") as uow:
        watching.watch(uow, number)
    with unit_of_work("ana") as uow:
        watching.invite(uow, number, person_id("zeca"))
        watching.invite(uow, number, person_id("zeca"))
        watching.invite(uow, number, person_id("davi"))
    with pytest.raises(ActionNotAllowed, match="watched by 2"), unit_of_work("bo") as uow:
        watching.watch(uow, number)
    with unit_of_work("zeca") as uow:
        watching.leave(uow, number)
    with pytest.raises(NotFound), unit_of_work("zeca") as uow:
        uow.get(Incident, number)
    assert event_names(number).count("incident.watch") == 2


def test_links_lead_to_what_fits_and_what_the_actor_sees(cast: str) -> None:
    number, cause, other = reported(), problem(), reported(who="zeca")
    with unit_of_work("bo") as uow:
        relations.add(uow, number, "problem", cause.lower())
        relations.add(uow, number, "problem", cause)
    assert (linked(number), event_names(number).count("incident.link")) == ([("problem", cause)], 1)
    for type_, target in (("change", cause), ("love", cause), ("related", number)):
        with pytest.raises(Invalid), unit_of_work("bo") as uow:
            relations.add(uow, number, type_, target)
    with pytest.raises(Forbidden), unit_of_work("ana") as uow:
        relations.add(uow, number, "related", number)
    with pytest.raises(NotFound), unit_of_work("bo") as uow:
        relations.add(uow, number, "related", "INC9999999")
    with unit_of_work("bo") as uow:
        relations.add(uow, number, "related", other)
        relations.remove(uow, number, "problem", cause)
    assert linked(number) == [("related", other)]


def test_tags_are_small_words_and_few(cast: str) -> None:
    number = reported()
    with unit_of_work("bo") as uow:
        assert tags.add(uow, number, "  Black   Friday ") == tags.add(uow, number, "black friday") == "black friday"
        for count in range(19):
            tags.add(uow, number, f"tag-{count}")
    for word in ("one more", "<b>", "", "x" * 41):
        with pytest.raises(Invalid), unit_of_work("bo") as uow:
            tags.add(uow, number, word)
    with unit_of_work("bo") as uow:
        tags.remove(uow, number, "BLACK FRIDAY")
    with pytest.raises(Forbidden), unit_of_work("ana") as uow:
        tags.add(uow, number, "mine")


def test_whoever_is_let_in_no_more_lets_go_of_open_incidents(cast: str) -> None:
    number, done = brought("in_progress"), brought("resolved")
    with unit_of_work("eva", now=NOON + timedelta(minutes=1)) as uow:
        people.disable(uow, person_id("bo"))
    assert (found(number).assignee_id, found(done).assignee_id) == (None, person_id("bo"))
    assert event_names(number)[-1] == "incident.let_go"
