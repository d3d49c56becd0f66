"""Many incidents at once, saved views, and a queue as a file: what is seen is what one gets."""

import io
import re
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app import database
from app.models.people import Person
from app.models.queues import BulkLine, SavedView
from app.models.records import Record
from app.rules.bulk import WAYS, Act
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid
from app.services import bulk, incidents
from app.unit_of_work import SYSTEM, unit_of_work
from flows.carry_out_bulk import carry_out_bulk
from flows.seekers import SEEKERS
from tests.cast import event_names
from tests.services.incidents_scene import brought, found, reported, role
from tests.web.pages import browser_of, counted, send, token


def let_ten_seconds_pass() -> None:
    with database.sessions().begin() as session:
        session.execute(text("update desk_clock set \"offset\" = \"offset\" + interval '11 seconds'"))


def lines(job: int) -> dict[str, tuple[str, str | None]]:
    with database.sessions()() as session:
        rows = session.execute(select(BulkLine.record_id, BulkLine.state, BulkLine.reason).where(BulkLine.job_id == job)).all()
    return {str(row[0]): (row[1], row[2]) for row in rows}


def test_many_are_looked_at_changed_in_the_background_and_each_refusal_is_told(cast: str, application: Flask) -> None:
    open_, other, over = reported("One"), reported("Two"), brought("closed", title="Over")
    bo = browser_of(application, "bo")
    page = bo.post("/incidents/bulk", data={"csrf_token": token(bo), "act": "tag", "number": [open_, other, over]})
    assert "3 incidents would be changed." in page.text
    page = bo.post("/incidents/bulk", data={"csrf_token": token(bo), "act": "take", "number": [open_, other, over]})
    assert "2 incidents would be changed." in page.text
    assert "Its state does not allow it." in page.text
    page = bo.post("/incidents/bulk", data={"csrf_token": token(bo), "act": "tag", "all": "1", "q-show": "open"})
    assert "2 incidents would be changed." in page.text
    wrong = bo.post("/incidents/bulk/begin", data={"csrf_token": token(bo), "act": "tag", "number": [open_], "tag": ""})
    assert wrong.status_code == 422
    begun = bo.post("/incidents/bulk/begin", data={"csrf_token": token(bo), "act": "take", "number": [open_, other, over]})
    job = int(begun.location.rpartition("/")[2])
    assert "Undo" in bo.get(begun.location).text
    assert browser_of(application, "caro").get(begun.location).status_code == 404
    with database.sessions()() as session:
        assert not SEEKERS["carry_out_bulk"].is_due(session)
    assert carry_out_bulk.fn() == 0
    let_ten_seconds_pass()
    with database.sessions()() as session:
        assert SEEKERS["carry_out_bulk"].is_due(session)
    assert carry_out_bulk.fn() == 2
    assert carry_out_bulk.fn() == 0
    assert bulk.carry_out(job) == 0
    assert [found(each).state for each in (open_, other, over)] == ["in_progress", "in_progress", "closed"]
    assert event_names(open_).count("incident.start") == 1
    done = bo.get(begun.location).text
    assert "3 of 3" in done
    assert f"{over} is over" in done
    with unit_of_work("bo") as uow, pytest.raises(ActionNotAllowed):
        bulk.undo(uow, job)


def test_what_was_begun_can_be_taken_back_for_ten_seconds(cast: str, application: Flask) -> None:
    number = reported()
    bo = browser_of(application, "bo")
    begun = send(bo, "/incidents/bulk/begin", act="take", number=number)
    assert send(bo, f"{begun.location}/undo").status_code == 303
    let_ten_seconds_pass()
    assert carry_out_bulk.fn() == 0
    assert found(number).state == "new"
    assert "Nothing was changed" in bo.get(begun.location).text


