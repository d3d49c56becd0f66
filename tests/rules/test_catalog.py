"""Reading, checking, answering and filling in catalogue items: files in, words out; no database."""

import json
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.catalog import answers, schema, templates
from app.rules.catalog.items import Item, from_json, is_offered_to, to_json
from app.rules.catalog.parsing import parse, parse_category
from app.rules.catalog.reading import Fault
from app.rules.catalog.source import Source
from app.rules.catalog.templates import PersonFacts

FILE = "catalog/access/shared.toml"
TODAY = date(2026, 11, 21)
GOOD = '''\
name = "Shared group"
name_pt = "Grupo"
summary = "A group."
summary_pt = "Um grupo."
owner = "identity"
target = "8h"

[[fields]]
name = "group"
label = "Group?"
label_pt = "Grupo?"
kind = "directory-group"
required = true

[[fields]]
name = "until"
label = "Until"
label_pt = "Até"
kind = "date"
max_days = 180

[[fields]]
name = "size"
label = "Size"
label_pt = "Tamanho"
kind = "choice"

[[fields.choices]]
value = "s"
label = "Small"
label_pt = "Pequeno"

[[fields.choices]]
value = "l"
label = "Large"
label_pt = "Grande"

[[approvals]]
who = "manager-of-beneficiary"

[[approvals]]
who = "owner-of-group"

[[steps]]
name = "join"
do = "directory.add_member"
with = { person = "{beneficiary}", group = "{group}" }
ends = "{until}"

[[steps]]
name = "check"
task = "Check the folder with {beneficiary.name} ({size})"
task_pt = "Verificar a pasta com {beneficiary.name} ({size})"
due = "1d"

[[steps]]
do = "mail.send"
after = ["join"]

[steps.with]
to = "{beneficiary.mail}"
subject = "Done: {group} {size.value}"
subject_pt = "Pronto: {group} {size.value}"
text = """
Hello {beneficiary.name}.
"""
text_pt = "Olá, {beneficiary.name}. {{7*7}}"
'''.replace("{{7*7}}", "")
ANA = PersonFacts("ana", "Ana Souza", "ana@demo.example", "pt")
BO = PersonFacts("bo", "Bo Lima", "bo@demo.example")


def item(text: str = GOOD) -> Item:
    read = parse(text, FILE)
    assert isinstance(read, Item), [str(fault) for fault in read]
    return read


def faults(text: str) -> list[Fault]:
    read = parse(text, FILE)
    assert isinstance(read, list), "no fault was found"
    return read


def test_a_good_file_becomes_an_item():
    read = item()
    assert (read.slug, read.category, read.owner, read.target) == ("access/shared", "access", "identity", "8h")
    assert read.name.to("pt") == "Grupo"
    assert [field.name for field in read.fields] == ["group", "until", "size"]
    assert [approval.group for approval in read.approvals] == ["", "{group}"]
    assert [(step.name, step.team, step.after) for step in read.steps] == [
        ("join", "", ()),
        ("check", "identity", ("join",)),
        ("step-3", "", ("join",)),
    ]


