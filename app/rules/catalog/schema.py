"""Every key that a file of the catalogue may hold. The reader, the checker and the reference in docs/ all use this."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.rules.actions import ACTIONS, Parameter
from app.rules.catalog.items import SIMPLE, Kind
from app.rules.words import LANGUAGES


class Shape(StrEnum):
    """What stands behind the = sign, in the words of the reference."""

    TEXT = "text"
    NAME = "name"
    LENGTH = "length of working time"
    NUMBER = "whole number"
    FLAG = "true or false"
    TEXTS = "list of texts"
    TABLE = "table"
    TABLES = "list of tables"
    AMOUNT = "amount of money"
    WAIT = "length of working time, or a day"


@dataclass(frozen=True)
class Key:
    """One key of a table: what it takes, whether it must be there, in each language, and for which kinds of field.

    `one_of` are the only values, `table` the keys of the table or tables behind it.
    """

    name: str
    shape: Shape
    does: str
    required: bool = False
    translated: bool = False
    kinds: frozenset[Kind] = frozenset()
    one_of: tuple[str, ...] = ()
    table: Mapping[str, "Key"] | None = None


def suffixed(name: str) -> list[str]:
    """Return the keys that hold the same words in the other languages: `name_pt`."""
    return [f"{name}_{language}" for language in LANGUAGES[1:]]


def _table(*keys: Key) -> Mapping[str, Key]:
    return {key.name: key for key in keys}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


CATEGORY: Final = _table(
    Key("name", Shape.TEXT, "What people call the category.", required=True, translated=True),
    Key("icon", Shape.NAME, "The name of a Bootstrap icon, such as `key`; `box` when left out."),
)

WHEN: Final = _table(
    Key("field", Shape.NAME, "The name of a question above: a `choice`, `multi-choice` or `yes-no`.", required=True),
    Key("is", Shape.TEXTS, 'The answers for which it holds: values of the choice, or `"yes"` and `"no"`.', required=True),
)

COST: Final = _table(
    Key("amount", Shape.AMOUNT, 'With a point and cents: `"1200.00"`; `"0.00"` where only choices cost something.', required=True),
    Key("currency", Shape.NAME, "Three letters, such as `BRL`.", required=True),
    Key("per", Shape.NAME, "`once` (as when left out) or `month`.", one_of=("once", "month")),
)

CHOICE: Final = _table(
    Key("value", Shape.NAME, "What is stored, and what `{field.value}` becomes in a step.", required=True),
    Key("label", Shape.TEXT, "What people read, and what `{field}` becomes in a step.", required=True, translated=True),
    Key("cost", Shape.AMOUNT, "What choosing it adds to the `cost` of the item."),
)

_TEXTS: Final = frozenset({Kind.TEXT, Kind.LONG_TEXT})
_CHOICES: Final = frozenset({Kind.CHOICE, Kind.MULTI_CHOICE})
_AMOUNTS: Final = frozenset({Kind.NUMBER, Kind.MONEY, Kind.MULTI_CHOICE})
_DAYS: Final = frozenset({Kind.DATE, Kind.DATE_RANGE})


def _only(kind: Kind) -> frozenset[Kind]:
    return frozenset({kind})


_COMMON: Final = (
    Key("name", Shape.NAME, "By which the steps call the answer: `{name}`.", required=True),
    Key("label", Shape.TEXT, "The question.", required=True, translated=True),
    Key("required", Shape.FLAG, "Must it be answered? `false` when left out."),
    Key("choices", Shape.TABLES, "The answers to choose from, at least two: a table with `value` and `label` for each.", kinds=_CHOICES, table=CHOICE),
    Key("max_length", Shape.NUMBER, "The most characters; 200 for `text` and 4000 for `long-text` when left out.", kinds=_TEXTS),
    Key(
        "pattern",
        Shape.TEXT,
        "What the whole answer looks like, as a simple regular expression: `'NB-\\d{5}'`. Say it in words in the `hint`.",
        kinds=_only(Kind.TEXT),
    ),
    Key("min", Shape.NUMBER, "The smallest number or amount; of `multi-choice`: the fewest answers.", kinds=_AMOUNTS),
    Key("max", Shape.NUMBER, "The largest number or amount; of `multi-choice`: the most answers.", kinds=_AMOUNTS),
    Key("currency", Shape.NAME, "Of `money`, where it must be there: three letters, such as `BRL`.", kinds=_only(Kind.MONEY)),
    Key(
        "min_days",
        Shape.NUMBER,
        "The earliest day, counted from today; 0 (today) when left out, `-30` allows the last thirty days.",
        kinds=_DAYS,
    ),
    Key("max_days", Shape.NUMBER, "The latest day, counted from today.", kinds=_DAYS),
)

COLUMN: Final = _table(
    Key("kind", Shape.NAME, "Which kind: " + _listed(sorted(SIMPLE)) + ".", required=True, one_of=tuple(sorted(SIMPLE))),
    *_COMMON,
)

FIELD: Final = _table(
    *_COMMON[:2],
    Key("kind", Shape.NAME, "Which kind of answer: " + _listed(Kind) + ".", required=True, one_of=tuple(Kind)),
    *_COMMON[2:],
    Key("hint", Shape.TEXT, "A line of help under the question.", translated=True),
    Key("when", Shape.TABLE, 'Asked only then: `{ field = "kind", is = ["vpn"] }`.', table=WHEN),
    Key(
        "default",
        Shape.TEXT,
        "What stands there at first: words, or one of `{beneficiary.name}`, `.login`, `.mail`, `.department`, `.title`, "
        "`.manager`, likewise of `{requester}`.",
        kinds=frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.CHOICE, Kind.YES_NO, Kind.NUMBER, Kind.MONEY, Kind.PERSON}),
    ),
    Key("groups", Shape.TEXTS, "Only these groups can be chosen; left out: every group the desk knows.", kinds=_only(Kind.DIRECTORY_GROUP)),
    Key("longest", Shape.NUMBER, "The most days from the first to the last.", kinds=_only(Kind.DATE_RANGE)),
    Key("types", Shape.TEXTS, 'The endings that are taken, such as `["pdf"]`; left out: the desk\'s usual ones.', kinds=_only(Kind.FILE)),
    Key("max_mb", Shape.NUMBER, "The largest file in megabytes; never more than the desk allows.", kinds=_only(Kind.FILE)),
    Key("columns", Shape.TABLES, "What each row asks: a `[[fields.columns]]` for each.", kinds=_only(Kind.TABLE), table=COLUMN),
    Key("max_rows", Shape.NUMBER, "The most rows; 10 when left out.", kinds=_only(Kind.TABLE)),
)

ONLY_IF: Final = _table(
    Key("cost_over", Shape.AMOUNT, "Only when the order costs more than this."),
    Key("audience", Shape.TEXTS, "Only when whoever gets it is one of these; the words are those of the item's `audience`."),
)

APPROVAL: Final = _table(
    Key(
        "who",
        Shape.NAME,
        "`manager-of-beneficiary`, `owner-of-group` (the owners of the group in the directory), or `team:<key>`.",
        required=True,
    ),
    Key(
        "needs",
        Shape.TEXT,
        'How many of those asked must agree: `"first"` (one answer decides, as when left out), `"all"`, or a share '
        'such as `"50%"`.',
    ),
    Key(
        "group",
        Shape.TEXT,
        'With `owner-of-group`: which group, as `"{field}"` or by its name. May be left out when the form asks for '
        "exactly one group.",
    ),
    Key("stage", Shape.NUMBER, "1 (as when left out) is asked first, 2 when all of 1 have agreed, and so on."),
    Key("if", Shape.TABLE, 'Asked only then: `{ cost_over = "1000.00" }`, `{ audience = ["department:Sales"] }`, or both.', table=ONLY_IF),
)

STEP: Final = _table(
    Key("name", Shape.NAME, "By which later steps call it in `after`; `step-1`, `step-2` ... when left out."),
    Key("do", Shape.NAME, "An automatic step: the action that is carried out."),
    Key("with", Shape.TABLE, "What the action must know; each action says what."),
    Key("ends", Shape.TEXT, 'The day on which the step is undone again: `"{field}"`, a field of kind `date`, or `"{field.to}"`.'),
    Key("compensate", Shape.FLAG, "`false`: what the action did stays when a later step fails for good; else it is undone."),
    Key("task", Shape.TEXT, "A manual step: what a person does, in words.", translated=True),
    Key("team", Shape.NAME, "The team that does the task; the owner of the item when left out."),
    Key("due", Shape.LENGTH, "The working time the task may take."),
    Key(
        "wait",
        Shape.WAIT,
        'A step that only waits: `"2d"` of working time, or until the morning of a day: `"{field}"` of kind `date`.',
    ),
    Key(
        "after",
        Shape.TEXTS,
        "The names of the steps it waits for; left out: the step before it; `[]`: it starts at once. Steps that wait for "
        "the same one run side by side.",
    ),
    Key("when", Shape.TABLE, "The step is left out unless this holds, as for a question.", table=WHEN),
)

PART: Final = _table(
    Key("slug", Shape.NAME, "The item that is ordered along, such as `access/vpn`; not another bundle.", required=True),
    Key("with", Shape.TABLE, 'The answers to its questions: words, or placeholders of this form: `{ until = "{until}" }`.'),
    Key("for", Shape.TEXT, 'For whom: `"{beneficiary}"` (as when left out), a field of kind `person`, or the `text` field that names '
        "the account which a step before has made."),
    Key("after", Shape.TEXTS, "The steps of this item that come first; left out: it is ordered together with this one."),
    Key("when", Shape.TABLE, "Ordered only then, as for a question.", table=WHEN),
)  # fmt: skip

ITEM: Final = _table(
    Key("name", Shape.TEXT, "What people call the item.", required=True, translated=True),
    Key("summary", Shape.TEXT, "One sentence: what one gets.", required=True, translated=True),
    Key("owner", Shape.NAME, "The team that answers for the item.", required=True),
    Key(
        "target",
        Shape.LENGTH,
        'The promise: working time from approval to done, such as `"8h"`, `"2d"` or `"1d 4h"`. '
        "`1d` is one working day of the calendar, `24h` is 24 working hours.",
        required=True,
    ),
    Key(
        "audience",
        Shape.TEXTS,
        "Who may order it: `employees` (everybody, as when left out), roles of config/roles.toml such as `analyst`, "
        "`team:<key>`, `department:<name>`. One of them is enough.",
    ),
    Key("search", Shape.TEXTS, "More words under which people look for it, in any language."),
    Key("cost", Shape.TABLE, 'What it costs: `{ amount = "1200.00", currency = "BRL", per = "once" }`.', table=COST),
    Key(
        "empowerment",
        Shape.FLAG,
        "`true`: may be let through without asking, inside the limit of whoever orders it (config/empowerment.toml).",
    ),
    Key("fields", Shape.TABLES, "The questions of the form, in order: a `[[fields]]` for each.", table=FIELD),
    Key("approvals", Shape.TABLES, "Who must agree: a `[[approvals]]` for each. None: it is done at once.", table=APPROVAL),
    Key("steps", Shape.TABLES, "What is done, in order: a `[[steps]]` for each, at least one.", required=True, table=STEP),
    Key("items", Shape.TABLES, "A bundle: other items that are ordered along, an `[[items]]` for each.", table=PART),
)

TABLES: Final[Mapping[str, Mapping[str, Key]]] = {
    "an item": ITEM,
    "a field, `[[fields]]`": FIELD,
    "an answer of a choice, `[[fields.choices]]`": CHOICE,
    "a column of a table, `[[fields.columns]]`": COLUMN,
    "a condition, `when = { ... }`": WHEN,
    "a cost, `cost = { ... }`": COST,
    "an approval, `[[approvals]]`": APPROVAL,
    "a condition of an approval, `if = { ... }`": ONLY_IF,
    "a step, `[[steps]]`": STEP,
    "another item of a bundle, `[[items]]`": PART,
    "a category, `category.toml`": CATEGORY,
}


def reference() -> str:
    """Return the reference of every key and action as Markdown, as it stands in docs/catalogue-item.md."""
    parts = [_section(f"Keys of {title}", keys.values()) for title, keys in TABLES.items()]
    rows = [
        f"| `{spec.name}` | {_listed(_parameter(each) for each in spec.parameters)} | "
        f"{'yes' if spec.words_until else ''} | {'no' if spec.irreversible else 'yes'} |"
        for spec in ACTIONS.values()
    ]
    head = ["| action | must be told | may end | can be undone |", "|---|---|---|---|"]
    return "\n\n".join([*parts, "\n".join(["### Actions of automatic steps", "", *head, *rows])]) + "\n"


def _section(title: str, keys: Iterable[Key]) -> str:
    head = ["| key | takes | must be there | what it does |", "|---|---|---|---|"]
    rows = [f"| {_named(key)} | {key.shape} | {'yes' if key.required else ''} | {key.does} |" for key in keys]
    return "\n".join([f"### {title}", "", *head, *rows])


def _named(key: Key) -> str:
    name = _listed([key.name, *suffixed(key.name)]) if key.translated else f"`{key.name}`"
    return name + (f" ({', '.join(sorted(key.kinds))})" if key.kinds else "")


def _parameter(parameter: Parameter) -> str:
    names = [parameter.name, *suffixed(parameter.name)] if parameter.translated else [parameter.name]
    may = ", may be left out" if parameter.optional else ""
    return "`, `".join(f"{name} ({parameter.takes}{may})" for name in names)
