"""Parent and child incidents: what follows the parent, and what does not (domain.md 2)."""

import pytest
from sqlalchemy import select, update

from app import database
from app.models.incidents import Incident
from app.models.records import Note
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid
from app.services import audit, families, incidents, relations
from app.unit_of_work import unit_of_work
from tests.cast import person_id
from tests.services.incidents_scene import NOTES, brought, do, found, problem, reported


def family(parent_state: str = "new", child_state: str = "new") -> tuple[str, str]:
    """Return a parent and its child, reported by zeca."""
    parent, child = brought(parent_state), brought_for_zeca(child_state)
    with unit_of_work("bo") as uow:
        families.adopt(uow, child, parent)
    return parent, child


def brought_for_zeca(state: str) -> str:
    number = reported("No VPN", who="zeca")
    for step in {"new": (), "in_progress": ("take",), "on_hold": ("take", "hold"), "resolved": ("take", "resolve")}[state]:
        do(number, step)
    return number


@pytest.mark.parametrize("child_state", ["new", "on_hold"])
def test_worked_on_with_the_parent(cast: str, child_state: str) -> None:
    parent, child = family(child_state=child_state)
    do(parent, "take")
    assert (found(child).state, found(child).hold_reason, found(child).assignee_id) == ("in_progress", None, person_id("bo"))


@pytest.mark.parametrize("reason", ["vendor", "problem", "caller", "evidence"])
def test_it_waits_with_the_parent_for_what_is_common_but_each_for_its_own_caller(cast: str, reason: str) -> None:
    parent, child = family("in_progress")
    with unit_of_work("bo") as uow:
        relations.add(uow, parent, "problem", problem())
    with unit_of_work("bo") as uow:
        incidents.hold(uow, parent, reason, "Which office?")
    follows = reason in {"vendor", "problem"}
    assert (found(child).state, found(child).hold_reason) == (("on_hold", reason) if follows else ("new", None))
    assert audit.verify().findings == []


@pytest.mark.parametrize("child_state", ["new", "in_progress", "on_hold"])
def test_resolved_with_the_parents_notes_and_not_closed_with_it(cast: str, child_state: str) -> None:
    parent, child = family("in_progress", child_state)
    do(parent, "resolve")
    incident = found(child)
    assert (incident.state, incident.resolution_code) == ("resolved", "solved")
    with database.sessions()() as session:
        assert session.scalars(select(Note.body).where(Note.record_id == incident.id, Note.kind == "closing")).one() == NOTES
    do(parent, "close")
    assert (found(parent).state, found(child).state) == ("closed", "resolved")
    assert audit.verify().findings == []


@pytest.mark.parametrize(("who", "child_state"), [("bo", "in_progress"), ("ana", "resolved")])
def test_reopened_with_the_parent_by_the_desk_not_by_an_end_user(cast: str, who: str, child_state: str) -> None:
    parent, child = family("in_progress")
    do(parent, "resolve")
    do(parent, "reopen", who)
    assert (found(parent).state, found(child).state) == ("in_progress", child_state)


def test_canceled_alone(cast: str) -> None:
    parent, child = family("in_progress")
    do(parent, "cancel")
    assert found(child).state == "new"


@pytest.mark.parametrize("major", ["proposed", "accepted"])
def test_nothing_follows_a_parent_that_is_or_may_be_major(cast: str, major: str) -> None:
    parent, child = family("in_progress")
    with database.sessions().begin() as session:
        session.execute(update(Incident.__table__).where(Incident.__table__.c.id == found(parent).id).values(major=major))
    do(parent, "resolve")
    assert found(child).state == "new"


def test_a_child_that_is_let_go_follows_no_more(cast: str) -> None:
    parent, child = family("in_progress")
    with unit_of_work("bo") as uow:
        families.release(uow, child)
    do(parent, "resolve")
    assert (found(child).state, found(child).parent_id) == ("new", None)


def test_a_family_has_two_generations_and_no_rings(cast: str) -> None:
    parent, child = family()
    third, over = reported("Third"), brought("closed")
    for number, above, error in ((child, child, Invalid), (third, child, Invalid), (third, over, Invalid),
                                 (parent, third, ActionNotAllowed), (over, third, ActionNotAllowed)):  # fmt: skip
        with pytest.raises(error), unit_of_work("bo") as uow:
            families.adopt(uow, number, above)
    with pytest.raises(Forbidden), unit_of_work("ana") as uow:
        families.adopt(uow, third, parent)
