"""What an item of the catalogue is: plain values, read from a file once and then kept by the hash of their content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from app.rules.words import LANGUAGES


class Kind(StrEnum):
    """The kinds of question a form can ask. A new kind also needs a row in answers.CLEANERS and in forms/catalog.py."""

    TEXT = "text"
    LONG_TEXT = "long-text"
    CHOICE = "choice"
    YES_NO = "yes-no"
    DATE = "date"
    PERSON = "person"
    DIRECTORY_GROUP = "directory-group"
    NUMBER = "number"
    MONEY = "money"
    MULTI_CHOICE = "multi-choice"
    FILE = "file"
    DATE_RANGE = "date-range"
    TABLE = "table"


SIMPLE: Final = frozenset({Kind.TEXT, Kind.NUMBER, Kind.MONEY, Kind.DATE, Kind.YES_NO, Kind.CHOICE})
"""What the columns of a table may hold."""


class Approver(StrEnum):
    """Who is asked before an item is carried out; beside these a named team: `team:<key>`."""

    MANAGER_OF_BENEFICIARY = "manager-of-beneficiary"
    OWNER_OF_GROUP = "owner-of-group"


class Translated(dict[str, str]):
    """The same words by language code; the first of LANGUAGES is always there."""

    def to(self, language: str) -> str:
        """Return the words in that language, else in the language of the source."""
        return self.get(language) or self[LANGUAGES[0]]


@dataclass(frozen=True)
class When:
    """A condition: the question `field` was answered with one of these (yes/no as "yes" and "no")."""

    field: str
    values: tuple[str, ...]  # the file's `is`


@dataclass(frozen=True)
class Cost:
    """What an item costs, once or each month; `amount` is a decimal such as "1200.00"."""

    amount: str
    currency: str
    per: str = "once"


@dataclass(frozen=True)
class Option:
    """One of the answers of a choice, and what choosing it adds to the item's cost."""

    value: str
    label: Translated
    cost: str = ""


@dataclass(frozen=True)
class Field:
    """One question of an item's form, or one column of a table; limits that do not fit its kind keep their default."""

    name: str
    label: Translated
    kind: Kind
    required: bool = False
    hint: Translated = field(default_factory=Translated)
    choices: tuple[Option, ...] = ()
    groups: tuple[str, ...] = ()  # directory-group: only these; empty: any group the desk knows
    max_length: int | None = None
    min: int | None = None
    max: int | None = None
    min_days: int = 0  # date: the earliest, counted from today
    max_days: int | None = None
    longest: int | None = None  # date-range: the most days from the first to the last
    pattern: str = ""  # text: a regular expression of the subset of patterns.py
    currency: str = ""  # money
    types: tuple[str, ...] = ()  # file: the endings that are taken; empty: the desk's usual ones
    max_mb: int | None = None
    columns: tuple["Field", ...] = ()
    max_rows: int | None = None
    default: str = ""  # words, or "{beneficiary.department}"
    when: When | None = None  # asked only then; None: always


@dataclass(frozen=True)
class OnlyIf:
    """When an approval is asked for at all: above a cost, for some people; both must hold where both are said."""

    cost_over: str = ""
    audience: tuple[str, ...] = ()


@dataclass(frozen=True)
class Approval:
    """One approval that is asked for, and how many of those asked must say yes ("first", "all", "50%")."""

    who: str  # an Approver, or "team:<key>"
    needs: str = "first"
    group: str = ""  # owner-of-group: the group, as "{field}" or by name
    stage: int = 1  # a later stage is asked when the one before has agreed
    only_if: OnlyIf = OnlyIf()  # the file's `if`


@dataclass(frozen=True)
class Step:
    """One step of carrying out: automatic (`do` with parameters), manual (`task` for a team), or a `wait`."""

    name: str
    do: str = ""
    parameters: Mapping[str, Translated] = field(default_factory=dict)  # the file's `with`
    ends: str = ""  # "{date field}": the day on which the step is undone
    task: Translated = field(default_factory=Translated)
    team: str = ""
    due: str = ""  # working time a task may take
    after: tuple[str, ...] = ()  # the names of the steps it waits for; empty: it starts at once
    wait: str = ""  # working time, or "{date field}": the day on whose morning it goes on
    compensate: bool = True  # whether it is undone when a later step fails for good
    when: When | None = None

    @property
    def is_automatic(self) -> bool:
        """Whether a flow carries it out, not a person."""
        return bool(self.do)


@dataclass(frozen=True)
class Part:
    """Another item that is ordered along with a bundle, with answers filled from the bundle's form."""

    slug: str
    answers: Mapping[str, str] = field(default_factory=dict)  # the file's `with`: words with placeholders
    person: str = ""  # the file's `for`: "{text field}" with a user name; empty: the bundle's beneficiary
    after: tuple[str, ...] = ()  # steps of the bundle that come first; empty: ordered with it
    when: When | None = None


