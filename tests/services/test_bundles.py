"""Steps that wait, steps that stay, and bundles that order other items along."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app import database
from app.models.requests import Item, Request, Step
from app.rules.errors import Invalid
from app.services import fulfilment, requests, steps
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON, event_names, parsed
from tests.services.test_baskets import publish

BUNDLE = """
name = "A new colleague"
name_pt = "Um novo colega"
summary = "S"
summary_pt = "S"
owner = "service-desk"
target = "3d"

[[fields]]
name = "guest"
label = "Name"
label_pt = "Nome"
kind = "text"
required = true

[[fields]]
name = "first_day"
label = "First day"
label_pt = "Primeiro dia"
kind = "date"
required = true

[[fields]]
name = "mentor"
label = "Mentor"
label_pt = "Mentor"
kind = "person"
required = true

[[fields]]
name = "badge"
label = "Badge?"
label_pt = "Crachá?"
kind = "yes-no"
required = true

[[steps]]
name = "add"
do = "directory.add_member"
with = { person = "{mentor}", group = "wiki-editors" }
compensate = false

[[steps]]
name = "rest"
wait = "4h"

[[steps]]
name = "until"
wait = "{first_day}"

[[steps]]
name = "greet"
do = "directory.add_member"
with = { person = "{mentor}", group = "vpn-users" }

[[items]]
slug = "access/shared-group"
with = { group = "finance-ro" }

[[items]]
slug = "workplace/visitor"
with = { guest = "{guest} on {first_day}" }
for = "{mentor}"
after = ["rest"]
when = { field = "badge", is = ["yes"] }
"""
FIRST_DAY = (NOON + timedelta(days=2)).date().isoformat()
PLAN = {"words": ["x", {}], "changes": ["x"]}


@pytest.fixture
def bundle(cast: str) -> str:
    """The bundle in service; returns its version."""
    return publish(BUNDLE, "accounts/joiner")


def order(version: str, login: str = "ana", **answers: str) -> str:
    given = {"guest": "Rita", "first_day": FIRST_DAY, "mentor": "bo", "badge": "yes", **answers}
    with unit_of_work(login, now=NOON) as uow:
        sent = requests.submit(uow, Order("bundle-0123456789abcdef", [Line("accounts/joiner", version, given)]))
        return sent.items[0].number


def started(number: str, now: datetime = NOON) -> None:
    with unit_of_work(SYSTEM, now=now) as uow:
        fulfilment.store_plan(uow, number, {"add": PLAN, "greet": PLAN})
        fulfilment.begin(uow, number)


def look(number: str, now: datetime) -> list[str]:
    """Take the item as far as it goes; an automatic step that is ready succeeds. Returns what ran."""
    ran = []
    with unit_of_work(SYSTEM, now=now) as uow:
        while found := fulfilment.ready_steps(uow, number):
            for step in found:
                held = steps.claim(uow, number, step.key)
                assert held
                steps.commit(uow, held)
                ran.append(step.key)
    return ran


def slugs() -> list[tuple[str, str, str]]:
    with database.sessions()() as session:
        return [(item.slug, item.beneficiary.login, item.state) for item in session.scalars(select(Item).order_by(Item.id))]


def states(number: str) -> dict[str, str]:
    with database.sessions()() as session:
        rows = session.scalars(select(Step).join(Item, Item.id == Step.item_id).where(Item.number == number))
        return {step.key: step.state for step in rows}


def test_a_wait_of_working_time_and_one_until_a_day_hold_the_next_step_back(bundle: str) -> None:
    number = order(bundle)
    started(number)
    assert look(number, NOON) == ["add"]
    assert states(number) == {"add": "done", "rest": "waiting", "until": "pending", "greet": "pending"}
    with unit_of_work(SYSTEM, now=NOON) as uow:
        due = steps.next_at(uow, number)
    assert due is not None
    assert look(number, due - timedelta(seconds=1)) == []
    assert look(number, due) == []
    assert states(number)["rest"] == "done"
    assert states(number)["until"] == "waiting"
    with unit_of_work(SYSTEM, now=NOON) as uow:
        morning = steps.next_at(uow, number)
    assert morning == datetime.fromisoformat(f"{FIRST_DAY}T03:00:00+00:00")  # midnight in São Paulo
    assert look(number, morning) == ["greet"]
    with unit_of_work(SYSTEM, now=morning) as uow:
        assert fulfilment.advance(uow, number).state == "fulfilled"


def test_a_day_that_has_come_is_not_waited_for(bundle: str) -> None:
    number = order(bundle, first_day=NOON.date().isoformat())
    started(number)
    look(number, NOON)
    assert look(number, NOON + timedelta(days=1)) == ["greet"]


def test_what_is_to_stay_is_not_taken_back(bundle: str) -> None:
    number = order(bundle, first_day=NOON.date().isoformat())
    started(number)
    look(number, NOON)
    look(number, NOON + timedelta(days=1))
    with database.sessions()() as session:
        session.scalars(select(Item).where(Item.number == number)).one().state = "compensating"
        session.commit()
    with unit_of_work(SYSTEM) as uow:
        assert [step.key for step in fulfilment.to_undo(uow, number)] == ["greet"]


def test_a_bundle_orders_its_parts_each_when_its_turn_has_come_and_once(bundle: str) -> None:
    number = order(bundle)
    assert slugs() == [("accounts/joiner", "ana", "requested"), ("access/shared-group", "ana", "requested")]
    started(number)
    look(number, NOON)
    assert len(slugs()) == 2
    for _ in range(3):
        look(number, NOON + timedelta(days=1))
    assert slugs()[2:] == [("workplace/visitor", "bo", "requested")]
    with database.sessions()() as session:
        request = session.scalars(select(Request)).one()
        parts = {item.part_of: item.answers for item in request.items}
    assert parts == {
        None: {"guest": "Rita", "first_day": FIRST_DAY, "mentor": "bo", "badge": True},
        f"{number}:0": {"group": "finance-ro"},
        f"{number}:1": {"guest": f"Rita on {FIRST_DAY}"},
    }
    assert event_names().count("item.create") == 3


def test_a_part_that_does_not_apply_is_not_ordered(bundle: str) -> None:
    number = order(bundle, badge="no")
    started(number)
    look(number, NOON + timedelta(days=1))
    assert [slug for slug, _, _ in slugs()] == ["accounts/joiner", "access/shared-group"]


def test_a_bundle_whose_answers_do_not_fit_a_part_is_refused_whole(cast: str) -> None:
    version = publish(BUNDLE.replace('group = "finance-ro"', 'group = "{guest}"'), "accounts/joiner")
    assert parsed(BUNDLE, "accounts/joiner").parts
    with pytest.raises(Invalid) as refused:
        order(version, guest="domain-admins")
    assert list(refused.value.fields) == ["group"]
    assert slugs() == []