# What an author may do wrong: (old, new, text that starts on the line of the fault, words of the fault and of the mend).
WRONG = [
    ('target = "8h"', 'taget = "8h"', "taget", "no key “taget”", "“target”"),
    ('target = "8h"\n', "", 'name = "Sha', "“target” is missing", 'target = "8h"'),
    ('target = "8h"', 'target = "8 hours"', "target", "not of the right kind", 'target = "8h"'),
    ('name_pt = "Grupo"\n', "", 'name = "Sha', "“name” has no translation", 'name_pt = "..."'),
    ('label_pt = "Até"\n', "", 'label = "Until"', "“label” has no translation", "label_pt"),
    ('label_pt = "Pequeno"\n', "", 'label = "Small"', "“label” has no translation", "label_pt"),
    ('task_pt = "Verificar', 'tasc_pt = "Verificar', 'task = "Check', "“task” has no translation", "task_pt"),
    ('name = "until"', 'name = "Until!"', 'name = "Until!"', "cannot be the name of a field", "small letters"),
    ('name = "until"', 'name = "beneficiary"', 'name = "beneficiary"', "already taken", "another name"),
    ('name = "until"', 'name = "group"\n', 'name = "group"\n\n', "already taken", "another name"),
    ('kind = "date"', 'kind = "dat"', 'kind = "dat"', "cannot be “dat”", "“date”"),
    ("required = true", 'required = "yes"', 'required = "yes"', "not of the right kind", "required = true"),
    ('kind = "date"\nmax_days', 'kind = "text"\nmax_days', "max_days", "means nothing for a field of kind text", "Remove"),
    ("max_days = 180", "max_days = -1", "max_days", "No answer fits", "larger"),
    ('value = "l"', 'value = "s"', "[[fields.choices]]", "same value", "of its own"),
    ('who = "owner-of-group"', 'who = "owner"', 'who = "owner"', "cannot be “owner”", "owner-of-group"),
    ('who = "owner-of-group"', 'who = "owner-of-group"\nneeds = "some"', "needs", "cannot be “some”", "50%"),
    ('who = "owner-of-group"', 'who = "owner-of-group"\ngroup = "{until}"', 'group = "{until}"',
     "not a field of kind directory-group", "{group}"),
    ('beneficiary"\n', 'beneficiary"\ngroup = "x"\n', 'group = "x"', "means nothing when the manager or a team is asked", "Remove"),
    ("required = true\n", "", '[[approvals]]\nwho = "owner', "may be left empty, but is needed", "required = true"),
    ('do = "directory.add_member"', 'do = "directory.add_membr"', "do = ", "no action", "directory.add_member"),
    ('person = "{beneficiary}", ', "", "with = ", "must be told “person”", 'person = "..."'),
    ("{ person", '{ persom = "x", person', "with = ", "takes no “persom”", "person"),
    ('person = "{beneficiary}"', 'person = "root"', "with = ", "not a field of kind person", "{beneficiary}"),
    ('person = "{beneficiary}"', 'person = "{until}"', "with = ", "not a field of kind person", "{beneficiary}"),
    ('group = "{group}" }', 'group = "{group}{group}" }', "with = ", "not a field of kind directory-group", "{group}"),
    ('ends = "{until}"', 'ends = "{size}"', "ends = ", "must be a field of kind date", "{until}"),
    ('ends = "{until}"', 'ends = "2027-01-01"', "ends = ", "must be a field of kind date", "{until}"),
    ('after = ["join"]', 'after = ["joyn"]', "after = ", "No step above is called “joyn”", "“join”"),
    ('after = ["join"]', 'after = ["step-3"]', "after = ", "No step above is called “step-3”", "join"),
    ('after = ["join"]', 'ends = "{until}"', 'ends = "{until}"\n\n[steps.with]', "cannot end", "Remove"),
    ('name = "check"', 'name = "join"', 'name = "join"\ntask', "Two steps are called “join”", "another name"),
    ('due = "1d"', 'do = "mail.send"', '[[steps]]\nname = "check"', "either automatic", "one of the three"),
    ('due = "1d"', 'ends = "{until}"', 'ends = "{until}"\n\n[[steps]]\ndo', "belongs to a step with “do”", "do"),
    ('do = "mail.send"', 'do = "mail.send"\nteam = "identity"', "team", "belongs to a step with “task”", "task"),
    ("{beneficiary.name} ({size})", "{beneficiary.nam}", "task = ", "“{beneficiary.nam}”", "beneficiary.name"),
    ("{beneficiary.name} ({size})", "{beneficiary.__class__}", "task = ", "“{beneficiary.__class__}”", ""),
    ("{beneficiary.name} ({size})", "{0.__class__}", "task = ", "“{0.__class__}”", ""),
    ("{beneficiary.name} ({size})", "{ size }", "task = ", "“{ size }”", "size"),
    ("Hello {beneficiary.name}", "Hello {grup}", 'text = """', "“{grup}”", "group"),
    ('to = "{beneficiary.mail}"', 'to = "{size}"', "to = ", "no address", "{beneficiary.mail}"),
    ('to = "{beneficiary.mail}"', 'to = "{until.mail}"', "to = ", "not a field of kind person", "{beneficiary}"),
    ('subject_pt = "Pronto: {group} {size.value}"\n', "", "[steps.with]", "must be told “subject_pt”", "subject_pt"),
    ('owner = "identity"', 'owner = "identity', "owner", "not valid TOML", "quote"),
    ('owner = "identity"', 'owner = "identity"\nowner = "x"', 'owner = "x"', "not valid TOML", "one of the two"),
    ('owner = "identity"', 'owner = "identity"\naudience = ["employes"]', "audience", "audience “employes”", "employees"),
]  # fmt: skip


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


