"""The form of an item: built from its file, in both languages, judged by the rules, without Flask."""

from collections.abc import Sequence
from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from app import catalog
from app.forms.catalog import PREFIX, ItemForm, form_of
from app.rules.catalog.items import Kind
from app.rules.catalog.parsing import parse
from app.rules.words import t
from app.settings import ROOT

TODAY = date(2026, 11, 21)
KEY = "0123456789abcdef0123"
PEOPLE = {"ana": "Ana Souza", "bo": "Bo Lima", "bruno": "Bruno Lima"}

ALL_KINDS = """
name = "Everything"
name_pt = "Tudo"
summary = "One of each."
summary_pt = "Um de cada."
owner = "service-desk"
target = "1d"

[[fields]]
name = "data"
label = "Title"
label_pt = "Título"
hint = "A few words."
hint_pt = "Algumas palavras."
kind = "text"
required = true
max_length = 10

[[fields]]
name = "validate"
label = "Story"
label_pt = "História"
kind = "long-text"

[[fields]]
name = "size"
label = "Size"
label_pt = "Tamanho"
kind = "choice"
required = true

[[fields.choices]]
value = "s"
label = "Small"
label_pt = "Pequeno"

[[fields.choices]]
value = "l"
label = "Large"
label_pt = "Grande"

[[fields]]
name = "urgent"
label = "Urgent?"
label_pt = "Urgente?"
kind = "yes-no"

[[fields]]
name = "day"
label = "Day"
label_pt = "Dia"
kind = "date"
max_days = 30

[[fields]]
name = "who"
label = "Who?"
label_pt = "Quem?"
kind = "person"

[[fields]]
name = "group"
label = "Group"
label_pt = "Grupo"
kind = "directory-group"
groups = ["crm-users"]

[[fields]]
name = "count"
label = "How many?"
label_pt = "Quantos?"
kind = "number"
min = 1
max = 3

[[fields]]
name = "extras"
label = "Extras"
label_pt = "Extras"
kind = "multi-choice"
choices = [
    { value = "a", label = "Aye", label_pt = "Á" },
    { value = "b", label = "Bee", label_pt = "Bê" },
]

[[fields]]
name = "budget"
label = "Budget"
label_pt = "Orçamento"
kind = "money"
currency = "BRL"
when = { field = "urgent", is = ["yes"] }
required = true

[[fields]]
name = "paper"
label = "Paper"
label_pt = "Documento"
kind = "file"
types = ["pdf"]

[[fields]]
name = "stay"
label = "Stay"
label_pt = "Estadia"
kind = "date-range"
max_days = 60

[[fields]]
name = "guests"
label = "Guests"
label_pt = "Convidados"
kind = "table"
max_rows = 6
columns = [
    { name = "name", label = "Name", label_pt = "Nome", kind = "text", required = true },
    { name = "vegan", label = "Vegan?", label_pt = "Vegano?", kind = "yes-no" },
    { name = "day", label = "Day", label_pt = "Dia", kind = "date" },
]

[[fields]]
name = "room"
label = "Department"
label_pt = "Departamento"
kind = "text"
default = "{beneficiary.department}"

[[steps]]
task = "Do it"
task_pt = "Fazer"
"""
FILE = "k" * 20
GOOD = {
    "data": "Hello", "size": "s", "urgent": "yes", "day": "2026-12-01", "who": "ana", "group": "crm-users", "count": "2",
    "extras": "b", "budget": "1.200,50", "paper": FILE, "stay-from": "2026-12-01", "stay-to": "2026-12-03",
    "guests-1-name": "Bo", "guests-1-vegan": "no", "room": "IT",
}  # fmt: skip
CLEAN = {
    "data": "Hello", "size": "s", "urgent": True, "day": "2026-12-01", "who": "ana", "group": "crm-users", "count": 2,
    "extras": ["b"], "budget": "1200.50", "paper": FILE, "stay": {"from": "2026-12-01", "to": "2026-12-03"},
    "guests": [{"name": "Bo", "vegan": False}], "room": "IT",
}  # fmt: skip


class Known:
    """The people and groups of this test."""

    def groups(self, among: Sequence[str] = ()) -> list[tuple[str, str]]:
        return [(name, name.title()) for name in ("crm-users", "wiki-editors") if not among or name in among]

    def file(self, key: str) -> str | None:
        return "plan <b>.pdf" if key == FILE else None

    def people(self, words: str) -> list[tuple[str, str]]:
        if words in PEOPLE:
            return [(words, PEOPLE[words])]
        return [(login, name) for login, name in PEOPLE.items() if words.lower() in name.lower()]


