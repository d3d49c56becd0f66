"""Drafts and the cart: kept for their owner alone, judged again when they are sent."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from sqlalchemy import func, select

from app import database
from app.models.baskets import CartLine, Draft
from app.models.catalog import CatalogItem, CatalogVersion
from app.models.people import Membership, Person, Team
from app.models.requests import Item, Request
from app.queries import catalog
from app.rules.catalog.items import to_json
from app.rules.errors import Invalid, NotFound
from app.services import attachments, baskets, requests
from app.services.requests import Line
from app.unit_of_work import unit_of_work
from tests.cast import MAIL_ITEM, NOON, event_names, parsed, person_id

KEY = "cart-0123456789abcdef"


def publish(text: str, slug: str) -> str:
    item = parsed(text, slug)
    with database.sessions()() as session:
        session.add(CatalogVersion(hash=item.hash, slug=slug, parsed=to_json(item), published_at=NOON))
        session.flush()
        session.merge(CatalogItem(slug=slug, hash=item.hash, updated_at=NOON))
        session.commit()
    return item.hash


def line(slug: str = "workplace/visitor", **answers: object) -> Line:
    with database.sessions()() as session:
        return Line(slug, catalog.current(session, slug).hash, answers or {"guest": "Rita"})


def put(login: str = "ana", beneficiary: str | None = None, slug: str = "workplace/visitor", **answers: object) -> int:
    with unit_of_work(login, now=NOON) as uow:
        return baskets.add(uow, line(slug, **answers), person_id(beneficiary) if beneficiary else None).id


def count(model: type) -> int:
    with database.sessions()() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_draft_is_kept_replaced_and_forgotten_and_leaves_no_event(cast):
    for words in ("Ri", "Rita"):
        with unit_of_work("ana") as uow:
            baskets.save_draft(uow, "workplace/visitor", {"answer_guest": [words]})
    with unit_of_work("ana") as uow:
        assert baskets.draft(uow, "workplace/visitor").answers == {"answer_guest": ["Rita"]}
        baskets.forget_draft(uow, "workplace/visitor")
    assert count(Draft) == 0
    assert event_names() == []


def test_a_draft_is_its_owners_alone_and_not_endless(cast):
    with unit_of_work("ana") as uow:
        baskets.save_draft(uow, "workplace/visitor", {"answer_guest": ["Rita"]})
    with unit_of_work("bo") as uow:
        assert baskets.draft(uow, "workplace/visitor") is None
        baskets.forget_draft(uow, "workplace/visitor")
    assert count(Draft) == 1
    with pytest.raises(Invalid), unit_of_work("ana") as uow:
        baskets.save_draft(uow, "workplace/visitor", {"answer_guest": ["x" * 70_000]})
    with pytest.raises(NotFound), unit_of_work("ana") as uow:
        baskets.save_draft(uow, "workplace/nothing", {})


def test_what_goes_into_the_cart_is_judged_and_takes_the_draft_along(cast):
    with unit_of_work("ana") as uow:
        baskets.save_draft(uow, "workplace/visitor", {"answer_guest": ["R"]})
    put(guest="  Rita  ")
    with unit_of_work("ana") as uow:
        (entry,) = baskets.cart(uow)
        assert (entry.line.answers, entry.trouble, entry.beneficiary) == ({"guest": "Rita"}, None, None)
    assert count(Draft) == 0
    with pytest.raises(Invalid) as refused:
        put(guest="")
    assert list(refused.value.fields) == ["guest"]


def test_somebody_elses_cart_can_be_neither_seen_nor_changed_nor_sent(cast):
    mine = put("ana")
    with unit_of_work("bo") as uow:
        assert baskets.cart(uow) == []
    for attack in (
        lambda uow: baskets.remove(uow, mine),
        lambda uow: baskets.change(uow, mine, line(guest="Bo")),
        lambda uow: baskets.own_line(uow, mine),
    ):
        with pytest.raises(NotFound), unit_of_work("bo") as uow:
            attack(uow)
    with pytest.raises(Invalid), unit_of_work("bo") as uow:
        baskets.submit(uow, KEY)
    assert count(CartLine) == 1


def test_a_line_can_be_changed_and_taken_out_but_not_become_another_item(cast):
    first = put()
    with unit_of_work("ana") as uow:
        baskets.change(uow, first, line(guest="Zoe"), person_id("bo"))
        with pytest.raises(NotFound):
            baskets.change(uow, first, line("access/shared-group", group="vpn-users"))
    with unit_of_work("ana") as uow:
        (entry,) = baskets.cart(uow)
        assert (entry.line.answers, entry.beneficiary.login) == ({"guest": "Zoe"}, "bo")
        baskets.remove(uow, first)
    assert count(CartLine) == 0


def test_a_cart_is_sent_as_one_request_for_each_person(cast):
    put(guest="Rita")
    put(slug="access/shared-group", group="vpn-users")
    put(beneficiary="bo", guest="Zoe")
    with unit_of_work("ana") as uow:
        sent = [(request.beneficiary.login, [item.slug for item in request.items]) for request in baskets.submit(uow, KEY)]
    assert sent == [("ana", ["workplace/visitor", "access/shared-group"]), ("bo", ["workplace/visitor"])]
    assert count(CartLine) == 0
    assert event_names().count("item.create") == 3


def test_sending_twice_orders_once(cast):
    put(guest="Rita")
    put(beneficiary="bo", guest="Zoe")

    def send(_: int) -> list[str]:
        with unit_of_work("ana") as uow:
            return sorted(request.number for request in baskets.submit(uow, KEY))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert len(set(map(tuple, answers))) == 1
    assert count(Request) == 2
    with pytest.raises(Invalid), unit_of_work("ana") as uow:
        baskets.submit(uow, "another-key-0123456789")


def test_a_line_whose_item_changed_or_went_is_told_and_nothing_is_sent(cast):
    changed = put(guest="Rita")
    publish(MAIL_ITEM.replace('target = "4h"', 'target = "5h"'), "workplace/visitor")
    gone = put(slug="access/shared-group", group="vpn-users")
    with database.sessions()() as session:
        session.get(CatalogItem, "access/shared-group").withdrawn_at = NOON
        session.commit()
    with pytest.raises(Invalid) as refused, unit_of_work("ana") as uow:
        assert [entry.trouble is None for entry in baskets.cart(uow)] == [False, False]
        baskets.submit(uow, KEY)
    assert set(refused.value.fields) == {f"line-{changed}", f"line-{gone}"}
    assert (count(CartLine), count(Request)) == (2, 0)
    with unit_of_work("ana", now=NOON) as uow:
        baskets.change(uow, changed, line(guest="Rita"))
        baskets.remove(uow, gone)
        assert len(baskets.submit(uow, KEY)) == 1


def test_a_cart_is_not_endless(cast):
    for _ in range(baskets.MOST_LINES):
        put()
    with pytest.raises(Invalid):
        put()


TEAM_ITEM = MAIL_ITEM.replace('target = "4h"', 'target = "4h"\naudience = ["team:workplace", "department:Board"]')


def test_an_item_for_a_team_or_a_department_is_ordered_by_them_alone(cast):
    publish(TEAM_ITEM, "workplace/inside")

    def order(login: str) -> str:
        with unit_of_work(login) as uow:
            made = requests.submit(uow, requests.Order(f"{login}-0123456789abcdef", [line("workplace/inside", guest="R")]))
            return made.number

    with pytest.raises(NotFound):
        put(slug="workplace/inside", guest="R")
    with pytest.raises(NotFound):
        order("ana")
    with database.sessions()() as session:
        team = session.scalars(select(Team.id).where(Team.key == "workplace")).one()
        session.add(Membership(team_id=team, person_id=person_id("ana")))
        session.scalars(select(Person).where(Person.login == "zeca")).one().department = "Board"
        session.commit()
    assert order("ana") != order("zeca")


FILE_ITEM = MAIL_ITEM.replace('kind = "text"', 'kind = "file"\ntypes = ["pdf"]').replace("{guest}", "a file").replace(
    'target = "4h"', 'target = "4h"\ncost = { amount = "12.50", currency = "BRL" }'
)  # fmt: skip


def test_a_file_goes_with_the_order_and_only_ones_own(cast):
    publish(FILE_ITEM, "workplace/paper")
    with unit_of_work("ana") as uow:
        key = attachments.put_down(uow, "answer_guest", "plan.pdf", BytesIO(b"%PDF-1.7 x"), types=("pdf",)).key
    with pytest.raises(Invalid):
        put("bo", slug="workplace/paper", guest=key)
    put("ana", slug="workplace/paper", guest=key)
    with unit_of_work("ana") as uow:
        baskets.submit(uow, KEY)
    with unit_of_work("helena") as uow:  # ana's manager sees the item, and so the file
        assert attachments.read(uow, key).name == "plan.pdf"
    with pytest.raises(NotFound), unit_of_work("zeca") as uow:
        attachments.read(uow, key)
    with database.sessions()() as session:
        item = session.scalars(select(Item)).one()
        assert (str(item.cost), item.currency, item.answers) == ("12.50", "BRL", {"guest": key})
    with pytest.raises(Invalid), unit_of_work("ana") as uow:  # the file has its record already
        requests.submit(uow, requests.Order("second-0123456789abcdef", [line("workplace/paper", guest=key)]))