@pytest.mark.parametrize(("old", "new", "at", "what", "mend"), WRONG)
def test_every_fault_says_where_what_and_how_to_mend_it(old, new, at, what, mend):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    found = faults(text)
    told = [(fault.line, str(fault.what), str(fault.mend)) for fault in found]
    assert any(what in said and mend in how and where == line_of(text, at) for where, said, how in told), told
    assert {fault.file for fault in found} == {FILE}


def test_all_faults_of_a_file_are_told_at_once_by_line():
    text = GOOD.replace("target", "taget").replace('"date"', '"dat"').replace('group = "{group}" }', 'group = "{grup}" }')
    lines = [fault.line for fault in faults(text)]
    assert lines == sorted(lines)
    assert {line_of(text, words) for words in ("taget", '"dat"', "{grup}")}.issubset(lines)


@pytest.mark.parametrize("text", ["", "x", "[[steps]]", "steps = 3", "fields = [1]", 'fields = "x"', "steps = []", "[name]", "\x00"])
def test_a_file_that_is_no_item_at_all_is_told_in_faults_and_never_breaks(text):
    assert all(fault.line >= 1 and str(fault) for fault in faults(text))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_file_broken_anywhere_gives_an_item_or_faults_and_never_an_exception(data):
    lines = GOOD.split("\n")
    start = data.draw(st.integers(0, len(lines) - 1))
    lines[start] = data.draw(
        st.one_of(
            st.just(""),
            st.text(max_size=20),
            st.sampled_from(["steps = 1", '[[fields]]\nname = 3\nkind = ["date"]', "[fields]", 'kind = ["x"]', "with = 3",
                             'choices = [{ value = "s" }, 3]', "after = [[1]]", "do = 3", "[[steps.with]]", "groups = [1]"]),
        )
    )  # fmt: skip
    read = parse("\n".join(lines), FILE)
    assert isinstance(read, Item) or all(1 <= fault.line <= len("\n".join(lines).split("\n")) for fault in read)


@pytest.mark.parametrize(
    "text",
    ["[" + " " * 60_000, "a" * 60_000, '"' * 60_000, "a." * 30_000 + " " * 9, "'''" * 20_000, "a." * 30_000 + "a = 1",
     "[" + "a." * 30_000 + "a]", "x = " + "[" * 60_000, "x = " + "{a=" * 15_000, "[[a]]\n" * 9_000],
    ids=range(10),
)  # fmt: skip
def test_a_file_made_to_slow_the_checker_down_does_not(text):
    began = time.process_time()
    assert faults(text)
    assert time.process_time() - began < 5


def test_the_name_of_the_file_must_fit_into_an_address():
    assert isinstance(parse(GOOD, "catalog/access/vpn-2.toml"), Item)
    assert isinstance(parse(GOOD, "catalog/Access/x.toml"), list)
    assert isinstance(parse(GOOD, "catalog/access/a b.toml"), list)


def test_lines_are_right_behind_long_strings_lists_and_comments():
    text = 'a = """\n[[b]]\nc = 1\n"""\nd = [\n  "]",  # [\n]\n[[e]]\nf = 1\n[[e]]\n[e.g]\nh = "#"\n'
    source = Source("x", text)
    paths = {("a",): 1, ("d",): 5, ("e", 0): 8, ("e", 0, "f"): 9, ("e", 1): 10, ("e", 1, "g", "h"): 12, ("c",): 1}
    assert {path: source.line(path) for path in paths} == paths


def test_a_category_is_read_and_checked_like_an_item():
    good = parse_category('name = "Access"\nname_pt = "Acessos"\nicon = "key"', "catalog/access/category.toml")
    assert (good.slug, good.name.to("pt"), good.icon) == ("access", "Acessos", "key")
    wrong = parse_category('name = "Access"\nicn = "key"', "catalog/access/category.toml")
    assert sorted(fault.line for fault in wrong) == [1, 2]


