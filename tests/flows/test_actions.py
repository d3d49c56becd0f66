"""The contract of every action, on real parts: planning changes nothing, twice is once, verify tells, undo takes back."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from app import database
from app.directory import directory
from app.models.messages import Message
from app.models.people import Person, Team
from app.platform.slapd import Slapd
from app.platform.slapd_audit import changes
from app.rules.actions import ACTIONS
from app.rules.audit import canonical
from app.rules.errors import ActionNotAllowed, NotFound, Unavailable
from app.services import fulfilment, requests, steps
from app.services.fulfilment import BoundStep
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from flows import actions
from tests import access as acts
from tests.cast import event_names
from tests.databases import forget_settings
from tests.flows import ordering
from tests.flows.conftest import group_dn, person_dn
from tests.receiver import Receiver, receiver

PARAMS = {
    "access.end_all": {"person": "zeca"},
    "directory.add_member": {"person": "ana", "group": "finance-ro"},
    "directory.create_person": {"login": "nina.costa", "name": "Nina Costa", "title": "Tax Analyst", "manager": "helena"},
    "directory.disable_person": {"person": "zeca"},
    "directory.remove_member": {"person": "rui", "group": "finance-ro"},
    "directory.set_attribute": {"person": "ana", "attribute": "department", "value": "Treasury"},
    "webhook.call": {"url": "", "event": "guest.expected", "text": "Your guest is expected."},
    "mail.send": {"to": "ana@aurora.example", "subject": "Welcome", "text": "Your guest is expected."},
}
EVERY = sorted(ACTIONS)
OUTSIDE = {"mail.send", "webhook.call"}  # what they change is not in the directory


@pytest.fixture(autouse=True)
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Another system that the operator has named, and the secret for it."""
    with receiver() as system:
        monkeypatch.setenv("DESK_OUTBOUND_INSIDE", f"127.0.0.1:{system.port}")
        monkeypatch.setenv("DESK_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        monkeypatch.setitem(PARAMS["webhook.call"], "url", system.url)
        forget_settings()
        yield system


def bound(name: str) -> BoundStep:
    """Return a step of this action, of an item that is there, with its plan."""
    if name == "access.end_all":
        hold("zeca", "finance-ro")
    step = BoundStep(ordering.order_badge(f"for {name}"), "step", name, PARAMS[name])
    return replace(step, plan=actions.plan(step))


def hold(login: str, group: str) -> None:
    """Let somebody hold an access, in the register and in the directory."""
    acts.held(login, group, approvers=("rui", "igor"))
    directory().add_member(group_dn(group), person_dn(login))


def test_every_action_of_the_catalogue_is_here_and_no_other() -> None:
    assert sorted(actions.registered()) == EVERY == sorted(PARAMS)


@pytest.mark.parametrize("name", EVERY)
def test_planning_changes_nothing_and_says_the_same_twice(company: Slapd, name: str) -> None:
    step = bound(name)
    before = len(changes(company.audit_file))
    assert canonical(actions.plan(step)) == canonical(actions.plan(step))
    assert step.plan
    assert step.plan["changes"]
    assert not actions.named(name).verify(step)
    assert len(changes(company.audit_file)) == before


@pytest.mark.parametrize("name", EVERY)
def test_running_twice_is_running_once_and_verify_sees_it(company: Slapd, name: str) -> None:
    step, action = bound(name), actions.named(name)
    before = len(changes(company.audit_file))
    action.run(step)
    after_one = len(changes(company.audit_file)) - before
    action.run(step)
    assert action.verify(step)
    assert len(changes(company.audit_file)) - before == after_one == (0 if name in OUTSIDE else 1)


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


def test_a_new_account_has_no_password_and_the_desk_knows_its_person_at_once(company: Slapd) -> None:
    actions.named("directory.create_person").run(bound("directory.create_person"))
    (made,) = changes(company.audit_file)
    assert not any("password" in line.casefold() for line in made.lines)
    with database.sessions()() as session:
        nina = session.scalars(select(Person).where(Person.login == "nina.costa")).one()
        assert (nina.name, nina.title, nina.source, nina.active) == ("Nina Costa", "Tax Analyst", "directory", True)
    other = replace(bound("directory.create_person"), item="RIT0009999")
    assert actions.plan(other)["fault"]  # for another item the name is taken


def test_an_account_is_never_planned_for_a_name_that_is_taken_or_unusable(company: Slapd) -> None:
    step = bound("directory.create_person")
    for login in ("ana", "rui", "Nina Costa", "nina,ou=people", "nina*", "..", "a" * 70):
        assert actions.plan(replace(step, params={"login": login, "name": "Nina Costa"}))["fault"], login
    assert changes(company.audit_file) == []


def test_an_account_of_the_same_name_that_somebody_else_made_meanwhile_is_not_taken_for_ours(company: Slapd) -> None:
    theirs, ours = bound("directory.create_person"), bound("directory.create_person")
    ours = replace(ours, item="RIT0009999")
    action = actions.named("directory.create_person")
    action.run(theirs)
    with pytest.raises(ActionNotAllowed):
        action.run(ours)
    action.undo(ours)
    assert (action.verify(theirs), action.verify(ours)) == (True, False)


def test_disabling_ends_sessions_at_the_desk_and_stops_before_the_last_administrator(company: Slapd) -> None:
    step, action = bound("directory.disable_person"), actions.named("directory.disable_person")
    action.run(step)
    with database.sessions()() as session:
        assert not session.scalars(select(Person.active).where(Person.login == "zeca")).one()
    with pytest.raises(ActionNotAllowed):
        action.run(replace(step, params={"person": "eva"}))
    assert len(changes(company.audit_file)) == 1


def test_undo_of_an_attribute_restores_what_was_there_and_leaves_what_somebody_set_since(company: Slapd) -> None:
    ana = person_dn("ana")
    directory().set_attribute(ana, "department", ("Finance", "Audit"))
    step, action = bound("directory.set_attribute"), actions.named("directory.set_attribute")
    action.run(step)
    action.undo(step)
    assert sorted(directory().attribute(ana, "department")) == ["Audit", "Finance"]
    action.run(step)
    directory().set_attribute(ana, "department", ("Legal",))
    action.undo(step)
    assert directory().attribute(ana, "department") == ("Legal",)


def test_access_that_came_or_went_since_the_plan_ends_too_and_is_no_drift(company: Slapd) -> None:
    step, action = bound("access.end_all"), actions.named("access.end_all")
    hold("zeca", "crm-users")
    assert actions.is_as_planned(step, actions.plan(step))
    assert not actions.is_as_planned(replace(step, params={"person": "ana"}), actions.plan(replace(step, params={"person": "ana"})))
    action.run(step)
    assert [directory().is_member(group_dn(group), person_dn("zeca")) for group in ("finance-ro", "crm-users")] == [False, False]


def test_whoever_leaves_is_taken_out_of_groups_that_nobody_ordered_and_that_is_planned_and_on_record(company: Slapd) -> None:
    directory().add_member(group_dn("crm-users"), person_dn("zeca"))  # with a tool of somebody's own
    step, action = bound("access.end_all"), actions.named("access.end_all")
    assert {(each["of"], each["op"]) for each in step.plan["changes"]} >= {("finance-ro", "remove"), ("crm-users", "remove")}
    assert not action.verify(step)
    assert "crm-users" in action.run(step)["groups"]
    assert action.verify(step)
    assert not directory().is_member(group_dn("crm-users"), person_dn("zeca"))
    assert event_names(step.item).count("item.leave_groups") == 1
    action.run(step)
    assert event_names(step.item).count("item.leave_groups") == 1


def test_what_is_on_its_way_to_whoever_leaves_is_canceled_and_what_this_person_ordered_for_others_goes_on(company: Slapd) -> None:
    waiting = ordering.order_group("open order", "zeca", "crm-users")
    step = bound("access.end_all")
    with database.sessions()() as session:
        for_ana = Order("for ana", [Line(ordering.GROUP.slug, ordering.GROUP.hash, {"group": "crm-users"})],
                        session.scalars(select(Person.id).where(Person.login == "ana")).one())  # fmt: skip
    with unit_of_work("zeca") as uow:
        other = requests.submit(uow, for_ana).items[0].number
    assert actions.named("access.end_all").run(step)["canceled"] == [waiting]
    assert (ordering.state(waiting), ordering.state(other), ordering.state(step.item)) == ("canceled", "requested", "requested")
    assert event_names(waiting)[-2:] == ["item.cancel", "item.summary"]


def test_what_cannot_be_taken_back_from_whoever_leaves_is_told_to_its_team(company: Slapd) -> None:
    with database.sessions().begin() as session:
        session.execute(update(Team).values(email="team@aurora.example"))
    number = ordering.order_badge("irreversible", "zeca")
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, {"step-1": {"words": "send", "changes": []}})
        fulfilment.begin(uow, number)
        fulfilment.ready_steps(uow, number)
    with unit_of_work(SYSTEM) as uow:
        steps.commit(uow, steps.claim(uow, number, "step-1"))
    assert actions.named("access.end_all").run(bound("access.end_all"))["canceled"] == []
    assert ordering.state(number) == "fulfilling"
    with database.sessions()() as session:
        assert "beneficiary_left" in set(session.scalars(select(Message.template)))


