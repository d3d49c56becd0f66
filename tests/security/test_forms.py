"""Attacks 23 and 48: words that pretend to be templates, and forms that were tampered with.

Each test names the guard it watches; without that guard it fails (how that was tried stands in the closing note).
"""

import re
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import database
from app.forms.catalog import form_of
from app.language import translate
from app.models.records import Record
from app.models.requests import Item
from app.queries import catalog
from app.queries.choices import Choices
from app.rules.catalog import answers, patterns
from app.rules.catalog.parsing import parse
from app.rules.errors import DeskError, Invalid
from app.services import attachments, baskets, fulfilment, requests
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import MAIL_ITEM, NOON, parsed
from tests.services.test_baskets import publish
from tests.web.pages import browser_of
from tests.web.test_ordering import hidden

EVIL = [
    "{{9137*7919}}", "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}", "${9137*7919}", "#{9137*7919}", "<%= 9137*7919 %>", "%(guest)s %s %n",
    "{0.__class__.__init__.__globals__}", "{beneficiary.mail}", "{item.number}", "{guest}", "{requester.__class__}", "\\g<0> \\1", "{{config}}",
]  # fmt: skip


def order(login: str = "ana", slug: str = "workplace/visitor", key: str = "attack-0123456789abcdef", **given: Any) -> str:
    with unit_of_work(login, now=NOON) as uow:
        line = Line(slug, catalog.current(uow.session, slug).hash, given)
        return requests.submit(uow, Order(key, [line])).items[0].number


def kept(number: str) -> dict[str, Any]:
    with database.sessions()() as session:
        return dict(session.scalars(select(Item).where(Item.number == number)).one().answers)


# Attack 23: guard: templates.fill looks up whole names in a flat table, once; autoescape; Text fills gaps after translating.


@pytest.mark.parametrize("evil", EVIL)
def test_what_is_typed_reaches_mails_steps_and_pages_literally(cast: str, application: Flask, evil: str) -> None:
    number = order(guest=evil)
    words = " ".join(evil.split())
    with unit_of_work(SYSTEM, now=NOON) as uow:
        (step,) = fulfilment.bound_steps(uow, number)
        assert step.params["text"] == words
        plan = {"step-1": {"words": ["Send the message “%(subject)s” to %(to)s", {"subject": words, "to": "x"}], "changes": []}}
        fulfilment.store_plan(uow, number, plan)
        request = uow.get(Item, number, lock=False).request.number
    page = browser_of(application, "ana").get(f"/requests/{request}").text
    shown = page.replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&#34;", '"')
    assert words in shown
    assert not re.search(r"\b72355903\b", shown)


def test_words_of_a_catalogue_file_are_no_template_either(cast: str, application: Flask) -> None:
    evil = MAIL_ITEM.replace('name = "Visitor badge"', 'name = "{{9137*7919}} <b>x</b> %(a)s"').replace('label = "Who comes?"', 'label = "${9137*7919}{{9137*7919}}"')
    publish(evil, "workplace/visitor")
    page = browser_of(application, "ana").get("/catalog/workplace/visitor").text
    assert "{{9137*7919}} &lt;b&gt;x&lt;/b&gt; %(a)s" in page
    assert "${9137*7919}{{9137*7919}}" in page
    assert not re.search(r"\b72355903\b", page)


@pytest.mark.parametrize("evil", ["{guest.__class__}", "{0}", "{guest!r}", "{requester.password}", "{item.__dict__}", "{guest:>100000000}"])
def test_a_step_that_asks_for_more_than_the_table_holds_is_refused_when_its_file_is_read(evil: str) -> None:
    told = parse(MAIL_ITEM.replace('text = "{guest}"', f'text = "{evil}"'), "catalog/workplace/visitor.toml")
    assert isinstance(told, list)
    assert any("Nothing is called" in str(fault.what) for fault in told)


# Attack 48: guard: rules.catalog.answers judges on the server, in the service, against the version in service.

PRICED = r"""
name = "Priced"
name_pt = "Com preço"
summary = "S"
summary_pt = "S"
owner = "workplace"
target = "4h"
cost = { amount = "100.00", currency = "BRL" }

[[fields]]
name = "size"
label = "Size"
label_pt = "Tamanho"
kind = "choice"
required = true
choices = [{ value = "s", label = "S", label_pt = "S", cost = "0.00" }, { value = "l", label = "L", label_pt = "L", cost = "900.00" }]

[[fields]]
name = "secret"
label = "Secret"
label_pt = "Segredo"
kind = "directory-group"
required = true
groups = ["vpn-users"]
when = { field = "size", is = ["l"] }

[[fields]]
name = "code"
label = "Code"
label_pt = "Código"
hint = "NB and digits."
hint_pt = "NB e números."
kind = "text"
pattern = 'NB-\d+'

[[fields]]
name = "paper"
label = "Paper"
label_pt = "Papel"
kind = "file"

[[steps]]
task = "Do {size}"
task_pt = "Fazer {size}"
"""
TAMPERED: list[dict[str, Any]] = [
    {"size": "xl"}, {"size": ["s"]}, {"size": {"$ne": ""}}, {"size": "s\x00"}, {"size": True}, {"size": ""}, {},
    {"size": "l", "secret": "domain-admins"}, {"size": "l", "secret": "finance-rw"}, {"size": "l"},
    {"size": "s", "price": "0"}, {"size": "s", "cost": "-900"}, {"size": "s", "__class__": "x"}, {"size": "s", "beneficiary": "eva"},
    {"size": "s", "guest": "another item's field"}, {"size": "s", "code": "x"}, {"size": "s", "code": "NB-" + "1" * 500},
    {"size": "s", "paper": "a" * 24}, {"size": "s", "paper": "../../etc/passwd"},
]  # fmt: skip


