"""Conditions, stages, teams and limits of empowerment: who is asked, and who need not be."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app import database
from app.models.approvals import Approval, Seat
from app.models.catalog import CatalogItem, CatalogVersion
from app.models.requests import Item
from app.models.spending import Spending, SpendingEntry
from app.rules.approvals import Choice
from app.rules.catalog.items import Item as Offer
from app.rules.catalog.items import to_json
from app.services import fulfilment, overdue, requests, spending
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON, parsed

LICENCE = """
name = "Licence"
name_pt = "Licença"
summary = "A licence."
summary_pt = "Uma licença."
owner = "applications"
target = "2d"
{more}
[[fields]]
name = "why"
label = "Why?"
label_pt = "Por quê?"
kind = "text"

{approvals}

[[steps]]
task = "Install it"
task_pt = "Instale"
"""
MANAGER = '[[approvals]]\nwho = "manager-of-beneficiary"\n'
COSTLY = 'cost = {{ amount = "{0}", currency = "BRL" }}\n'


def offered(asked: str, more: str = "") -> Offer:
    """Put an item with these approvals into service."""
    item = parsed(LICENCE.format(approvals=asked, more=more), "software/licence")
    with database.sessions()() as session:
        session.add(CatalogVersion(hash=item.hash, slug=item.slug, parsed=to_json(item), published_at=NOON))
        session.flush()
        session.merge(CatalogItem(slug=item.slug, hash=item.hash, updated_at=NOON))
        session.commit()
    return item


def ordered(item: Offer, who: str = "ana", key: str = "k") -> str:
    with unit_of_work(who) as uow:
        number = requests.submit(uow, Order(key, [Line(item.slug, item.hash, {"why": "work"})])).items[0].number
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, {})
    return number


def asked_people() -> list[str]:
    with database.sessions()() as session:
        return [seat.person.login for seat in session.scalars(select(Seat).order_by(Seat.id)).unique()]


def decide(who: str, number: str) -> str:
    with unit_of_work(who) as uow:
        return requests.decide(uow, number, Choice.APPROVE).state


def test_the_next_stage_is_asked_when_the_first_has_agreed(cast: str) -> None:
    number = ordered(offered(MANAGER + '[[approvals]]\nwho = "team:identity"\nstage = 2\n'))
    assert asked_people() == ["helena"]
    assert decide("helena", number) == "awaiting_approval"
    assert asked_people() == ["helena", "bo"]
    assert decide("bo", number) == "approved"


def test_a_cost_below_the_condition_leaves_that_approval_out(cast: str) -> None:
    rule = MANAGER + '[[approvals]]\nwho = "team:identity"\nif = { cost_over = "1000.00" }\n'
    ordered(offered(rule, COSTLY.format("900.00")))
    assert asked_people() == ["helena"]


def test_a_cost_above_the_condition_asks_everybody(cast: str) -> None:
    rule = MANAGER + '[[approvals]]\nwho = "team:identity"\nif = { cost_over = "1000.00" }\n'
    ordered(offered(rule, COSTLY.format("1000.01")))
    assert asked_people() == ["helena", "bo"]


def test_rules_that_match_nothing_are_no_approval(cast: str) -> None:
    """Nobody of the owner's team can be found either: the item waits, and is not let through."""
    rule = '[[approvals]]\nwho = "team:identity"\nif = { cost_over = "1000.00" }\n'
    number = ordered(offered(rule, COSTLY.format("10.00")))
    with database.sessions()() as session:
        assert session.scalars(select(Item.state).where(Item.number == number)).one() == "awaiting_approval"
        assert session.scalars(select(Approval.who)).all() == ["team:applications"]


def test_a_percentage_of_a_team_is_enough(cast: str) -> None:
    number = ordered(offered('[[approvals]]\nwho = "team:service-desk"\nneeds = "50%"\n'))
    assert asked_people() == ["bo", "caro"]
    assert decide("caro", number) == "approved"


def test_nobody_answers_and_the_manager_is_asked_as_well_but_nothing_is_approved(cast: str) -> None:
    number = ordered(offered(MANAGER))
    with unit_of_work(SYSTEM) as uow:
        overdue.escalate(uow, uow.session.scalars(select(Seat.id)).one())
    assert asked_people() == ["helena", "rui"]
    with unit_of_work(SYSTEM) as uow:
        assert uow.get(Item, number).state == "awaiting_approval"
        overdue.escalate(uow, uow.session.scalars(select(Seat.id).order_by(Seat.id).limit(1)).one())
    assert asked_people() == ["helena", "rui"]
    assert decide("rui", number) == "approved"


def test_inside_the_limit_nobody_is_asked_and_beyond_it_everybody(cast: str) -> None:
    item = offered(MANAGER, "empowerment = true\n" + COSTLY.format("200.00"))
    first, second = ordered(item, "bo", "1"), ordered(item, "bo", "2")
    with database.sessions()() as session:
        states = dict(session.execute(select(Item.number, Item.state)).all())
        assert session.scalars(select(Spending.spent)).all() == [Decimal("200.00")]
    assert (states[first], states[second]) == ("approved", "awaiting_approval")


def test_an_employee_without_a_limit_is_always_asked_for(cast: str) -> None:
    ordered(offered(MANAGER, "empowerment = true\n" + COSTLY.format("1.00")))
    assert asked_people() == ["helena"]


@pytest.mark.parametrize("limit", [Decimal(300)])
def test_twenty_orders_at_once_stay_within_the_limit(cast: str, limit: Decimal) -> None:
    """Attack 47: each fits alone, together they do not."""
    item = offered(MANAGER, "empowerment = true\n" + COSTLY.format("70.00"))
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda key: ordered(item, "bo", str(key)), range(20)))
    with database.sessions()() as session:
        assert session.scalars(select(Spending.spent)).one() == Decimal("280.00") <= limit
        assert session.scalar(select(func.count()).select_from(SpendingEntry)) == 4


def test_what_a_canceled_item_took_is_given_back_once(cast: str) -> None:
    number = ordered(offered(MANAGER, "empowerment = true\n" + COSTLY.format("200.00")), "bo")
    for _ in range(2):
        with unit_of_work(SYSTEM) as uow:
            spending.give_back(uow, uow.get(Item, number))
    with database.sessions()() as session:
        assert session.scalars(select(Spending.spent)).one() == 0