# Versions


def test_the_version_is_the_content_not_the_layout_of_the_file():
    relaid = "# a comment\n" + GOOD.replace('target = "8h"', 'target   =   "8h"')
    assert item(relaid).hash == item().hash
    assert item(GOOD.replace('target = "8h"', 'target = "9h"')).hash != item().hash
    assert item(GOOD.replace("Verificar a pasta", "Ver a pasta")).hash != item().hash


def test_an_item_comes_back_whole_from_what_was_stored():
    stored = json.loads(json.dumps(to_json(item())))
    assert from_json(stored) == item()
    assert from_json(stored).hash == item().hash


def test_what_is_left_out_of_a_file_is_left_out_of_its_version():
    assert item(GOOD + "").hash == item(GOOD.replace('owner = "identity"', 'owner = "identity"\nsearch = []')).hash


# Answers

ANSWERS = """
name = "N"
name_pt = "N"
summary = "S"
summary_pt = "S"
owner = "identity"
target = "8h"
""" + "".join(
    f'[[fields]]\nname = "{name}"\nlabel = "L"\nlabel_pt = "L"\nkind = "{kind}"\n{more}\n'
    for name, kind, more in [
        ("text", "text", "max_length = 10\nrequired = true"),
        ("long", "long-text", ""),
        ("choice", "choice", 'choices = [{ value = "a", label = "A", label_pt = "A" }, { value = "b", label = "B", label_pt = "B" }]'),
        ("agree", "yes-no", ""),
        ("day", "date", "min_days = 1\nmax_days = 30"),
        ("who", "person", ""),
        ("group", "directory-group", 'groups = ["crm-users"]'),
        ("count", "number", "min = 1\nmax = 5"),
    ]
) + '[[steps]]\ntask = "T"\ntask_pt = "T"\n'


@pytest.mark.parametrize(
    ("name", "given", "clean"),
    [
        ("text", "  a \t b\n", "a b"),
        ("text", 12, "12"),
        ("text", "e\u0301", "é"),
        ("long", "a\r\nb\r", "a\nb"),
        ("choice", "b", "b"),
        ("agree", "yes", True),
        ("agree", False, False),
        ("day", "2026-11-22", "2026-11-22"),
        ("day", " 2026-12-21 ", "2026-12-21"),
        ("who", "ana", "ana"),
        ("group", "crm-users", "crm-users"),
        ("count", "5", 5),
        ("count", 1, 1),
    ],
)
def test_a_good_answer_is_kept_clean(name, given, clean):
    checked = answers.validate(item(ANSWERS), {"text": "x", name: given}, TODAY)
    assert checked.errors == {}
    assert checked.answers == {"text": "x", name: clean}
    assert type(checked.answers[name]) is type(clean)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("text", ""), ("text", "   "), ("text", None), ("text", "x" * 11), ("text", "a\x00b"), ("text", "\ud800"),
        ("text", ["x"]), ("text", {"__class__": "x"}), ("text", 1.5),
        ("long", "x" * 4001), ("long", "bell\x07"),
        ("choice", "c"), ("choice", "A"), ("choice", "a,b"), ("choice", True),
        ("agree", "perhaps"), ("agree", 2),
        ("day", "2026-11-21"), ("day", "2026-12-22"), ("day", "21/12/2026"), ("day", "2026-02-30"), ("day", "20261201"),
        ("day", "2026-W50-1"), ("day", "٢٠٢٦-12-01"),
        ("who", "x" * 256), ("who", "a\nb"), ("who", "\u202eana"),
        ("group", "domain-admins"), ("group", "crm-users\x00"),
        ("count", "0"), ("count", "6"), ("count", "1.0"), ("count", "1e3"), ("count", "٣"), ("count", "9" * 5000),
        ("count", True),
        ("price", "1"), ("__class__", "x"), ("text_pt", "x"),
    ],
)  # fmt: skip
def test_a_wrong_or_tampered_answer_is_refused_with_a_sentence(name, given):
    checked = answers.validate(item(ANSWERS), {"text": "x", name: given}, TODAY)
    assert list(checked.errors) == [name]
    assert str(checked.errors[name]).endswith(".")
    assert name not in checked.answers