@pytest.fixture(scope="module")
def item():
    return parse(ALL_KINDS, "catalog/test/everything.toml")


def form(item, answers: dict[str, str] | None = None, language: str = "en", **rest: str) -> ItemForm:
    made = form_of(item, language=language, lookup=Known(), today=TODAY)
    if answers is None:
        return made(language=language)
    posted = {PREFIX + name: value for name, value in answers.items()}
    return made(MultiDict({"submission_key": KEY, "for_whom": "me", **posted, **rest}), language=language)


def test_every_kind_of_question_has_a_control_and_gives_a_clean_answer(item):
    filled = form(item, GOOD)
    assert filled.validate(), filled.errors
    assert filled.answers == CLEAN
    assert {question.kind for question in item.fields} == set(Kind)


def test_the_questions_keep_their_order_and_speak_the_readers_language(item):
    assert [field.label.text for field in form(item).questions()][:3] == ["Title", "Story", "Size"]
    portuguese = form(item, language="pt")
    assert [field.label.text for field in portuguese.questions()][:3] == ["Título", "História", "Tamanho"]
    assert portuguese.answer_data.description == "Algumas palavras."
    assert [option.label for option in portuguese.answer_size.choices] == ["Pequeno", "Grande"]


def test_a_readers_language_never_leaks_into_the_next_form(item):
    english = [option.label for option in form(item, language="en").for_whom.choices]
    form(item, language="pt")
    assert [option.label for option in form(item, language="en").for_whom.choices] == english


def test_a_question_may_carry_the_name_of_one_of_the_forms_own_parts(item):
    filled = form(item, GOOD | {"validate": "a story"})
    assert filled.validate()
    assert filled.answers["validate"] == "a story"
    assert filled.answers["data"] == "Hello"


def test_the_browser_is_told_the_limits(item):
    empty = form(item)
    assert 'maxlength="10"' in str(empty.answer_data())
    assert "required" in str(empty.answer_data())
    assert 'type="date"' in str(empty.answer_day())
    assert 'min="2026-11-21"' in str(empty.answer_day())
    assert 'max="2026-12-21"' in str(empty.answer_day())
    assert 'max="3"' in str(empty.answer_count())
    assert "maxlength" in str(empty.answer_validate())


def test_a_list_starts_at_nothing_so_that_nothing_is_chosen_unasked(item):
    assert [option.value for option in form(item).answer_group.choices] == ["", "crm-users"]
    filled = form(item, {name: value for name, value in GOOD.items() if name != "group"})
    assert filled.validate()
    assert "group" not in filled.answers


def test_every_wrong_answer_is_told_at_its_field_in_the_order_of_the_page(item):
    wrong = {"extras": "z", "stay-from": "2026-12-01", "guests-0-vegan": "yes"}
    filled = form(item, {"day": "31/12/2026", "count": "9", "group": "wiki-editors", "urgent": "perhaps", **wrong})
    assert not filled.validate()
    assert [name for name, _ in filled.error_summary()] == [
        "answer_data", "answer_size-0", "answer_urgent-0", "answer_day", "answer_group", "answer_count", "answer_extras-0",
        "answer_stay-from", "answer_guests-0-name",
    ]  # fmt: skip
    assert filled.answer_count.errors == ["Give 3 or less."]
    assert not filled.answers


def test_what_was_typed_is_shown_again_also_when_it_is_wrong(item):
    filled = form(item, GOOD | {"day": "tomorrow", "count": "many"})
    assert not filled.validate()
    assert 'value="tomorrow"' in str(filled.answer_day())
    assert 'value="many"' in str(filled.answer_count())


@pytest.mark.parametrize("tampered", [
    {"size": "xl"}, {"group": "domain-admins"}, {"who": "nobody"}, {"price": "0"}, {"extras": "z"}, {"budget": "NaN"},
    {"paper": "f" * 20}, {"paper": "../../x"}, {"stay-to": "2027-12-01"}, {"stay-cost": "0", "stay-to": "x"},
    {"guests-1-vegan": "{{7*7}}"}, {"data-0": "x"}, {"nobody-0-name": "x"},
])  # fmt: skip
def test_a_tampered_form_is_refused(item, tampered):
    filled = form(item, GOOD | tampered)
    assert not filled.validate()
    assert filled.error_summary()
    assert not filled.answers


