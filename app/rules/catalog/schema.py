"""Every key that a file of the catalogue may hold. The reader, the checker and the reference in docs/ all use this."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.rules.actions import ACTIONS, Parameter
from app.rules.catalog.items import Approver, Kind
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


@dataclass(frozen=True)
class Key:
    """One key of a table: what it takes, whether it must be there, in each language, and for which kinds of field, and from what list."""

    name: str
    shape: Shape
    does: str
    required: bool = False
    translated: bool = False
    kinds: frozenset[Kind] = frozenset()
    one_of: tuple[str, ...] = ()


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
        "Who may order it: `employees` (everybody, as when left out), or roles of config/roles.toml such as "
        "`analyst`. One of them is enough.",
    ),
    Key("search", Shape.TEXTS, "More words under which people look for it, in any language."),
    Key("fields", Shape.TABLES, "The questions of the form, in order: a `[[fields]]` for each."),
    Key("approvals", Shape.TABLES, "Who must agree: a `[[approvals]]` for each. None: it is done at once."),
    Key("steps", Shape.TABLES, "What is done, in order: a `[[steps]]` for each, at least one.", required=True),
)

FIELD: Final = _table(
    Key("name", Shape.NAME, "By which the steps call the answer: `{name}`.", required=True),
    Key("label", Shape.TEXT, "The question.", required=True, translated=True),
    Key("kind", Shape.NAME, "Which kind of answer: " + _listed(Kind) + ".", required=True, one_of=tuple(Kind)),
    Key("required", Shape.FLAG, "Must it be answered? `false` when left out."),
    Key("hint", Shape.TEXT, "A line of help under the question.", translated=True),
    Key(
        "choices",
        Shape.TABLES,
        "The answers to choose from: a `[[fields.choices]]` for each, at least two.",
        kinds=frozenset({Kind.CHOICE}),
    ),
    Key(
        "groups",
        Shape.TEXTS,
        "Only these groups can be chosen; left out: every group the desk knows.",
        kinds=frozenset({Kind.DIRECTORY_GROUP}),
    ),
    Key(
        "max_length",
        Shape.NUMBER,
        "The most characters; 200 for `text` and 4000 for `long-text` when left out.",
        kinds=frozenset({Kind.TEXT, Kind.LONG_TEXT}),
    ),
    Key("min", Shape.NUMBER, "The smallest number.", kinds=frozenset({Kind.NUMBER})),
    Key("max", Shape.NUMBER, "The largest number.", kinds=frozenset({Kind.NUMBER})),
    Key(
        "min_days",
        Shape.NUMBER,
        "The earliest day, counted from today; 0 (today) when left out, `-30` allows the last thirty days.",
        kinds=frozenset({Kind.DATE}),
    ),
    Key("max_days", Shape.NUMBER, "The latest day, counted from today.", kinds=frozenset({Kind.DATE})),
)

CHOICE: Final = _table(
    Key("value", Shape.NAME, "What is stored, and what `{field.value}` becomes in a step.", required=True),
    Key("label", Shape.TEXT, "What people read, and what `{field}` becomes in a step.", required=True, translated=True),
)

APPROVAL: Final = _table(
    Key(
        "who",
        Shape.NAME,
        "`manager-of-beneficiary`, or `owner-of-group` (the owners of the group in the directory).",
        required=True,
        one_of=tuple(Approver),
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
)

STEP: Final = _table(
    Key("name", Shape.NAME, "By which later steps call it in `after`; `step-1`, `step-2` ... when left out."),
    Key("do", Shape.NAME, "An automatic step: the action that is carried out."),
    Key("with", Shape.TABLE, "What the action must know; each action says what."),
    Key("ends", Shape.TEXT, 'The day on which the step is undone again: `"{field}"`, a field of kind `date`.'),
    Key("task", Shape.TEXT, "A manual step: what a person does, in words.", translated=True),
    Key("team", Shape.NAME, "The team that does the task; the owner of the item when left out."),
    Key("due", Shape.LENGTH, "The working time the task may take."),
    Key(
        "after",
        Shape.TEXTS,
        "The names of the steps it waits for; left out: the step before it; `[]`: it starts at once.",
    ),
)

TABLES: Final[Mapping[str, Mapping[str, Key]]] = {
    "an item": ITEM,
    "a field, `[[fields]]`": FIELD,
    "an answer of a choice, `[[fields.choices]]`": CHOICE,
    "an approval, `[[approvals]]`": APPROVAL,
    "a step, `[[steps]]`": STEP,
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
    return "`, `".join(f"{name} ({parameter.takes})" for name in names)