def test_people_and_groups_must_exist_where_the_service_asks():
    asked = []

    def exists(field, value):
        asked.append((field.name, value))
        return value == "ana"

    checked = answers.validate(item(ANSWERS), {"text": "x", "who": "ana", "group": "crm-users"}, TODAY, exists)
    assert asked == [("who", "ana"), ("group", "crm-users")]
    assert list(checked.errors) == ["group"]


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.one_of(st.sampled_from(["text", "long", "choice", "agree", "day", "who", "group", "count"]), st.text()),
                       st.one_of(st.none(), st.text(), st.integers(), st.booleans(), st.floats(), st.lists(st.text()))))  # fmt: skip
def test_whatever_is_sent_the_clean_answers_are_plain_json_and_the_rest_is_told(given):
    checked = answers.validate(item(ANSWERS), given, TODAY)
    assert json.loads(json.dumps(checked.answers)) == checked.answers
    assert not checked.answers.keys() & checked.errors.keys()
    again = answers.validate(item(ANSWERS), checked.answers, TODAY)
    assert again.answers == checked.answers


def test_an_audience_decides_who_is_offered_an_item():
    staff = item(GOOD.replace('owner = "identity"', 'owner = "identity"\naudience = ["employees"]'))
    assert is_offered_to(staff, frozenset({"employees", "analyst"}))
    assert not is_offered_to(staff, frozenset({"analyst"}))


# Filling in


def values(**given: str) -> dict[str, str]:
    return templates.context(item(), given, number="RIT0000001", beneficiary=ANA, requester=BO)


def test_a_step_is_bound_to_the_values_of_one_order():
    join, _, mail = item().steps
    bound = values(group="finance-ro", size="s", until="2026-12-31")
    assert templates.bind(join, bound) == {"person": "ana", "group": "finance-ro"}
    assert templates.until(join, bound) == "2026-12-31"
    assert templates.bind(mail, bound)["subject"] == "Pronto: finance-ro s"
    assert templates.bind(mail, bound, "en")["text"] == "Hello Ana Souza.\n"


def test_a_task_speaks_the_language_of_its_reader():
    check, bound = item().steps[1], values(group="finance-ro", size="s")
    assert templates.task(check, bound, "pt") == "Verificar a pasta com Ana Souza (Pequeno)"
    assert templates.task(check, bound, "en") == "Check the folder with Ana Souza (Small)"


def test_a_step_is_told_in_words_with_the_names_of_people():
    join, check, mail = item().steps
    bound = values(group="finance-ro", until="2026-12-31")
    assert str(templates.describe(join, bound, "en")) == "Add Ana Souza to the group finance-ro until 31 Dec 2026"
    assert str(templates.describe(join, values(group="finance-ro"), "en")) == "Add Ana Souza to the group finance-ro"
    assert "Check the folder" in str(templates.describe(check, bound, "en"))
    assert "to ana@demo.example" in str(templates.describe(mail, bound, "en"))


@pytest.mark.parametrize("evil", ["{beneficiary.mail}", "{0.__class__}", "%(x)s %s", "{{7*7}}", "${HOME}", "{group}", "\\1 \\g<0>"])
def test_what_somebody_typed_is_never_read_as_a_template(evil):
    bound = values(group=evil)
    join = item().steps[0]
    assert templates.bind(join, bound)["group"] == evil
    assert evil in str(templates.describe(join, bound, "en"))


def test_no_answer_can_add_a_line_to_the_subject_of_a_mail():
    mail = item().steps[2]
    assert "\n" not in templates.bind(mail, values(group="x\r\nBcc: all@demo.example"))["subject"]


def test_a_placeholder_that_is_not_in_the_table_is_an_error_and_follows_no_attribute():
    with pytest.raises(KeyError):
        templates.fill("{beneficiary.password}", values())


def test_the_reference_in_the_docs_is_that_of_the_schema():
    from app.settings import ROOT

    assert schema.reference() in (ROOT / "docs" / "catalogue-item.md").read_text("utf-8")
