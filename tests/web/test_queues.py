"""Queues of incidents as pages: filters in the address, pages that fit, one number of questions, plans from indexes."""

import re
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.models.records import Record
from app.queries import queues
from app.rules.queues import SORTS, Queue, Wanted, read
from app.services import incidents, tags
from app.unit_of_work import unit_of_work
from tests.services.incidents_scene import brought, reported, twenty_thousand
from tests.web.pages import browser_of, counted


def numbers(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'data-number="(INC\d{7})"', page)))


def test_a_queue_shows_what_its_address_says_and_asks_few_questions(cast: str, application: Flask) -> None:
    mine, wifi = brought("in_progress"), reported("Wi-Fi <b>slow</b>", who="zeca", category="network/wifi", urgency=1)
    waits, over = brought("on_hold", title="Waits"), brought("closed", title="Long ago")
    with unit_of_work("bo") as uow:
        tags.add(uow, wifi, "floor 3")
    bo = browser_of(application, "bo")
    with counted() as statements:
        page = bo.get("/incidents/?show=open&sort=priority").text
    assert len(statements) <= 12
    assert set(numbers(page)) == {mine, wifi, waits}
    assert "Wi-Fi &lt;b&gt;slow" in page
    assert numbers(page)[0] == wifi
    shown = {
        "show=mine": {mine, waits}, "show=all": {mine, wifi, waits, over}, "show=open&state=on_hold": {waits}, "show=open&category=network": {wifi},
        "show=open&caller=zeca": {wifi}, "show=open&tag=floor+3": {wifi}, "show=open&assignee=bo": {mine, waits}, "show=open&team=network": {wifi},
        "show=open&state=nonsense&priority=77&sort=,-,x": {mine, wifi, waits}, "show=resolved": set(),
    }  # fmt: skip
    for address, expected in shown.items():
        assert set(numbers(bo.get(f"/incidents/?{address}").text)) == expected, address
    assert "Clear all filters" in bo.get("/incidents/?show=open&ci=none").text
    assert bo.get("/incidents/?show=open&page=rubbish").status_code in {400, 422}
    assert browser_of(application, "ana").get("/incidents/").status_code == 403


def test_a_column_sorts_first_and_then_the_other_way_round() -> None:
    assert read({"sort": ["priority,-updated"]}).sort == (("priority", False), ("updated", True))
    assert read({"sort": ["priority"]}).sorted_by("priority") == (("priority", True),)
    assert read({"sort": ["priority"]}).sorted_by("updated") == (("updated", True), ("priority", False))
    assert read({"show": ["all"], "sort": ["state,priority"]}).orders == (("priority", False),)
    wanted = Wanted(Queue.TEAM, ("new",), (1,), ("network",), "bo", "ana", "mail", "x", "vpn", (("state", "closed"),), ("title", "who"), (("opened", False),))
    assert read({name: [str(each) for each in value] if isinstance(value, list) else [value] for name, value in wanted.arguments().items()}) == wanted


@pytest.fixture
def many(cast: str) -> None:
    twenty_thousand()


def plan(wanted: Wanted) -> str:
    with unit_of_work("bo") as uow:
        query = select(Record.id).where(queues.clause(uow.actor, wanted)).order_by(*queues.order(wanted)).limit(51)
        bound = query.compile(uow.session.get_bind(), compile_kwargs={"literal_binds": True})
        return "\n".join(uow.session.scalars(text(f"explain {bound}".replace(":", r"\:"))))


def test_each_queue_in_each_order_is_answered_from_an_index(many: None) -> None:
    """Twenty thousand incidents, eight hundred of them open: nothing reads the table, nothing sorts it."""
    for queue, name, is_down in product(Queue, SORTS, (False, True)):
        wanted = Wanted(queue, sort=((name, is_down),))
        found = plan(wanted)
        assert "Seq Scan on records" not in found, f"{queue} by {name}:\n{found}"
        if queue is Queue.ALL or (queue is Queue.OPEN and name in {"number", "priority", "updated", "due"}):
            assert "Sort" not in found, f"{queue} by {name}:\n{found}"


def test_counting_stops_where_nobody_counts_any_more(many: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "MOST", 100)
    with unit_of_work("bo") as uow:
        counts = queues.counts(uow.session, uow.actor)
    assert (counts.told(Queue.OPEN), counts.told(Queue.MINE)) == ("100+", "0")


def test_what_changed_between_two_pages_is_neither_lost_nor_shown_twice(many: None, application: Flask) -> None:
    bo = browser_of(application, "bo")
    first = bo.get("/incidents/?show=open&sort=priority").text
    onward = re.findall(r'href="(/incidents/\?[^"]*page=[^"]+)"[^>]*rel="next"', first)[0].replace("&amp;", "&")
    with unit_of_work("bo") as uow:
        incidents.take(uow, numbers(first)[-1])
    second = bo.get(onward).text
    assert len(numbers(first)) == len(numbers(second)) == 50
    assert not set(numbers(first)) & set(numbers(second))