@dataclass(frozen=True)
class Category:
    """A folder of the catalogue, as people see it; `icon` names one of Bootstrap's icons."""

    slug: str
    name: Translated
    icon: str = "box"


@dataclass(frozen=True)
class Item:
    """Something people can ask for. `slug` is category/file; `hash` is the version."""

    slug: str
    name: Translated
    summary: Translated
    owner: str  # the team that answers for the item
    target: str  # working time from approval, such as "8h" or "2d"
    audience: tuple[str, ...] = ("employees",)
    search: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    approvals: tuple[Approval, ...] = ()
    steps: tuple[Step, ...] = ()
    cost: Cost | None = None
    empowerment: bool = False  # may be let through without asking, inside a limit of config/empowerment.toml
    parts: tuple[Part, ...] = ()  # the file's `[[items]]`

    @property
    def category(self) -> str:
        """The slug of its category: the folder its file lies in."""
        return self.slug.partition("/")[0]

    @cached_property
    def hash(self) -> str:
        """The version: a digest of what the file says, the same however the file is laid out."""
        return digest(self)

    def field(self, name: str) -> Field | None:
        """Return the question of that name."""
        return next((each for each in self.fields if each.name == name), None)


def is_offered_to(item: Item, groups: frozenset[str]) -> bool:
    """Say whether somebody who belongs to these audiences may order the item.

    `groups` are "employees", the roles held, "team:<key>" of each team, and "department:<name>".
    """
    return not groups.isdisjoint(item.audience)


STORED: Final = (Item, Category, Field, Option, Approval, OnlyIf, Step, Part, When, Cost)


def to_json(value: object) -> Any:
    """Return plain JSON of an item or of a part of one.

    What has its default is left out, so that a key which a later version of the desk adds does not change the hash
    of the items that do not use it.
    """
    if isinstance(value, STORED):
        pairs = ((each, getattr(value, each.name)) for each in fields(value))
        return {each.name: to_json(part) for each, part in pairs if part != _default(each)}
    if isinstance(value, Mapping):
        return {name: to_json(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [to_json(part) for part in value]
    return str(value) if isinstance(value, StrEnum) else value


def digest(value: Item | Category) -> str:
    """Return the SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
    canonical = json.dumps(to_json(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def from_json(data: Mapping[str, Any]) -> Item:
    """Rebuild an item that `to_json` stored; keys that a newer desk wrote and this one does not know raise TypeError."""
    lists = {
        "audience": tuple(data.get("audience", ("employees",))),
        "search": tuple(data.get("search", ())),
        "fields": tuple(_field(each) for each in data.get("fields", ())),
        "approvals": tuple(_approval(each) for each in data.get("approvals", ())),
        "steps": tuple(_step(each) for each in data.get("steps", ())),
        "parts": tuple(_part(each) for each in data.get("parts", ())),
        "cost": Cost(**data["cost"]) if "cost" in data else None,
    }
    return Item(**_words(data, "name", "summary") | lists)


def category_from_json(data: Mapping[str, Any]) -> Category:
    """Rebuild a category that `to_json` stored."""
    return Category(**_words(data, "name"))


def _field(data: Mapping[str, Any]) -> Field:
    special = {
        "kind": Kind(data["kind"]),
        "choices": tuple(Option(**_words(each, "label")) for each in data.get("choices", ())),
        "groups": tuple(data.get("groups", ())),
        "types": tuple(data.get("types", ())),
        "columns": tuple(_field(each) for each in data.get("columns", ())),
        "when": _when(data),
    }
    return Field(**_words(data, "label", "hint") | special)


def _approval(data: Mapping[str, Any]) -> Approval:
    only = data.get("only_if", {})
    return Approval(**{**data, "only_if": OnlyIf(**{**only, "audience": tuple(only.get("audience", ()))})})


def _step(data: Mapping[str, Any]) -> Step:
    parameters = {name: Translated(each) for name, each in data.get("parameters", {}).items()}
    special = {"parameters": parameters, "after": tuple(data.get("after", ())), "when": _when(data)}
    return Step(**_words(data, "task") | special)


def _part(data: Mapping[str, Any]) -> Part:
    return Part(**{**data, "after": tuple(data.get("after", ())), "when": _when(data)})


def _when(data: Mapping[str, Any]) -> When | None:
    return When(data["when"]["field"], tuple(data["when"]["values"])) if "when" in data else None


def _words(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**data, **{name: Translated(data[name]) for name in names if name in data}}


def _default(each: Any) -> object:
    return each.default_factory() if each.default_factory is not MISSING else each.default
