"""A crowd of items taken together: a few transactions for all of them, and each ends as if it had been taken alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

import pytest
from sqlalchemy import event, func, select

from app import database
from app.directory import directory
from app.models.access import Grant
from app.models.catalog import CatalogItem, CatalogVersion
from app.platform.slapd import Slapd
from app.platform.slapd_audit import membership_changes
from app.rules.catalog.items import to_json
from app.services import deliveries, requests
from app.services.requests import Line, Order
from app.settings import ROOT
from app.unit_of_work import unit_of_work
from flows import taking
from flows.cli.bench_fulfil import ITEM
from flows.fulfil_request import fulfil, fulfil_together
from flows.plan_item import plan, plan_together
from tests.cast import GROUPS, NOON, event_names, parsed
from tests.flows import ordering
from tests.flows.conftest import group_dn, person_dn
from tests.flows.test_fulfilment import let_leases_end

OFFER = parsed(ITEM, "access/bench-member")
PEOPLE = ("ana", "bo", "caro", "davi")
ALL = """
from app import database
from app.services import deliveries
from flows import taking
from flows.fulfil_request import fulfil, fulfil_together
with database.sessions().begin() as session:
    keys = [hold.key for hold in deliveries.claim(session, "fulfil_request", 9)]
taking.work_off(keys, fulfil, fulfil_together)
"""


@pytest.fixture(autouse=True)
def published(company: Slapd) -> None:
    """An item of one automatic step that nobody has to approve."""
    with database.sessions().begin() as session:
        session.add(CatalogVersion(hash=OFFER.hash, slug=OFFER.slug, parsed=to_json(OFFER), published_at=NOON))
        session.flush()
        session.add(CatalogItem(slug=OFFER.slug, hash=OFFER.hash, updated_at=NOON))


def order(*pairs: tuple[str, str]) -> list[str]:
    """Order these memberships, each in a request of its own; the numbers of the items."""
    numbers = []
    for position, (person, group) in enumerate(pairs):
        with unit_of_work("helena") as uow:
            line = Line(OFFER.slug, OFFER.hash, {"person": person, "group": group})
            numbers.append(requests.submit(uow, Order(f"{position}-{person}-{group}", [line])).items[0].number)
    return numbers


def claimed(consumer: str) -> list[str]:
    with database.sessions().begin() as session:
        return [hold.key for hold in deliveries.claim(session, consumer, 99)]


def take(*, together: bool) -> None:
    """Plan and carry out all that was ordered."""
    taking.work_off(claimed("plan_item"), plan, plan_together if together else None)
    taking.work_off(claimed("fulfil_request"), fulfil, fulfil_together if together else None)


def states(numbers: Sequence[str]) -> list[str]:
    return [ordering.state(number) for number in numbers]


def test_a_crowd_ends_as_each_of_it_would_alone_in_fewer_statements(company: Slapd) -> None:
    numbers = order(*((person, "finance-ro") for person in PEOPLE))
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    event.listen(database.engine(), "before_cursor_execute", count)
    take(together=True)
    together, asked = asked, 0
    others = order(*((person, GROUPS[-1]) for person in PEOPLE))
    asked = 0
    take(together=False)
    assert states(numbers) == states(others) == ["closed"] * 4
    assert {tuple(event_names(number)) for number in numbers} == {tuple(event_names(number)) for number in others}
    assert len(membership_changes(company.audit_file)) == 8
    assert together < asked * 2 / 3  # of sixteen it is a third


def test_one_that_does_not_fit_holds_up_none_of_the_others(company: Slapd) -> None:
    twice = order(("ana", "finance-ro"), ("bo", "finance-ro"), ("ana", "finance-ro"))
    take(together=True)
    assert states(twice) == ["closed"] * 3
    with database.sessions()() as session:
        assert session.scalar(select(func.count()).select_from(Grant).where(Grant.state == "open")) == 2
    assert len(membership_changes(company.audit_file)) == 2


def test_one_that_drifted_is_planned_anew_and_the_others_go_on() -> None:
    numbers = order(*((person, "finance-ro") for person in PEOPLE))
    taking.work_off(claimed("plan_item"), plan, plan_together)
    directory().add_member(group_dn("finance-ro"), person_dn("bo"))
    taking.work_off(claimed("fulfil_request"), fulfil, fulfil_together)
    assert states(numbers) == ["closed"] * 4
    assert [list(event_names(number)).count("item.plan") for number in numbers] == [1, 2, 1, 1]


@pytest.mark.parametrize("place", ["step.claimed", "step.acted", "step.committed"])
def test_a_worker_killed_amid_a_crowd_leaves_one_effect_of_each(company: Slapd, place: str) -> None:
    numbers = order(*((person, "finance-ro") for person in PEOPLE[:3]))
    taking.work_off(claimed("plan_item"), plan, plan_together)
    killed = subprocess.run(
        [sys.executable, "-c", ALL], cwd=ROOT, env={**os.environ, "FAILPOINT": f"{place}:kill"}, check=False
    )
    assert killed.returncode == -signal.SIGKILL, f"{place} was not reached"
    let_leases_end()
    taking.work_off(claimed("fulfil_request"), fulfil, fulfil_together)
    assert states(numbers) == ["closed"] * 3
    assert len(membership_changes(company.audit_file)) == 3
