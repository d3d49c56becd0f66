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

[[steps]]
task = "Do it"
task_pt = "Fazer"
"""
GOOD = {"data": "Hello", "size": "s", "urgent": "yes", "day": "2026-12-01", "who": "ana", "group": "crm-users", "count": "2"}
CLEAN = GOOD | {"urgent": True, "count": 2}


class Known:
    """The people and groups of this test."""

    def groups(self, among: Sequence[str] = ()) -> list[tuple[str, str]]:
        return [(name, name.title()) for name in ("crm-users", "wiki-editors") if not among or name in among]

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
    filled = form(item, {"day": "31/12/2026", "count": "9", "group": "wiki-editors", "urgent": "perhaps"})
    assert not filled.validate()
    assert [name for name, _ in filled.error_summary()] == [
        "answer_data", "answer_size-0", "answer_urgent-0", "answer_day", "answer_group", "answer_count",
    ]  # fmt: skip
    assert filled.answer_count.errors == ["Give 3 or less."]
    assert not filled.answers


def test_what_was_typed_is_shown_again_also_when_it_is_wrong(item):
    filled = form(item, GOOD | {"day": "tomorrow", "count": "many"})
    assert not filled.validate()
    assert 'value="tomorrow"' in str(filled.answer_day())
    assert 'value="many"' in str(filled.answer_count())


@pytest.mark.parametrize("tampered", [{"size": "xl"}, {"group": "domain-admins"}, {"who": "nobody"}, {"price": "0"}])
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
