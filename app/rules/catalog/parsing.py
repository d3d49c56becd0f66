"""The door of the catalogue's rules: the text of a file in, an item or its faults out."""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from app.rules.actions import ACTIONS
from app.rules.catalog import bundles, meaning, reading, schema
from app.rules.catalog.items import (
    Approval,
    Approver,
    Category,
    Cost,
    Field,
    Item,
    Kind,
    OnlyIf,
    Option,
    Part,
    Step,
    Translated,
    When,
)
from app.rules.catalog.reading import Fault, Faults
from app.rules.catalog.source import Source
from app.rules.words import LANGUAGES

EVERYBODY: Final = frozenset({"employees"})
PLAIN: Final = (
    "required", "max_length", "min", "max", "min_days", "max_days", "longest", "pattern", "currency", "max_mb", "max_rows", "default",
)  # fmt: skip
"""Keys of a question that are kept as they stand in the file."""


def parse(text: str, file: str, audiences: Collection[str] = EVERYBODY) -> Item | list[Fault]:
    """Return the item that a file describes, or all its faults; `file` is its path and ends in category/item.toml.

    `audiences` are the words an item may name as its audience: `employees` and the organisation's roles.
    """
    faults = Faults(Source(file, text))
    read = reading.tables(faults)
    if read is None:
        return faults.found
    path = PurePosixPath(file)
    slug = f"{path.parent.name}/{path.stem}"
    reading.check_table(read, schema.ITEM, (), faults)
    meaning.check(slug, read, faults, audiences)
    return sorted(faults.found, key=lambda fault: fault.line) or _item(slug, read)


def parse_category(text: str, file: str) -> Category | list[Fault]:
    """Return the category that a folder's category.toml describes, or all its faults."""
    faults = Faults(Source(file, text))
    read = reading.tables(faults)
    if read is None:
        return faults.found
    reading.check_table(read, schema.CATEGORY, (), faults)
    slug = PurePosixPath(file).parent.name
    return faults.found or Category(slug, _words(read, "name"), read.get("icon", "box"))


def _item(slug: str, read: Mapping[str, Any]) -> Item:
    fields = tuple(question(table) for _, table in reading.entries(read, "fields"))
    asked = [field.name for field in fields if field.kind is Kind.DIRECTORY_GROUP]
    steps: list[Step] = []
    for position, (_, table) in enumerate(reading.entries(read, "steps"), start=1):
        steps.append(_step(table, f"step-{position}", steps[-1:], read["owner"]))
    return Item(
        slug=slug,
        name=_words(read, "name"),
        summary=_words(read, "summary"),
        owner=read["owner"],
        target=read["target"],
        audience=tuple(read.get("audience", ("employees",))),
        search=tuple(read.get("search", ())),
        fields=fields,
        approvals=tuple(_approval(table, asked) for _, table in reading.entries(read, "approvals")),
        steps=tuple(steps),
        cost=Cost(**read["cost"]) if "cost" in read else None,
        empowerment=read.get("empowerment", False),
        parts=tuple(_part(table) for _, table in reading.entries(read, "items")),
    )


def question(table: Mapping[str, Any]) -> Field:
    """Return the question that a table says, which was checked before."""
    return Field(
        name=table["name"],
        label=_words(table, "label"),
        kind=Kind(table["kind"]),
        hint=_words(table, "hint"),
        choices=tuple(Option(each["value"], _words(each, "label"), each.get("cost", "")) for each in table.get("choices", ())),
        groups=tuple(table.get("groups", ())),
        types=tuple(table.get("types", ())),
        columns=tuple(question(column) for column in table.get("columns", ())),
        when=_when(table),
        **{name: table[name] for name in PLAIN if name in table},
    )


def _approval(table: Mapping[str, Any], asked: list[str]) -> Approval:
    only_one = f"{{{asked[0]}}}" if table["who"] == Approver.OWNER_OF_GROUP and asked else ""
    only = table.get("if", {})
    return Approval(
        table["who"],
        table.get("needs", "first"),
        table.get("group", only_one),
        table.get("stage", 1),
        OnlyIf(only.get("cost_over", ""), tuple(only.get("audience", ()))),
    )


def _part(table: Mapping[str, Any]) -> Part:
    person = table.get("for", "")
    return Part(
        slug=table["slug"],
        answers=dict(table.get("with", {})),
        person="" if person == bundles.BENEFICIARY else person,
        after=tuple(table.get("after", ())),
        when=_when(table),
    )


def _when(table: Mapping[str, Any]) -> When | None:
    return When(table["when"]["field"], tuple(table["when"]["is"])) if "when" in table else None


def _step(table: Mapping[str, Any], name: str, before: list[Step], owner: str) -> Step:
    return Step(
        name=table.get("name", name),
        do=table.get("do", ""),
        parameters=_parameters(table),
        ends=table.get("ends", ""),
        task=_words(table, "task"),
        team=table.get("team", owner if "task" in table else ""),
        due=table.get("due", ""),
        after=tuple(table.get("after", (step.name for step in before))),
        wait=table.get("wait", ""),
        compensate=table.get("compensate", True),
        when=_when(table),
    )


def _parameters(table: Mapping[str, Any]) -> dict[str, Translated]:
    spec = ACTIONS.get(table.get("do", ""))
    given = table.get("with", {})
    named = [parameter.name for parameter in spec.parameters if parameter.name in given] if spec else []
    return {name: _words(given, name) for name in named}


def _words(table: Mapping[str, Any], name: str) -> Translated:
    keys = {LANGUAGES[0]: name} | {language: f"{name}_{language}" for language in LANGUAGES[1:]}
    return Translated({language: table[key] for language, key in keys.items() if key in table})