def test_a_name_becomes_a_login_and_several_that_fit_are_offered(item):
    one = form(item, GOOD | {"who": "souza"})
    assert one.validate()
    assert one.answers["who"] == "ana"
    several = form(item, GOOD | {"who": "lima"})
    assert not several.validate()
    assert [login for login, _ in several.answer_who.matches] == ["bo", "bruno"]
    assert several.answer_who.errors == ["Several people fit. Choose one of them."]


def test_it_is_for_me_unless_somebody_else_is_named(item):
    mine = form(item, GOOD, beneficiary="bo")
    assert mine.validate()
    assert mine.beneficiary_login() is None
    other = form(item, GOOD, for_whom="other", beneficiary="bo")
    assert other.validate()
    assert other.beneficiary_login() == "bo"
    unsaid = form(item, GOOD, for_whom="other")
    assert not unsaid.validate()
    assert unsaid.error_summary() == [("beneficiary", "Say for whom it is.")]
    odd = form(item, GOOD, for_whom="everybody")
    assert not odd.validate()


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "0123456789abcdef\n", "../../etc/passwd/0123"])
def test_the_key_against_double_sending_must_be_whole(item, key):
    assert not form(item, GOOD, submission_key=key).validate()


def test_a_question_that_is_not_asked_is_never_judged_and_its_answer_never_kept(item):
    for sent in ("", "NaN", "5"):
        filled = form(item, GOOD | {"urgent": "no", "budget": sent})
        assert filled.validate(), filled.error_summary()
        assert "budget" not in filled.answers
    assert not form(item, GOOD | {"budget": ""}).validate()


def test_a_condition_is_told_to_the_script_and_to_people_without_one(item):
    budget = item.field("budget")
    assert form(item).shown_by(budget) == "answer_urgent=yes"
    assert form(item).shown_by(item.field("data")) == ""
    assert str(form(item).condition(budget)) == "Only if “Urgent?” is: Yes"
    assert form(item, language="pt").say(form(item, language="pt").condition(budget)) == "Somente se “Urgente?” for: Sim"
    assert "budget" in form(item, GOOD).asked()
    assert "budget" not in form(item).asked()


def test_rows_and_days_that_were_typed_are_shown_again_with_room_for_more(item):
    filled = form(item, GOOD | {"guests-2-name": '"><script>', "stay-to": "tomorrow"})
    assert not filled.validate()
    table, days = str(filled.answer_guests()), str(filled.answer_stay())
    assert 'name="answer_guests-1-name" value="Bo"' in table
    assert "<script>" not in table
    assert "&lt;script&gt;" in table
    assert table.count("<tr>") == 1 + 5
    assert 'value="tomorrow"' in days
    assert "<label" in days
    assert str(form(item).answer_guests()).count("<tr>") == 1 + 3


def test_a_file_is_shown_by_its_name_and_offered_by_its_ending(item):
    drawn = str(form(item, GOOD).answer_paper())
    assert 'accept=".pdf"' in drawn
    assert 'type="file"' in drawn
    assert "plan &lt;b&gt;.pdf" in drawn
    filled = form(item, GOOD | {"paper": ""})
    filled.answer_paper.put(FILE)
    assert filled.validate()
    assert filled.answers["paper"] == FILE


def test_a_default_comes_from_the_directory_and_follows_the_one_who_gets_it(item):
    mine, theirs = {"beneficiary.department": "IT"}, {"beneficiary.department": "Sales"}
    made = form_of(item, language="en", lookup=Known(), today=TODAY, facts=mine)
    assert 'value="IT"' in str(made(language="en").answer_room())
    untouched, changed = form(item, GOOD), form(item, GOOD | {"room": "Board"})
    for filled in (untouched, changed):
        filled.refill(mine, theirs)
        assert filled.validate()
    assert (untouched.answers["room"], changed.answers["room"]) == ("Sales", "Board")


def test_each_empty_form_has_a_key_of_its_own(item):
    assert form(item).submission_key.data != form(item).submission_key.data


def test_a_services_refusal_comes_back_to_its_fields(item):
    filled = form(item, GOOD)
    filled.refuse({"beneficiary": t("Choose somebody from the list."), "order": t("The order is empty.")})
    assert filled.error_summary() == [("", "The order is empty."), ("beneficiary", "Choose somebody from the list.")]


@pytest.mark.parametrize("language", ["en", "pt"])
def test_every_item_we_ship_has_a_form_that_draws_in_both_languages(language):
    for shipped in catalog.load(ROOT / "catalog").items.values():
        drawn = form(shipped, language=language)
        assert all(field.label.text and str(field()) for field in drawn)
        assert [field.label.text for field in drawn.questions()] == [each.label.to(language) for each in shipped.fields]
