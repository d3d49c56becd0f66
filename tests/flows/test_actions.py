"""The contract of every action, on real parts: planning changes nothing, twice is once, verify tells, undo takes back."""

from dataclasses import replace

import pytest

from app.directory import directory
from app.platform.slapd import Slapd
from app.platform.slapd_audit import changes
from app.rules.actions import ACTIONS
from app.rules.audit import canonical
from app.rules.errors import ActionNotAllowed, NotFound, Unavailable
from app.services.fulfilment import BoundStep
from flows import actions
from tests.flows import ordering
from tests.flows.conftest import group_dn, person_dn

PARAMS = {
    "directory.add_member": {"person": "ana", "group": "finance-ro"},
    "directory.remove_member": {"person": "rui", "group": "finance-ro"},
    "mail.send": {"to": "ana@aurora.example", "subject": "Welcome", "text": "Your guest is expected."},
}
EVERY = sorted(ACTIONS)


def bound(name: str) -> BoundStep:
    """Return a step of this action, of an item that is there, with its plan."""
    step = BoundStep(ordering.order_badge(f"for {name}"), "step", name, PARAMS[name])
    return replace(step, plan=actions.plan(step))


def test_every_action_of_the_catalogue_is_here_and_no_other() -> None:
    assert sorted(actions.registered()) == EVERY == sorted(PARAMS)


@pytest.mark.parametrize("name", EVERY)
def test_planning_changes_nothing_and_says_the_same_twice(company: Slapd, name: str) -> None:
    step = bound(name)
    assert canonical(actions.plan(step)) == canonical(actions.plan(step))
    assert step.plan
    assert step.plan["changes"]
    assert not actions.named(name).verify(step)
    assert changes(company.audit_file) == []


@pytest.mark.parametrize("name", EVERY)
def test_running_twice_is_running_once_and_verify_sees_it(company: Slapd, name: str) -> None:
    step, action = bound(name), actions.named(name)
    action.run(step)
    after_one = len(changes(company.audit_file))
    action.run(step)
    assert action.verify(step)
    assert len(changes(company.audit_file)) == after_one == (0 if name == "mail.send" else 1)


@pytest.mark.parametrize("name", EVERY)
def test_undo_takes_back_what_can_be_taken_back(company: Slapd, name: str) -> None:
    step, action = bound(name), actions.named(name)
    action.run(step)
    if ACTIONS[name].irreversible:
        with pytest.raises(ActionNotAllowed):
            action.undo(step)
        return
    action.undo(step)
    assert not action.verify(step)


def test_undo_leaves_a_membership_that_was_there_before(company: Slapd) -> None:
    directory().add_member(group_dn("finance-ro"), person_dn("ana"))
    step, action = bound("directory.add_member"), actions.named("directory.add_member")
    assert step.plan
    assert step.plan["changes"] == []
    action.run(step)
    action.undo(step)
    assert action.verify(step)


def test_what_the_directory_does_not_have_is_a_fault_in_the_plan(company: Slapd) -> None:
    step = replace(bound("directory.add_member"), params={"person": "nobody", "group": "finance-ro"})
    assert actions.plan(step)["fault"]
    with pytest.raises(NotFound):
        actions.named("directory.add_member").run(step)


def test_a_directory_that_is_away_is_asked_later_instead_of_planned_wrong(company: Slapd) -> None:
    step = bound("directory.add_member")
    company.stop()
    with pytest.raises(Unavailable):
        actions.plan(step)