def test_whoever_is_killed_in_the_middle_goes_on_where_it_was(cast: str, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [reported(f"Fault {count}") for count in range(4)]
    with unit_of_work("bo") as uow:
        job = bulk.begin(uow, numbers, Act.TAG, {"tag": "storm"}).id
    let_ten_seconds_pass()
    usual, seen = bulk._do, []

    def dies(*given: object) -> None:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(given[1])
        usual(*given)  # type: ignore[arg-type]  # the same arguments

    monkeypatch.setattr(bulk, "_do", dies)
    with pytest.raises(KeyboardInterrupt):
        bulk.carry_out(job)
    monkeypatch.setattr(bulk, "_do", usual)
    assert bulk.carry_out(job) == 2
    assert {state for state, _ in lines(job).values()} == {"done"}
    assert all(event_names(number).count("incident.tag") == 1 for number in numbers)


def test_nobody_changes_many_that_could_not_change_one(cast: str, application: Flask) -> None:
    number = reported()
    assert send(browser_of(application, "ana"), "/incidents/bulk/begin", act="take", number=number).status_code == 403
    with unit_of_work("ana") as uow, pytest.raises(Forbidden):
        bulk.begin(uow, [number], Act.TAG, {"tag": "mine"})
    hidden = reported("Of the directors")
    with database.sessions().begin() as session:
        session.execute(update(Record).where(Record.number == hidden).values(restricted=True, team_id=None))
    bo = browser_of(application, "bo")
    assert "Of the directors" not in bo.post("/incidents/bulk", data={"csrf_token": token(bo), "act": "tag", "number": [hidden, number]}).text
    with unit_of_work("bo") as uow, pytest.raises(Invalid):  # none that bo sees
        bulk.begin(uow, [hidden], Act.TAG, {"tag": "seen"})
    with unit_of_work("bo") as uow:
        job = bulk.begin(uow, [number], Act.ASSIGN, {"person": "nobody"}).id
        assert WAYS[Act.ASSIGN].fields == ("person",)
    let_ten_seconds_pass()
    with unit_of_work(SYSTEM) as uow:
        assert bulk.due(uow) == [job]
    assert carry_out_bulk.fn() == 0
    assert next(iter(lines(job).values()))[0] == "failed"
    with unit_of_work("bo") as uow:  # who leaves within the ten seconds changes nothing any more
        later = bulk.begin(uow, [number], Act.TAG, {"tag": "late"}).id
    with database.sessions().begin() as session:
        session.execute(update(Person).where(Person.login == "bo").values(active=False))
    let_ten_seconds_pass()
    assert (carry_out_bulk.fn(), event_names(number).count("incident.tag")) == (0, 0)
    assert next(iter(lines(later).values()))[0] == "failed"


def test_a_view_is_kept_for_oneself_a_team_or_all_and_never_taken_away_by_others(cast: str, application: Flask) -> None:
    number = reported("Wi-Fi slow", category="network/wifi", urgency=1)
    role("caro", "team_lead")
    bo, caro = browser_of(application, "bo"), browser_of(application, "caro")
    kept = {"show": "open", "priority": "3", "columns": "number,title,team", "sort": "-updated"}
    assert send(bo, "/incidents/views", name="  Wi-Fi   today ", **kept).status_code == 303
    assert send(bo, "/incidents/views", name="Wi-Fi today", **kept).status_code == 303  # replaced, not twice
    assert send(bo, "/incidents/views", name="Shared", scope="shared", **kept).status_code == 403
    assert send(bo, "/incidents/views", name="", **kept).status_code == 422
    with counted() as statements:
        page = bo.get("/incidents/").text
    assert len(statements) <= 12, "\n".join(statements)
    assert page.count("Wi-Fi today") == 1
    link = re.findall(r'href="(/incidents/\?[^"]+)"[^>]*>(?:(?!</a>).)*Wi-Fi today', page, re.DOTALL)[0].replace("&amp;", "&")
    shown = bo.get(link).text
    assert number in shown
    assert "<th" in shown
    assert ">Caller<" not in shown[shown.index("<thead") : shown.index("</thead")]
    assert "Wi-Fi today" not in caro.get("/incidents/").text
    assert send(caro, "/incidents/views", name="Of all", scope="shared", **kept).status_code == 303
    assert send(caro, "/incidents/views", name="Of the team", scope="team:service-desk", **kept).status_code == 303
    assert send(caro, "/incidents/views", name="Foreign", scope="team:network", **kept).status_code == 422
    assert {"Of all", "Of the team"} <= set(re.findall(r"Of all|Of the team", bo.get("/incidents/").text))
    with database.sessions()() as session:
        ids = {view.name: view.id for view in session.scalars(select(SavedView))}
    assert send(bo, f"/incidents/views/{ids['Of all']}/remove").status_code == 404
    assert send(bo, f"/incidents/views/{ids['Wi-Fi today']}/remove").status_code == 303
    assert "Wi-Fi today" not in bo.get("/incidents/").text


def test_a_file_holds_what_is_seen_in_its_order_and_runs_nothing(cast: str, application: Flask) -> None:
    first, second = reported("=HYPERLINK(1)", urgency=1), reported("Zwei")
    brought("closed", title="Over")
    bo = browser_of(application, "bo")
    address = "?show=open&sort=priority&columns=number,title,state,opened"
    text_ = bo.get(f"/incidents/export.csv{address}").data.decode("utf-8-sig").splitlines()
    assert text_[0] == "Number,What,State,Opened"
    assert [line.split(",")[0] for line in text_[1:]] == [first, second]
    assert "'=HYPERLINK(1)" in text_[1]
    book = ZipFile(io.BytesIO(bo.get(f"/incidents/export.xlsx{address}").data))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count("<row ") == 3
    assert first in sheet + book.read("xl/sharedStrings.xml").decode() if "xl/sharedStrings.xml" in book.namelist() else first in sheet
    assert bo.get("/incidents/export.exe").status_code == 404
    assert browser_of(application, "ana").get("/incidents/export.csv").status_code == 403


def test_one_is_looked_at_and_changed_beside_the_queue(cast: str, application: Flask) -> None:
    number = reported("Printer <i>jams</i>")
    bo = browser_of(application, "bo")
    with counted() as statements:
        panel = bo.get(f"/incidents/{number}/panel").text
    assert len(statements) <= 12, "\n".join(statements)
    assert "Printer &lt;i&gt;jams" in panel
    version = str(found(number).version)
    taken = send(bo, f"/incidents/{number}/quick?show=open&sort=priority", what="take", version=version)
    assert taken.location.startswith("/incidents/?")
    assert found(number).state == "in_progress"
    toast = re.search(r'data-toast="undo".*?action="([^"]+)".*?name="step" value="(\d+)"', bo.get(taken.location).text, re.DOTALL)
    assert toast
    back = send(bo, toast[1].replace("&amp;", "&"), step=toast[2], queue="1")
    assert (back.location, found(number).state) == (taken.location, "new")
    version = str(found(number).version)
    assert send(bo, f"/incidents/{number}/quick?show=open", what="take", version=version).status_code == 303
    assert send(bo, f"/incidents/{number}/quick", what="urgency", value="1", version=version).status_code in {409, 412}
    assert send(bo, f"/incidents/{number}/quick", what="urgency", value="1").status_code == 422  # says no reason
    assert send(bo, f"/incidents/{number}/quick", what="urgency", value="1", note="The whole floor.").status_code == 303
    assert found(number).priority == 3
    assert send(bo, f"/incidents/{number}/quick", what="team", value="network", note="Theirs.").status_code == 303
    assert send(bo, f"/incidents/{number}/quick", what="nonsense", value="1").status_code == 404
    assert send(browser_of(application, "ana"), f"/incidents/{number}/quick", what="take").status_code == 403
    with unit_of_work("bo") as uow:
        incidents.take(uow, number)
