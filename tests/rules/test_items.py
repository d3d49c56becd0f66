"""Costs, conditions, tables, bundles and staged approvals in an item's file: read, checked, kept, and judged."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.catalog import answers, bundles, conditions, costs, templates
from app.rules.catalog.items import Item, Kind, OnlyIf, When, from_json, is_offered_to, to_json
from app.rules.catalog.parsing import parse
from app.rules.catalog.templates import PersonFacts

FILE = "catalog/accounts/everything.toml"
TODAY = date(2026, 11, 21)
GOOD = r"""
name = "Everything"
name_pt = "Tudo"
summary = "All of it."
summary_pt = "De tudo."
owner = "identity"
target = "2d"
audience = ["analyst", "team:identity", "department:Human Resources"]
cost = { amount = "100.00", currency = "BRL", per = "month" }
empowerment = true

[[fields]]
name = "kind"
label = "Kind"
label_pt = "Tipo"
kind = "choice"
required = true
default = "vpn"
choices = [
    { value = "vpn", label = "VPN", label_pt = "VPN" },
    { value = "app", label = "Application", label_pt = "Aplicativo", cost = "300.50" },
]

[[fields]]
name = "device"
label = "Device"
label_pt = "Aparelho"
hint = "NB and five digits."
hint_pt = "NB e cinco dígitos."
kind = "text"
required = true
pattern = 'NB-\d{5}'
when = { field = "kind", is = ["vpn"] }

[[fields]]
name = "extras"
label = "Extras"
label_pt = "Extras"
kind = "multi-choice"
max = 2
choices = [
    { value = "a", label = "Aye", label_pt = "Á", cost = "10.00" },
    { value = "b", label = "Bee", label_pt = "Bê" },
    { value = "c", label = "Cee", label_pt = "Cê", cost = "5" },
]

[[fields]]
name = "budget"
label = "Budget"
label_pt = "Orçamento"
kind = "money"
currency = "BRL"
min = 1
max = 50000

[[fields]]
name = "paper"
label = "Paper"
label_pt = "Documento"
kind = "file"
types = ["pdf"]
max_mb = 5

[[fields]]
name = "stay"
label = "Stay"
label_pt = "Estadia"
kind = "date-range"
required = true
max_days = 90
longest = 10

[[fields]]
name = "guests"
label = "Guests"
label_pt = "Convidados"
kind = "table"
max_rows = 3

[[fields.columns]]
name = "name"
label = "Name"
label_pt = "Nome"
kind = "text"
required = true

[[fields.columns]]
name = "vegan"
label = "Vegan"
label_pt = "Vegano"
kind = "yes-no"

[[fields]]
name = "login"
label = "User name"
label_pt = "Usuário"
kind = "text"
required = true
default = "{beneficiary.login}"

[[approvals]]
who = "manager-of-beneficiary"

[[approvals]]
who = "team:finance"
needs = "50%"
stage = 2
if = { cost_over = "400.00", audience = ["department:Sales", "employees"] }

[[steps]]
name = "join"
do = "directory.add_member"
with = { person = "{beneficiary}", group = "vpn-users" }
ends = "{stay.to}"
compensate = false
when = { field = "kind", is = ["vpn"] }

[[steps]]
name = "rest"
wait = "{stay.from}"

[[steps]]
name = "look"
task = "Look at {device} of {beneficiary.department}: {extras.value}, {guests}"
task_pt = "Ver {device} de {beneficiary.department}: {extras}, {budget}"
after = ["rest"]

[[steps]]
name = "pause"
wait = "2d"
after = ["join"]

[[items]]
slug = "access/vpn"
with = { until = "{stay.to}", reason = "With {item.name}", list = "{extras}" }
after = ["look"]
when = { field = "kind", is = ["app"] }
"""
OTHER = parse(
    """