def test_access_that_the_directory_does_not_take_away_now_is_tried_again(company: Slapd) -> None:
    step, action = bound("access.end_all"), actions.named("access.end_all")
    company.stop()
    with pytest.raises(Unavailable):
        action.run(step)
    assert not action.verify(step)


def test_a_webhook_is_called_once_and_what_can_never_be_sent_is_a_fault_in_the_plan(
    company: Slapd, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, action = bound("webhook.call"), actions.named("webhook.call")
    hook.status = 503
    with pytest.raises(Unavailable):
        action.run(step)
    assert not action.verify(step)
    hook.status = 204
    action.run(step)
    action.run(step)
    assert [headers["webhook-id"] for headers, _ in hook.calls] == [step.token] * 2
    assert event_names(step.item).count("item.webhook") == 1
    for url in ("https://169.254.169.254/", "https://10.0.0.1/", "http://example.org/"):
        with pytest.raises(ActionNotAllowed):
            action.run(replace(bound("webhook.call"), key="other", params={**step.params, "url": url}))
    assert actions.plan(replace(step, params={**step.params, "url": "http://example.org/"}))["fault"]
    monkeypatch.setenv("DESK_WEBHOOK_SECRET", "")
    forget_settings()
    assert actions.plan(step)["fault"]


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
