"""What hangs on an incident, changed on its page without script; merging, splitting, calls, drafts, ready answers, what is new."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import canned, database
from app.models.assets import CiRelation, ConfigurationItem
from app.models.messages import Message
from app.models.people import Membership, Team
from app.models.records import Participant, Tag
from app.models.requests import Item
from app.models.visits import Visit
from app.rules.errors import ActionNotAllowed, NotFound
from app.services import audit, calls, families, incidents, tasks, undoing
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import event_names, person_id
from tests.services.incidents_scene import LATER, brought, do, found, letters, linked, problem, reported, role
from tests.web.pages import asked, browser_of, counted, send


@pytest.fixture
def house(cast: str, application: Flask) -> Flask:
    with database.sessions().begin() as session:
        router = ConfigurationItem(key="router", name="Router 5", kind="network", criticality=2)
        vpn = ConfigurationItem(key="vpn", name="VPN service", kind="service", criticality=1)
        session.add_all([router, vpn])
        session.flush()
        session.add(CiRelation(source_id=vpn.id, target_id=router.id, type="runs_on"))
    return application


def test_all_that_hangs_on_it_is_put_there_and_taken_off_again(house: Flask) -> None:
    number, parent, cause = brought("in_progress"), reported("All VPNs are down", who="zeca"), problem()
    brought("resolved", title="VPN timeout today")
    bo, page = browser_of(house, "bo"), f"/incidents/{number}"

    def do(act: str, **fields: str) -> int:
        return send(bo, f"{page}/{act}", version=str(found(number).version), **fields).status_code

    assert "Router 5" in bo.get("/incidents/affected/suggest?q=rout").text
    assert do("describe", title="VPN: timeout", category="network/vpn") == 422  # it asks where from
    assert do("describe", title="VPN: timeout", category="network/vpn", answer_place="home") == 303
    assert do("affected", add="nothing") == 422
    assert do("affected", add="router") == 303
    assert do("links", type="problem", other=cause.lower()) == 303
    assert (do("links", type="problem", other="PRB9999999"), do("links", type="change", other=cause)) == (422, 422)
    assert do("family", parent=parent) == 303
    assert (do("tasks", title="Look", team="network", mandatory="1"), do("tags", tag="VPN"), do("tags", tag="?")) == (303, 303, 422)
    assert (do("watch"), do("watchers", person="helena"), do("watchers", person="nobody")) == (303, 303, 422)
    with counted() as statements:
        text = bo.get(f"{page}?beside=1").text
    assert len(statements) <= 12, len(statements)
    for words in ("VPN: timeout", "Where are you connected from?", "Router 5", "VPN service", cause, parent, "Look", "vpn", "Helena Souza", "The cable was loose."):
        assert words in text, words
    assert (do("affected", drop="router"), do("links", drop="1", type="problem", other=cause), do("family", parent="")) == (303, 303, 303)
    assert (do("tags", drop="vpn"), do("watch", leave="1"), do("watchers", drop=str(person_id("helena")))) == (303, 303, 303)
    assert (linked(number), found(number).parent_id, found(number).service) == ([], None, None)
    assert send(browser_of(house, "ana"), f"{page}/tags", tag="x").status_code == 403


def test_two_become_one_and_one_becomes_two(house: Flask) -> None:
    one, same = brought("in_progress"), reported("VPN again", who="zeca", description="Since nine.")
    bo = browser_of(house, "bo")
    assert send(bo, f"/incidents/{same}/merge", into=same, body="x", version="1").status_code == 422
    assert send(bo, f"/incidents/{same}/merge", into=one, body="We go on there.", version=str(found(same).version)).status_code == 303
    assert (found(same).state, linked(same)) == ("canceled", [("duplicates", one)])
    text = bo.get(f"/incidents/{one}").text
    assert ("Zeca Dias" in text, "Since nine." in text) == (True, True)
    assert "Since nine." not in browser_of(house, "ana").get(f"/incidents/{one}").text
    assert browser_of(house, "zeca").get(f"/incidents/{one}").status_code == 200

    fields = {"title": "And the printer", "submission_key": "split-number-0001"}
    made = send(bo, f"/incidents/{one}/split", **fields).headers["Location"].rpartition("/")[2]
    assert (linked(made), found(made).requester_id) == ([("related", one)], person_id("ana"))
    assert send(bo, f"/incidents/{one}/split", **fields).headers["Location"].endswith(made)


def test_a_call_stays_inside_unless_its_recap_is_sent(house: Flask) -> None:
    number = brought("in_progress")
    bo, ana, page = browser_of(house, "bo"), browser_of(house, "ana"), f"/incidents/{number}"
    assert send(bo, f"{page}/calls", channel="phone", body="She was cross.").status_code == 303
    assert send(bo, f"{page}/calls", channel="phone", body="We agreed on nine o'clock.", then="recap").status_code == 303
    text = ana.get(page).text
    assert ("cross" in text, "nine o&#39;clock" in text or "nine o'clock" in text, "sent a recap" in text) == (False, True, True)
    assert "cross" in bo.get(page).text
    assert ("ana", "incident_recap") in letters()
    assert event_names(number)[-2:] == ["incident.call", "incident.call"]


def test_a_call_is_logged_on_requests_and_tasks_too_and_whoever_asked_reads_only_the_recap(house: Flask) -> None:
    request, item = asked()
    with unit_of_work(SYSTEM) as uow:
        team = uow.session.scalars(select(Team.id).where(Team.key == "service-desk")).one()
        task = tasks.open_for(uow, uow.get(Item, item), "Ring her", team).number
    bo, ana = browser_of(house, "bo"), browser_of(house, "ana")
    with counted() as statements:
        assert "Log a call" in bo.get(f"/requests/{request}").text
    assert len(statements) <= 14, len(statements)
    assert send(bo, f"/requests/{request}/calls", channel="phone", body="She was cross.").status_code == 303
    assert send(bo, f"/requests/{request}/calls", channel="chat", body="We agreed on nine.", then="recap").status_code == 303
    assert send(bo, f"/tasks/{task}/calls", channel="in_person", body="Cross again.").status_code == 303
    refused = [send(bo, f"/{page}/calls", channel=channel, body=body) for page in (f"requests/{request}", f"tasks/{task}") for channel, body in (("phone", " "), ("pigeon", "Coo"))]
    assert {(answer.status_code, "act-call\" open" in answer.text) for answer in refused} == {(422, True)}
    inside, outside = bo.get(f"/requests/{request}").text, ana.get(f"/requests/{request}").text
    assert ("She was cross." in inside, "talked to the caller (Phone)" in inside, "sent a recap (Chat)" in inside) == (True, True, True)
    assert ("We agreed on nine." in outside, "cross" in outside, "talked to the caller" in outside, "Log a call" in outside) == (True, False, False, False)
    assert ("Cross again." in bo.get(f"/tasks/{task}").text, "Cross again." in ana.get(f"/tasks/{task}").text) == (True, False)
    assert "talked to the caller (In person)" in bo.get(f"/records/{task}/timeline").text
    assert ("ana", "incident_recap") in letters()
    assert (event_names(request)[-2:], event_names(task)[-1]) == (["request.call", "request.call"], "task.call")

    statuses = [send(browser_of(house, who), f"/{page}/calls", channel="phone", body="x").status_code for who in ("ana", "zeca") for page in (f"requests/{request}", f"tasks/{task}")]
    assert statuses == [403, 403, 404, 404]
    with unit_of_work("bo") as uow, pytest.raises(ActionNotAllowed):
        calls.log(uow, task, "Never sent", recap=True)
    with unit_of_work("bo") as uow, pytest.raises(NotFound):
        calls.log(uow, problem(), "Nobody calls about these")
    role("ana", "analyst", team="identity")  # the team of the request, and one that works on the task
    with database.sessions().begin() as session:
        session.add(Membership(person_id=person_id("ana"), team_id=team))
    assert ("cross" in ana.get(f"/requests/{request}").text, "Cross again." in ana.get(f"/tasks/{task}").text) == (False, False)
    assert send(ana, f"/requests/{request}/calls", channel="phone", body="x").status_code == 403


def test_drafts_wait_ready_answers_are_filled_and_what_is_new_is_marked(house: Flask, tmp_path: Path) -> None:
    number = brought("in_progress")
    bo, ana, page = browser_of(house, "bo"), browser_of(house, "ana"), f"/incidents/{number}"
    assert send(bo, f"{page}/draft?kind=note", body="Not yet sent").status_code == 303
    assert ("Not yet sent" in bo.get(page).text, "Not yet sent" in browser_of(house, "caro").get(page).text) == (True, False)
    assert send(ana, f"{page}/draft?kind=note", body="x").status_code == 403
    shown = send(ana, f"{page}/preview", body="**Not** <script>x</script>\n\n- yet")
    assert ("<strong>Not</strong> &lt;script&gt;" in shown.text, "<li>yet</li>" in shown.text, "<html" in shown.text) == (True, True, False)
    assert (send(ana, f"{page}/preview", body="x" * 20_001).status_code, send(browser_of(house, "zeca"), f"{page}/preview", body="x").status_code) == (422, 404)
    send(bo, f"{page}/notes", body="Sent, with @caro and @zeca")
    assert ("Not yet sent" in bo.get(page).text, ("caro", "incident_mention") in letters(), ("zeca", "incident_mention") in letters()) == (False, True, False)
    inserted = send(bo, f"{page}/reply", body="Good day!", then="insert", canned="hello").text
    assert ("Good day!\n\nHello Ana," in inserted, f"looking into {number}" in inserted) == (True, True)

    assert "New since your last visit" not in ana.get(page).text
    with database.sessions().begin() as session:
        session.execute(update(Visit).values(at=Visit.at - timedelta(hours=1)))
    send(bo, f"{page}/reply", body="News for you")
    for _ in range(2):  # a reload does not take it away
        assert "New since your last visit" in ana.get(page).text
    wrong = tmp_path / "answers.toml"
    wrong.write_text('[[answers]]\nkey = "a"\nname = "A"\nname_pt = "A"\ntext = "{who}"\ntext_pt = "A"\n', "utf-8")
    with pytest.raises(canned.AnswerFault, match="who"):
        canned.load(wrong)


def test_what_was_just_sent_is_taken_back_with_its_mail_and_its_words_are_a_draft_again(house: Flask) -> None:
    number = brought("in_progress")
    bo, ana, caro, page = browser_of(house, "bo"), browser_of(house, "ana"), browser_of(house, "caro"), f"/incidents/{number}"

    def step() -> str:
        found = re.search(r'name="step" value="(\d+)"', bo.get(page).text)
        return found[1] if found else ""

    def do(act: str, **fields: str) -> str:
        assert send(bo, f"{page}/{act}", version=str(found(number).version), **fields).status_code == 303
        return step()

    def waiting() -> set[str]:
        with database.sessions()() as session:
            return set(session.scalars(select(Message.template).where(Message.state == "queued", Message.record_id == found(number).id)))

    sent = do("reply", body="The cable was loose.", then="resolve", code="solved")
    assert (found(number).state, "incident_resolved" in waiting(), "The cable was loose." in ana.get(page).text) == ("resolved", True, True)
    with database.sessions()() as session:
        held = select(Message.next_at - Message.created_at).where(Message.template == "incident_resolved", Message.state == "queued")
        assert min(session.scalars(held)) >= timedelta(seconds=10)
    assert (send(ana, f"{page}/undo", step=sent).status_code, send(caro, f"{page}/undo", step=sent).status_code) == (404, 404)
    assert send(bo, f"{page}/undo", step="1").status_code == 404
    assert send(bo, f"{page}/undo", step=sent).status_code == 303
    incident = found(number)
    assert (incident.state, incident.resolved_at, incident.resolution_code, waiting()) == ("in_progress", None, None, waiting() - {"incident_resolved"})
    assert "The cable was loose.</textarea>" in bo.get(page).text
    hers = ana.get(page).text
    assert ("The cable was loose." in hers, "took that back" in hers) == (False, True)
    assert ana.get("/search?q=loose").text.count(number) == 0
    assert send(bo, f"{page}/undo", step=sent).status_code == 409  # once

    paused = do("hold", reason="vendor", comment="Ticket 12")
    send(bo, f"{page}/notes", body="Talk takes nothing away")
    assert (send(bo, f"{page}/undo", step=paused).status_code, found(number).state, found(number).hold_reason) == (303, "in_progress", None)
    do("hold", reason="vendor")
    resumed = do("resume")
    assert (send(bo, f"{page}/undo", step=resumed).status_code, found(number).state, found(number).hold_reason) == (303, "on_hold", "vendor")
    resumed = do("resume")
    assert do("hold", reason="evidence")
    late = send(bo, f"{page}/undo", step=resumed)
    assert (late.status_code, "has gone on since" in late.text) == (409, True)

    fresh = reported("Taken by mistake")
    page = f"/incidents/{fresh}"
    send(bo, f"{page}/take", version="1")
    taken = step()
    assert (send(bo, f"{page}/undo", step=taken).status_code, found(fresh).state, found(fresh).assignee_id) == (303, "new", None)
    with unit_of_work("bo", now=LATER) as uow:
        incidents.take(uow, fresh)
        old = undoing.offer(uow, fresh)
    with unit_of_work("bo", now=LATER + timedelta(seconds=16)) as uow, pytest.raises(ActionNotAllowed, match="seconds"):
        undoing.undo(uow, fresh, old or 0)
    assert audit.verify().findings == []


def test_whose_it_is_its_tags_its_watchers_and_its_end_are_taken_back_alone_and_only_as_they_were_left(house: Flask) -> None:
    number = brought("in_progress")
    role("caro", "analyst")
    bo, ana, page = browser_of(house, "bo"), browser_of(house, "ana"), f"/incidents/{number}"

    def do_(act: str, by: object = bo, address: str = page, **fields: str) -> dict[str, str]:
        """Return what the message's button posts to take the step back."""
        assert send(by, f"{address}/{act}", version=str(found(address[11:]).version), **fields).status_code == 303
        button = re.search(r'data-toast="undo".*?</form>', by.get(address).text, re.DOTALL)  # type: ignore[attr-defined]
        return dict(re.findall(r'name="(step|tag|queue)" value="([^"]*)"', button[0])) if button else {}

    def undo(step: dict[str, str], by: object = bo, address: str = page) -> int:
        return send(by, f"{address}/undo", **step).status_code

    def has() -> tuple[int | None, int | None]:
        return found(number).assignee_id, found(number).team_id

    def beside() -> tuple[list[str], int]:
        with database.sessions()() as session:
            id_ = found(number).id
            tags = session.scalars(select(Tag.tag).where(Tag.record_id == id_)).all()
            return list(tags), len(session.scalars(select(Participant).where(Participant.record_id == id_)).all())

    def dropped() -> list[str]:
        with database.sessions()() as session:
            return list(session.scalars(select(Message.template).where(Message.state == "dropped", Message.record_id == found(number).id).order_by(Message.id)))

    mine = has()
    given = do_("assign", assignee=str(person_id("caro")))
    assert (has()[0], undo(given), has(), dropped()) == (person_id("caro"), 303, mine, ["incident_assigned"])
    assert undo(given) == 409  # once
    away = do_("hand-over", team="network", body="Theirs, I think")
    assert (has()[0], undo(away), has()) == (None, 303, mine)
    assert "Theirs, I think</textarea>" in bo.get(page).text  # in the box for notes
    do(number, "take", "caro", now=datetime.now(UTC))
    stolen = do_("take")
    do(number, "take", "caro", now=datetime.now(UTC))
    assert (undo(stolen), has()[0]) == (409, person_id("caro"))

    tagged = do_("tags", tag="  VPN ")
    assert (tagged["tag"], beside(), undo({**tagged, "tag": "x"}), undo(tagged), beside()) == ("vpn", (["vpn"], 0), 404, 303, ([], 0))
    do_("tags", tag="vpn")
    off = do_("tags", drop="vpn")
    assert (beside(), undo(off), beside()) == (([], 0), 303, (["vpn"], 0))
    again = do_("tags", drop="vpn")
    do_("tags", tag="vpn")
    assert undo(again) == 409  # it is there already
    watched = do_("watchers", person="helena")
    assert (beside()[1], undo(watched), beside()[1]) == (1, 303, 0)
    own = do_("watch", by=ana)
    assert (undo(own), undo(own, ana), beside()[1]) == (404, 303, 0)
    assert "took that back" not in ana.get(page).text  # nor was she told of what it was

    do(number, "resolve", now=datetime.now(UTC))
    was = found(number)
    back = do_("reopen", ana, body="Still no VPN")
    assert (found(number).state, undo(back, ana)) == ("in_progress", 303)
    now = found(number)
    assert (now.state, now.reopen_count, now.resolution_code, now.resolved_at, now.resolved_by_id) == ("resolved", 0, was.resolution_code, was.resolved_at, was.resolved_by_id)
    assert "Still no VPN</textarea>" in ana.get(page).text
    closed = do_("close", ana)
    assert (found(number).state, undo(closed, ana), found(number).state, found(number).closed_at) == ("closed", 303, "resolved", None)

    other = reported("Reported twice")
    twice = f"/incidents/{other}"
    gone = do_("cancel", address=twice, why="duplicate", other=number, body="As the other one")
    assert (linked(other), "As the other one" in ana.get(twice).text) == ([("duplicates", number)], True)
    assert (undo(gone, address=twice), found(other).state, linked(other), "As the other one" in ana.get(twice).text) == (303, "new", [], False)
    assert do_("merge", address=twice, into=do_and_return(number), body="We go on there.") == {}  # the other one knows of it by now

    whole, part = reported("All"), reported("One of all")
    with unit_of_work("bo") as uow:
        families.adopt(uow, part, whole)
    assert (do_("take", address=f"/incidents/{whole}"), found(part).state) == ({}, "in_progress")  # its part went with it
    assert undo(do_("assign", address=f"/incidents/{whole}", assignee=str(person_id("caro"))), address=f"/incidents/{whole}") == 303  # this it does alone
    with unit_of_work("bo") as uow:
        incidents.add_task(uow, whole, "Look", "network")
    assert do_("cancel", address=f"/incidents/{whole}", why="mistake", body="No") == {}  # its task ended with it
    quick = send(bo, f"/incidents/{number}/quick?show=open", what="x")
    assert quick.status_code == 404
    assert audit.verify().findings == []


def do_and_return(number: str) -> str:
    """Take it up again, so that another can be merged into it."""
    with unit_of_work("bo") as uow:
        incidents.reopen(uow, number, "Not yet")
    return number
