"""What the requester reads of a request's way, at each of its turns."""

from sqlalchemy import select

from app import database
from app.models.records import Record
from app.queries import approvals as waiting
from app.queries import progress, requests, tasks, timeline
from app.rules.approvals import Choice
from app.services import fulfilment
from app.services import requests as orders
from app.services import tasks as task_service
from app.unit_of_work import SYSTEM, Actor, unit_of_work
from tests.services.test_requests import approved, decide, planned, run_steps, state, submitted


def actor(login: str) -> Actor:
    with unit_of_work(login) as uow:
        return uow.actor


def told(login: str = "ana") -> list[tuple[str, str, tuple[str, ...]]]:
    with database.sessions()() as session:
        whole = requests.whole(session, actor(login), "REQ0000001")
        (item,) = progress.of(session, whole, "en")
        return [(stage.mark.value, str(stage.text), stage.people) for stage in item.stages]


def test_a_new_request_says_that_it_is_being_worked_out(cast: str) -> None:
    submitted()
    assert told()[:2] == [("done", "Sent", ("Ana Lima",)), ("now", "We are working out what will be done", ("Ana Lima",)[:0])]


def test_a_planned_request_names_whom_it_waits_for(cast: str) -> None:
    number = planned()
    decide("helena", number)
    assert told()[1:3] == [
        ("done", "The manager agreed", ("Helena Souza",)),
        ("now", "Waiting for the group's owner", ("Igor Nunes",)),
    ]


def test_a_rejected_request_says_who_said_no(cast: str) -> None:
    decide("helena", planned(), Choice.REJECT, "no")
    assert ("failed", "The manager said no", ("Helena Souza",)) in told()


def test_a_manual_step_names_its_team(cast: str) -> None:
    number = planned()
    decide("helena", number)
    decide("igor", number)
    run_steps(number)
    run_steps(number)
    assert told()[-2] == ("now", "Check that the folder opens with Ana Lima", ("Service-Desk",))


def test_what_was_given_up_is_told_step_by_step_and_nothing_is_still_to_come(cast: str) -> None:
    number = approved()
    run_steps(number)
    run_steps(number)
    with unit_of_work("bo") as uow:
        task_service.close(uow, "TSK0000001", "incomplete", "There is no such folder.")
    run_steps(number)
    assert (state(number), told()[-3:]) == ("closed_incomplete", [
        ("done", "Add Ana Lima to the group finance-ro", ()),
        ("failed", "Check that the folder opens with Ana Lima", ("Service-Desk",)),
        ("failed", "Ended without being finished", ()),
    ])  # fmt: skip


def test_what_is_undone_is_told_as_taken_back_and_nothing_is_still_to_come(cast: str) -> None:
    number = approved()
    run_steps(number)
    with unit_of_work("ana") as uow:
        orders.cancel_item(uow, number, "I changed teams.")
    assert told()[-2:] == [("done", "Add Ana Lima to the group finance-ro", ()), ("done", "Canceled", ())]
    with unit_of_work(SYSTEM) as uow:
        fulfilment.undone(uow, number, "step-1")
    assert told()[-2:] == [("off", "Add Ana Lima to the group finance-ro", ()), ("done", "Canceled", ())]


def test_task_item_and_request_are_called_in_the_language_of_whoever_reads(cast: str) -> None:
    number = planned()
    decide("helena", number)
    decide("igor", number)
    run_steps(number)
    run_steps(number)
    with database.sessions()() as session:
        titles = {row.number[:3]: (row.title, row.title_pt) for row in session.scalars(select(Record))}
    shared = ("Access to a shared group", "Acesso a um grupo compartilhado")
    assert titles == {
        "REQ": shared, "RIT": shared, "TSK": ("Check that the folder opens with Ana Lima", "Confira com Ana Lima se a pasta abre"),
    }  # fmt: skip


def test_what_waits_is_listed_for_its_approver_only(cast: str) -> None:
    number = planned()
    with database.sessions()() as session:
        assert [row.number for row in waiting.waiting_for(session, actor("helena")).rows] == [number]
        assert session.scalar(select(waiting.counting(actor("helena")))) == 1
        assert list(waiting.waiting_for(session, actor("zeca")).rows) == []


def test_lists_show_only_what_their_reader_may_see(cast: str) -> None:
    planned()
    with database.sessions()() as session:
        assert [row.number for row in requests.mine(session, actor("ana")).rows] == ["REQ0000001"]
        assert requests.mine(session, actor("zeca")).rows == []
        assert tasks.of_teams(session, actor("zeca")).rows == []


def test_the_timeline_tells_items_and_votes_with_their_reasons(cast: str) -> None:
    decide("helena", planned(), Choice.REJECT, "no budget")
    with database.sessions()() as session:
        moments = timeline.of(session, actor("bo"), "REQ0000001")
    assert [moment.name for moment in moments][:3] == ["request.incomplete", "item.reject", "item.vote"]
    assert moments[2].note == "no budget"