name = "VPN"
name_pt = "VPN"
summary = "S"
summary_pt = "S"
owner = "network"
target = "1d"
fields = [
    { name = "until", label = "U", label_pt = "U", kind = "date", required = true },
    { name = "reason", label = "R", label_pt = "R", kind = "text" },
    { name = "list", label = "L", label_pt = "L", kind = "text" },
    { name = "size", label = "S", label_pt = "S", kind = "choice", choices = [
        { value = "s", label = "S", label_pt = "S" }, { value = "m", label = "M", label_pt = "M" }] },
]
steps = [{ task = "T", task_pt = "T" }]
""",
    "catalog/access/vpn.toml",
)
ANA = PersonFacts("ana", "Ana Souza", "ana@demo.example", "pt", "Finance", "Analyst")
FULL = {
    "kind": "vpn", "device": "NB-01234", "extras": ["c", "a"], "budget": "1.250,5", "paper": "k" * 20,
    "stay": {"from": "2026-12-01", "to": "2026-12-05"}, "guests": [{"name": " Bo ", "vegan": "yes"}, {"name": "", "vegan": ""}],
    "login": "ana",
}  # fmt: skip


def item(text: str = GOOD) -> Item:
    read = parse(text, FILE, {"employees", "analyst"})
    assert isinstance(read, Item), [str(fault) for fault in read]
    return read


def judged(**changed: object) -> answers.Checked:
    return answers.validate(item(), {**FULL, **changed}, TODAY)


def test_everything_a_file_says_is_kept_and_comes_back():
    read = item()
    assert from_json(json.loads(json.dumps(to_json(read)))) == read
    assert (read.cost.amount, read.cost.per, read.empowerment) == ("100.00", "month", True)
    assert [step.team for step in read.steps] == ["", "", "identity", ""]
    assert (read.approvals[1].who, read.approvals[1].stage) == ("team:finance", 2)
    assert read.approvals[1].only_if == OnlyIf("400.00", ("department:Sales", "employees"))
    assert read.parts[0].when == When("kind", ("app",))
    assert [column.name for column in read.field("guests").columns] == ["name", "vegan"]


WRONG = [
    ('amount = "100.00"', "amount = 100", "cost = ", "“amount” is not of the right kind", '"1200.00"'),
    ('amount = "100.00"', 'amount = "-1"', "cost = ", "“amount” is not of the right kind", '"1200.00"'),
    ('currency = "BRL", per', 'currency = "R$", per', "cost = ", "“R$” is no currency", '"BRL"'),
    ('per = "month"', 'per = "year"', "cost = ", "“per” cannot be “year”", "month"),
    ('cost = { amount = "100.00", currency = "BRL", per = "month" }\n', "", "empowerment", "the item says no cost", "cost = {"),
    ('cost = { amount = "100.00", currency = "BRL", per = "month" }\n', "", "if = {", "the cost of an item that says none", "cost = {"),
    ('cost = "300.50"', 'cost = "a lot"', "choices = ", "“cost” is not of the right kind", '"1200.00"'),
    ('"team:identity"', '"team:Identity"', "audience", "audience “team:Identity”", "team:…"),
    ('audience = ["department:Sales", "employees"]', 'audience = ["department:"]', "if = {", "audience “department:”", "department:…"),
    ('default = "vpn"', 'default = "wlan"', 'default = "wlan"', "“wlan” does not fit", "another default"),
    ('default = "{beneficiary.login}"', 'default = "{beneficiary.password}"', "default = \"{b", "“{beneficiary.password}”", ""),
    ('default = "{beneficiary.login}"', 'default = "{other.login}"', "default = \"{o", "“{other.login}”", ""),
    ("pattern = 'NB-\\d{5}'", "pattern = '(a+)+$'", "pattern", "itself repeated", "nothing repeated twice"),
    ("pattern = 'NB-\\d{5}'", "pattern = 'NB-\\d{5}'\nmax_length = 4000", "max_length", "between 1 and 500", "in between"),
    ('hint = "NB and five digits."\nhint_pt = "NB e cinco dígitos."\n', "", "pattern", "Nobody can guess", "hint"),
    ('when = { field = "kind", is = ["vpn"] }', 'when = { field = "kind", is = ["wlan"] }', "when", "no answer “wlan”", "vpn"),
    ('when = { field = "kind", is = ["vpn"] }', 'when = { field = "extra", is = ["a"] }', "when", "cannot look at “extra”", "kind"),
    ('when = { field = "kind", is = ["vpn"] }', 'when = { field = "extras", is = ["a"] }', "when", "cannot look at “extras”", "kind"),
    ('when = { field = "kind", is = ["vpn"] }', 'when = { field = "kind" }', "when", "“is” is missing", "is = "),
    ('when = { field = "kind", is = ["vpn"] }', 'when = { fields = "kind", is = ["vpn"] }', "when", "no key “fields”", "“field”"),
    ('kind = "money"\ncurrency = "BRL"', 'kind = "money"', '[[fields]]\nname = "budget"', "needs its currency", 'currency = "BRL"'),
    ('types = ["pdf"]', 'types = [".PDF"]', "types", "no ending", '"pdf"'),
    ("max_mb = 5", "max_mb = 0", "max_mb", "between 1 and 1024", "in between"),
    ("longest = 10", "longest = 0", "longest", "between 1 and 3660", "in between"),
    ("max_rows = 3", "max_rows = 51", "max_rows", "between 1 and 50", "in between"),
    ('kind = "yes-no"\n\n[[fields]]', 'kind = "person"\n\n[[fields]]', 'kind = "person"', "“kind” cannot be “person”", "text"),
    ('name = "vegan"', 'name = "name"', 'name = "name"\nlabel = "V', "already taken", "another name"),
    ("stage = 2", "stage = 0", "stage", "between 1 and 9", "in between"),
    ('who = "team:finance"', 'who = "team:"', 'who = "team:"', "“who” cannot be “team:”", "team:…"),
    ('who = "team:finance"', 'who = "team:finance"\ngroup = "x"', "group = ", "means nothing when the manager or a team", "Remove"),
    ('cost_over = "400.00", ', 'cost_ovr = "400.00", ', "if = {", "no key “cost_ovr”", "“cost_over”"),
    ('if = { cost_over = "400.00", audience = ["department:Sales", "employees"] }', "if = {}", "if = {", "says nothing", "cost_over"),
    ('ends = "{stay.to}"', 'ends = "{stay}"', "ends", "must be a field of kind date", "{until}"),
    ('ends = "{stay.to}"', 'ends = "{stay.max}"', "ends", "must be a field of kind date", "{until}"),
    ('wait = "{stay.from}"', 'wait = "{kind}"', "wait", "must be a field of kind date", "{until}"),
    ('wait = "2d"', 'wait = "two days"', 'wait = "two', "not of the right kind", '"2d"'),
    ('wait = "2d"', 'wait = "2d"\nteam = "identity"', "team = ", "belongs to a step with “task”", "Remove"),
    ('wait = "2d"', 'wait = "2d"\ncompensate = false', 'compensate = false\nafter', "belongs to a step with “do”", "Remove"),
    ('wait = "2d"', "", '[[steps]]\nname = "pause"', "either automatic", "one of the three"),
    ("{extras.value}", "{paper}", "task = ", "“{paper}”", ""),
    ('person = "{beneficiary}", group = "vpn-users"', 'person = "{beneficiary}", group = "{stay}"', "with = ", "not a field of kind directory-group", ""),
    ('slug = "access/vpn"', 'slug = "access/vpn"\nfor = "{login}"', "for = ", "names nobody", "{beneficiary}"),
    ('slug = "access/vpn"', 'slug = "access/vpn"\nfor = "ana"', "for = ", "names nobody", "{beneficiary}"),
    ('after = ["look"]', 'after = ["loop"]', "after = [\"loop", "No step is called “loop”", "“look”"),
    ('until = "{stay.to}", reason', 'until = "{stay.too}", reason', 'with = { until', "“{stay.too}”", "stay.to"),
    ('until = "{stay.to}", reason', "until = 3, reason", 'with = { until', "must be words", "quotes"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "what", "mend"), WRONG)
def test_every_fault_says_where_what_and_how_to_mend_it(old, new, at, what, mend):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    found = parse(text, FILE, {"employees", "analyst"})
    assert isinstance(found, list), "no fault was found"
    line = text[: text.index(at)].count("\n") + 1
    told = [(fault.line, str(fault.what), str(fault.mend)) for fault in found]
    assert any(what in said and mend in how and where == line for where, said, how in told), (line, told)


def test_a_step_may_use_an_answer_that_is_asked_whenever_the_step_applies():
    on = 'when = { field = "kind", is = ["vpn"] }'
    asked = GOOD.replace('kind = "text"\nrequired = true\npattern', 'kind = "directory-group"\nrequired = true\npattern')
    asked = asked.replace("pattern = 'NB-\\d{5}'\n", "").replace('group = "vpn-users"', 'group = "{device}"')
    assert isinstance(parse(asked, FILE, {"employees", "analyst"}), Item)
    always = asked.replace(f"compensate = false\n{on}\n", "compensate = false\n")
    assert always != asked
    assert ["may be left empty" in str(fault.what) for fault in parse(always, FILE, {"employees", "analyst"})] == [True]


# Answers


def test_each_kind_of_answer_is_kept_clean():
    assert judged() == ({
        "kind": "vpn", "device": "NB-01234", "extras": ["a", "c"], "budget": "1250.50", "paper": "k" * 20,
        "stay": {"from": "2026-12-01", "to": "2026-12-05"}, "guests": [{"name": "Bo", "vegan": True}], "login": "ana",
    }, {})  # fmt: skip
    assert answers.validate(item(), judged().answers, TODAY) == judged()


def test_the_answer_to_a_question_that_is_not_asked_is_dropped_and_never_judged():
    assert judged(kind="app").answers.keys() == FULL.keys() - {"device"}
    assert judged(kind="app", device=["<script>"]) == judged(kind="app", device="")
    assert list(judged(kind="vpn", device="").errors) == ["device"]


@pytest.mark.parametrize(
    ("typed", "clean"),
    [("1200", "1200.00"), ("1200,5", "1200.50"), ("1,200.00", "1200.00"), ("1.200,00", "1200.00"), ("12.345", "12345.00"),
     (" 1 200,05 ", "1200.05"), ("0,99", None), ("1,200,00", None), ("1.2.3", None), ("1e3", None), ("50000.01", None),
     ("-5", None), ("R$ 5", None), ("١٢", None), ("9" * 400, None), ("1,200.000,00", None)],
)  # fmt: skip
def test_money_is_read_as_people_of_both_languages_write_it(typed, clean):
    assert judged(budget=typed).answers.get("budget") == clean
    assert bool(judged(budget=typed).errors) == (clean is None)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("extras", ["a", "z"]), ("extras", ["a", "b", "c"]), ("extras", [["a"]]), ("extras", {"a": 1}), ("extras", 3),
        ("paper", "../../etc/passwd"), ("paper", "short"), ("paper", ["k" * 20]),
        ("stay", "2026-12-01"), ("stay", {"from": "2026-12-01"}), ("stay", {"from": "2026-12-05", "to": "2026-12-01"}),
        ("stay", {"from": "2026-12-01", "to": "2026-12-11"}), ("stay", {"from": "2026-11-01", "to": "2026-12-01"}),
        ("stay", {"from": "2026-12-01", "to": "2026-12-02", "x": "1"}), ("stay", {"from": 1, "to": 2}), ("stay", None),
        ("guests", [{"name": "Bo"}] * 4), ("guests", [{"name": "", "vegan": "yes"}]), ("guests", [{"name": "x", "price": "0"}]),
        ("guests", [{"name": "x", "vegan": "maybe"}]), ("guests", ["x"]), ("guests", {"name": "x"}), ("guests", [{"name": ["x"]}]),
        ("device", "NB-1"), ("device", "NB-01234\u0660"), ("device", "xNB-01234"),
    ],
)  # fmt: skip
def test_a_wrong_or_tampered_answer_is_refused_with_a_sentence(name, given):
    checked = judged(**{name: given})
    assert list(checked.errors) == [name]
    assert str(checked.errors[name]).endswith(".")
    assert name not in checked.answers


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["a", "vpn", "2026-12-01"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["from", "to", "name", "vegan", "__class__"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*FULL, "price"]), JSON))
def test_whatever_is_sent_the_clean_answers_are_plain_json_and_the_rest_is_told(sent):
    checked = answers.validate(item(), sent, TODAY)
    assert json.loads(json.dumps(checked.answers)) == checked.answers
    assert not checked.answers.keys() & checked.errors.keys()
    assert answers.validate(item(), checked.answers, TODAY).answers == checked.answers


# What follows from the answers


def test_a_cost_is_the_item_and_what_was_chosen():
    assert costs.of(item(), {"kind": "vpn"}).amount == Decimal("100.00")
    assert costs.of(item(), {"kind": "app", "extras": ["a", "b", "c"]}) == (costs.Price(Decimal("415.50"), "BRL", "month"))


def test_an_approval_is_asked_above_its_cost_and_for_its_audience():
    dear, cheap = {"kind": "app"}, {"kind": "vpn"}
    assert [each.who for each in costs.asks(item(), dear, {"employees"})] == ["manager-of-beneficiary", "team:finance"]
    assert [each.who for each in costs.asks(item(), dear, {"department:IT"})] == ["manager-of-beneficiary"]
    assert [each.who for each in costs.asks(item(), cheap, {"employees"})] == ["manager-of-beneficiary"]
    exact = item(GOOD.replace('cost_over = "400.00"', 'cost_over = "400.50"'))
    assert len(costs.asks(exact, dear, {"employees"})) == 1


def test_steps_and_parts_that_do_not_apply_fall_away_and_what_waited_for_them_goes_on():
    def shape(**given):
        found = conditions.in_force(item(), given)
        return [(step.name, step.after) for step in found.steps], [part.slug for part in found.parts]

    vpn, app = shape(kind="vpn"), shape(kind="app")
    assert vpn == ([("join", ()), ("rest", ("join",)), ("look", ("rest",)), ("pause", ("join",))], [])
    assert app == ([("rest", ()), ("look", ("rest",)), ("pause", ())], ["access/vpn"])


def test_an_item_is_offered_to_a_team_a_role_or_a_department():
    assert is_offered_to(item(), frozenset({"employees", "department:Human Resources"}))
    assert is_offered_to(item(), frozenset({"team:identity"}))
    assert not is_offered_to(item(), frozenset({"employees", "department:Human", "team:network"}))


def values(given: dict[str, object], language: str = "en") -> dict[str, str]:
    return templates.context(item(), given, number="RIT0000001", beneficiary=ANA, requester=ANA)


def test_a_step_says_answers_of_every_kind_in_the_readers_words():
    bound, step = values(judged().answers), item().steps[2]
    assert templates.task(step, bound, "en") == "Look at NB-01234 of Finance: a, c, Name: Bo, Vegan: yes"
    assert templates.task(step, bound, "pt") == "Ver NB-01234 de Finance: Á, Cê, BRL 1250.50"
    assert templates.until(item().steps[0], bound) == "2026-12-05"
    assert str(templates.describe(item().steps[1], bound, "en")) == "Wait until 1 Dec 2026"
    assert str(templates.describe(item().steps[3], bound, "en")) == "Wait 2d of working time"
    empty = values({})
    assert templates.until(item().steps[0], empty) == ""
    assert templates.task(step, empty, "en") == "Look at  of Finance: , "


def test_a_bundle_is_judged_by_the_items_it_names():
    def faults(text: str = GOOD, other: Item | None = OTHER) -> list[str]:
        return [str(fault) for fault in bundles.check_among(item(text), text, FILE, {"access/vpn": other})]

    assert faults() == []
    assert faults(other=None) == []
    line = GOOD[: GOOD.index('slug = "access/vpn"')].count("\n") + 1
    (unknown,) = faults(GOOD.replace('slug = "access/vpn"', 'slug = "access/vpm"'))
    assert unknown == f"{FILE}:{line}: There is no item “access/vpm”. Did you mean “access/vpn”?"
    assert "is a bundle itself" in faults(other=item())[0]
    assert "must be told “until”" in faults(GOOD.replace('until = "{stay.to}", ', ""))[0]
    assert "asks nothing called “reasn”" in faults(GOOD.replace("reason = ", "reasn = "))[0]
    assert "has no answer “xl”" in faults(GOOD.replace("reason = ", 'size = "xl", reason = '))[0]


def test_a_part_of_a_bundle_is_ordered_with_answers_of_its_form():
    given = judged().answers
    assert bundles.answers(item().parts[0], given, values(given, "en")) == {
        "until": "2026-12-05", "reason": "With Tudo", "list": ["a", "c"],
    }  # fmt: skip
    assert "until" not in bundles.answers(item().parts[0], {}, values({}))


def test_days_in_a_table_are_read_as_people_write_them():
    guests = item().field("guests")
    dated = replace(guests, columns=(replace(guests.columns[0], kind=Kind.DATE),))
    shown = templates.shown(dated, [{"name": "2027-02-01"}])
    assert (shown.to("en"), shown.to("pt")) == ("Name: 1 Feb 2027", "Nome: 1 de fev. de 2027")