@pytest.mark.parametrize("given", TAMPERED, ids=str)
def test_a_tampered_answer_is_refused_by_the_service_and_leaves_nothing(cast: str, given: dict[str, Any]) -> None:
    publish(PRICED, "workplace/priced")
    with pytest.raises(Invalid):
        order(slug="workplace/priced", **given)
    with pytest.raises(Invalid), unit_of_work("ana") as uow:
        baskets.add(uow, Line("workplace/priced", "whatever", given))
    with database.sessions()() as session:
        assert session.scalars(select(Record)).all() == []


def test_a_price_is_worked_out_on_the_server_and_a_hidden_question_is_never_trusted(cast: str) -> None:
    publish(PRICED, "workplace/priced")
    number = order(slug="workplace/priced", size="s", secret="domain-admins")
    assert kept(number) == {"size": "s"}
    other = order(slug="workplace/priced", key="attack-l-0123456789ab", size="l", secret="vpn-users")
    with database.sessions()() as session:
        assert [str(item.cost) for item in session.scalars(select(Item).order_by(Item.id))] == ["100.00", "1000.00"]
    assert kept(other)["secret"] == "vpn-users"


def test_answers_to_an_older_version_of_a_form_are_not_taken(cast: str) -> None:
    old = parsed(PRICED, "workplace/priced")
    publish(PRICED, "workplace/priced")
    publish(PRICED.replace('"900.00"', '"9000.00"'), "workplace/priced")
    with pytest.raises(DeskError, match="changed meanwhile"), unit_of_work("ana") as uow:
        requests.submit(uow, Order("old-0123456789abcdef", [Line(old.slug, old.hash, {"size": "l", "secret": "vpn-users"})]))


@pytest.mark.parametrize(
    "extra", [{"answer_price": "0"}, {"answer_size": "xl"}, {"answer_guest": "x"}, {"answer_size-0": "l"}, {"answer_code": "(a+)+$"}]
)
def test_a_page_takes_no_field_that_the_item_does_not_ask(cast: str, application: Flask, extra: dict[str, str]) -> None:
    publish(PRICED, "workplace/priced")
    ana: FlaskClient = browser_of(application, "ana")
    address = "/catalog/workplace/priced"
    form = {**hidden(ana.get(address).text), "for_whom": "me", "answer_size": "s", **extra}
    for where in (address, f"{address}/send", "/cart/add/workplace/priced"):
        assert ana.post(where, data=form).status_code == 422
    with database.sessions()() as session:
        assert session.scalars(select(Record)).all() == []


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a*)*b", "([a-z]+)*$", "((a|b)+)+c", r"(\w+\s?)*$"])
def test_a_pattern_that_could_hang_the_server_never_gets_into_service(pattern: str) -> None:
    told = parse(PRICED.replace(r"NB-\d+", pattern), "catalog/workplace/priced.toml")
    assert isinstance(told, list)
    assert any("itself repeated" in str(fault.what) for fault in told)


def test_a_pattern_that_is_in_service_takes_no_longer_for_a_hostile_answer(cast: str) -> None:
    """Guard: patterns.fits is linear, whatever the pattern; even one a file would not be let in with."""
    item = parsed(PRICED.replace(r"NB-\d+", r"\w*\w*\w*\w*\w*\w*\w*\w*\w*\w*!").replace("kind = \"text\"\n", 'kind = "text"\nmax_length = 500\n'), "workplace/p")
    began = time.process_time()
    checked = answers.validate(item, {"size": "s", "code": "a" * 500}, NOON.date())
    assert list(checked.errors) == ["code"]
    assert time.process_time() - began < 2
    assert patterns.fault("(a+)+$") is not None


def test_whoever_or_whatever_is_not_there_cannot_be_named(cast: str) -> None:
    """Guard: the service looks up what an answer names, also where any group or person may be chosen."""
    publish(PRICED.replace('groups = ["vpn-users"]\n', "").replace('kind = "text"', 'kind = "person"').replace("pattern = 'NB-\\d+'\n", ""), "workplace/priced")
    for wrong in ({"secret": "domain-admins"}, {"secret": "vpn-users", "code": "root"}):
        with pytest.raises(Invalid):
            order(slug="workplace/priced", size="l", **wrong)
    assert kept(order(slug="workplace/priced", size="l", secret="finance-rw", code="bo"))["code"] == "bo"


def test_somebody_elses_file_cannot_be_named(cast: str) -> None:
    publish(PRICED, "workplace/priced")
    with unit_of_work("bo") as uow:
        key = attachments.put_down(uow, "paper", "plan.pdf", b"%PDF-1.7 x").key
    with pytest.raises(Invalid):
        order(slug="workplace/priced", size="s", paper=key)
    with unit_of_work("ana") as uow:
        form = form_of(parsed(PRICED, "workplace/priced"), language="en", lookup=Choices(uow.session, uow.actor.id), today=NOON.date())
        assert form.lookup.file(key) is None


def test_a_default_is_looked_up_whole_and_never_evaluated(cast: str) -> None:
    evil = PRICED.replace("pattern = 'NB-\\d+'", 'default = "{beneficiary.fs_uniquifier}"')
    told = parse(evil, "catalog/workplace/priced.toml")
    assert isinstance(told, list)
    assert any("Nothing is called" in str(fault.what) for fault in told)
    assert "fs_uniquifier" in translate(told[0].what, "pt")
