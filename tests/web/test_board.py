"""The fulfilment team at work: the board, taking, handing over, holding and giving up, without script."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from app.models.people import Team
from app.models.requests import Item, Step
from app.rules.approvals import Choice
from app.rules.lifecycle import Action
from app.services import fulfilment, records, requests, tasks
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import event_names
from tests.web.pages import asked, browser_of, counted, send


def given_out(item: str, count: int, team: str = "service-desk") -> list[str]:
    with unit_of_work(SYSTEM) as uow:
        found = uow.session.scalars(select(Team.id).where(Team.key == team)).one()
        parent = uow.get(Item, item)
        return [tasks.open_for(uow, parent, f"Task {number}", found).number for number in range(count)]


@pytest.fixture
def item(cast: str, application: Flask) -> str:
    """An item that is being carried out."""
    _, number = asked()
    for login in ("helena", "igor"):
        with unit_of_work(login) as uow:
            requests.decide(uow, number, Choice.APPROVE)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.begin(uow, number)
    return number


def column(page: str, name: str) -> str:
    return page.split(f'aria-labelledby="b-{name}"')[1].split("</section>")[0]


def test_cards_stand_in_the_column_of_their_state_and_move_when_taken(item: str, application: Flask) -> None:
    first, second = given_out(item, 2)
    bo = browser_of(application, "bo")
    assert first in column(bo.get("/tasks/board").text, "open")
    assert send(bo, f"/tasks/{first}/take", back="board").headers["Location"] == "/tasks/board"
    with unit_of_work("bo") as uow:
        tasks.close(uow, second, "complete")
    page = bo.get("/tasks/board").text
    assert (first in column(page, "in_progress"), second in column(page, "done")) == (True, True)
    assert "Ana Lima" in column(page, "in_progress")
    assert first not in bo.get("/tasks/board?team=identity").text
    assert first in bo.get("/tasks/board?show=mine&team=service-desk").text
    assert first not in browser_of(application, "caro").get("/tasks/board?show=mine").text


def test_a_column_turns_its_pages_and_asks_the_same_number_of_questions(item: str, application: Flask) -> None:
    given_out(item, 1)
    bo = browser_of(application, "bo")
    bo.get("/tasks/board")
    with counted() as few:
        bo.get("/tasks/board")
    given_out(item, 25)
    with counted() as many:
        page = bo.get("/tasks/board").text
    assert len(many) == len(few) <= 12
    assert "TSK0000020" in page
    assert "TSK0000021" not in page
    following = re.search(r'href="([^"]*column=open[^"]*)" rel="next"', page)
    assert following
    second = bo.get(following[1].replace("&amp;", "&")).text
    assert ("TSK0000026" in second, "TSK0000020" in second) == (True, False)


def test_a_task_is_handed_over_to_another_team_which_takes_it_on(item: str, application: Flask) -> None:
    (task,) = given_out(item, 1)
    bo, caro = browser_of(application, "bo"), browser_of(application, "caro")
    send(caro, f"/tasks/{task}/take")
    assert "Hand over to another team" in bo.get(f"/tasks/{task}").text
    assert send(bo, f"/tasks/{task}/hand-over", team="nobody", body="yours").status_code == 422
    assert send(bo, f"/tasks/{task}/hand-over", team="identity", body="It is about groups.").status_code == 303
    assert caro.get(f"/tasks/{task}").status_code == 404  # no longer her team's
    assert "It is about groups." in bo.get(f"/tasks/{task}").text
    assert send(bo, f"/tasks/{task}/take").status_code == 303
    assert event_names(task)[-2:] == ["task.hand_over", "task.take"]


def test_an_item_is_held_and_goes_on_again(item: str, application: Flask) -> None:
    bo, ana = browser_of(application, "bo"), browser_of(application, "ana")
    (task,) = given_out(item, 1)
    assert "Put on hold" in bo.get("/requests/REQ0000001").text
    assert "Put on hold" not in ana.get("/requests/REQ0000001").text
    assert send(bo, f"/items/{item}/hold", reason="weather", body="rain").status_code == 422
    assert send(ana, f"/items/{item}/hold", reason="vendor", body="mine").status_code == 403
    assert send(bo, f"/items/{item}/hold", reason="vendor", body="The supplier has none left.").status_code == 303
    assert "The supplier has none left." in ana.get("/requests/REQ0000001").text
    assert "On hold" in column(bo.get("/tasks/board").text, "open")
    assert send(bo, f"/items/{item}/resume").status_code == 303
    assert event_names(item)[-2:] == ["item.hold", "item.resume"]
    assert task in bo.get("/tasks/board").text


def test_a_failed_item_is_given_up_with_a_reason(item: str, application: Flask) -> None:
    bo = browser_of(application, "bo")
    with unit_of_work(SYSTEM) as uow:
        failed = uow.get(Item, item)
        uow.session.add(Step(item_id=failed.id, revision=1, key="x", position=9, kind="automatic", params={}, state="failed"))
        records.move(uow, failed, Action.FAIL)
    assert "Give up" in bo.get("/requests/REQ0000001").text
    assert send(bo, f"/items/{item}/give-up", body="").status_code == 422
    assert send(bo, f"/items/{item}/give-up", body="The group is gone.").status_code == 303
    assert event_names(item)[-1] == "item.compensate"
