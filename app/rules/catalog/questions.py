"""Judge the questions of an item's file: names, kinds and their limits, conditions, defaults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from app.rules.catalog import patterns, schema
from app.rules.catalog.costs import CURRENCY
from app.rules.catalog.items import Kind
from app.rules.catalog.reading import Faults, entries, nearest
from app.rules.catalog.source import Path
from app.rules.catalog.templates import DEFAULTS, PLACEHOLDER, RESERVED
from app.rules.words import t

FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
ENDING = re.compile(r"[a-z0-9]{1,8}")
LONGEST_ANSWER = 20_000
LONGEST_MATCHED = 500  # characters that a pattern looks at
MOST_ROWS = 50
YES_NO: Final = ("yes", "no")
BETWEEN: Final = {"max_length": (1, LONGEST_ANSWER), "max_rows": (1, MOST_ROWS), "longest": (1, 3660), "max_mb": (1, 1024)}


@dataclass(frozen=True)
class Question:
    """What other parts of a file need to know of a field; `kind` is None when the file says none that exists."""

    kind: Kind | None
    required: bool
    values: tuple[str, ...] = ()
    when: tuple[str, frozenset[str]] | None = None


Questions = Mapping[str, Question]


def check(read: Mapping[str, Any], faults: Faults) -> dict[str, Question]:
    """Find what is wrong in the questions, and return them by name."""
    known: dict[str, Question] = {}
    for path, table in entries(read, "fields"):
        kind = kind_of(table)
        when = check_when(path, table, known, faults)
        name = _check_name(path, table, known, faults)
        if kind is not None:
            _check_kind(path, table, kind, faults)
        if name is not None:
            known[name] = Question(kind, table.get("required") is True, _values(table, kind), when)
    return known


def kind_of(table: Mapping[str, Any]) -> Kind | None:
    """Return the kind a table says, if there is such a kind."""
    kind = table.get("kind")
    return Kind(kind) if isinstance(kind, str) and kind in set(Kind) else None


def check_when(path: Path, table: Mapping[str, Any], known: Questions, faults: Faults) -> tuple[str, frozenset[str]] | None:
    """Find what is wrong in a condition; `known` are the questions it may look at. Returns it as far as it is one."""
    when = table.get("when")
    if not isinstance(when, dict) or not isinstance(when.get("field"), str):
        return None
    name, wanted = when["field"], when.get("is", [])
    choosing = {each: question for each, question in known.items() if question.values or question.kind is None}
    if name not in choosing:
        what = t("“when” cannot look at “%(name)s”.", name=name)
        mend = nearest(name, choosing) if choosing else t("Add a choice or a yes-no above it, and name that.")
        faults.add((*path, "when"), what, mend)
        return None
    if not isinstance(wanted, list):
        return None
    for word in wanted:
        if choosing[name].kind is not None and word not in choosing[name].values:
            what = t("The question “%(name)s” has no answer “%(word)s”.", name=name, word=word)
            faults.add((*path, "when"), what, nearest(str(word), choosing[name].values))
    return name, frozenset(map(str, wanted))


def asked_with(fields: Questions, when: tuple[str, frozenset[str]] | None) -> dict[str, Question]:
    """Return the questions as a step sees them that applies on this condition: what is not always asked is not required."""
    return {name: replace(each, required=each.required and _covers(each.when, when)) for name, each in fields.items()}


def _covers(asked: tuple[str, frozenset[str]] | None, step: tuple[str, frozenset[str]] | None) -> bool:
    return asked is None or (step is not None and step[0] == asked[0] and step[1] <= asked[1])


def _check_name(path: Path, table: Mapping[str, Any], known: Mapping[str, Any], faults: Faults) -> str | None:
    name = table.get("name")
    if not isinstance(name, str):
        return None
    if not FIELD_NAME.fullmatch(name):
        what = t("“%(name)s” cannot be the name of a field.", name=name)
        faults.add((*path, "name"), what, t("Use small letters, digits and _, a letter first, 40 at most."))
    elif name in RESERVED or name in known:
        what = t("The name “%(name)s” is already taken.", name=name)
        faults.add((*path, "name"), what, t("Give the field another name."))
    return name


def _values(table: Mapping[str, Any], kind: Kind | None) -> tuple[str, ...]:
    if kind is Kind.YES_NO:
        return YES_NO
    return tuple(str(choice.get("value")) for _, choice in entries(table, "choices"))


def _check_kind(path: Path, table: Mapping[str, Any], kind: Kind, faults: Faults) -> None:
    for key in schema.FIELD.values():
        if key.name in table and key.kinds and kind not in key.kinds:
            what = t("“%(key)s” means nothing for a field of kind %(kind)s.", key=key.name, kind=kind.value)
            faults.add((*path, key.name), what, t("Remove it, or change the kind."))
    if kind in (Kind.CHOICE, Kind.MULTI_CHOICE):
        _check_choices(path, table, faults)
    if kind is Kind.MONEY and not CURRENCY.fullmatch(str(table.get("currency", ""))):
        what = t("A field of kind money needs its currency.")
        faults.add((*path, "currency"), what, t('Add to the field: currency = "BRL"'))
    if kind is Kind.TABLE:
        _check_columns(path, table, faults)
    for ending in table.get("types", ()) if isinstance(table.get("types"), list) else ():
        if not ENDING.fullmatch(str(ending)):
            what = t("“%(value)s” is no ending of a file.", value=ending)
            faults.add((*path, "types"), what, t('Write it without the point, in small letters: "pdf".'))
    _check_limits(path, table, faults)
    _check_pattern(path, table, faults)
    if isinstance(default := table.get("default"), str):
        _check_default((*path, "default"), default, kind, _values(table, kind), faults)


def _check_choices(path: Path, table: Mapping[str, Any], faults: Faults) -> None:
    values = [choice.get("value") for _, choice in entries(table, "choices")]
    if len(values) < 2:
        what = t("A choice needs at least two answers.")
        faults.add(path, what, t("Add a [[fields.choices]] with value and label for each."))
    elif len(set(map(str, values))) < len(values):
        what = t("Two answers of this choice have the same value.")
        faults.add((*path, "choices"), what, t("Give each [[fields.choices]] a value of its own."))


def _check_columns(path: Path, table: Mapping[str, Any], faults: Faults) -> None:
    known: dict[str, None] = {}
    for inner, column in entries(table, "columns"):
        name = _check_name((*path, *inner), column, known, faults)
        known |= {} if name is None else {name: None}
        if (kind := kind_of(column)) is not None:
            _check_kind((*path, *inner), column, kind, faults)
    if not known:
        faults.add(path, t("A table needs at least one column."), t("Add a [[fields.columns]] with name, label and kind."))


def _check_limits(path: Path, table: Mapping[str, Any], faults: Faults) -> None:
    for low, high in (("min", "max"), ("min_days", "max_days")):
        least, most = table.get(low, 0 if low == "min_days" else None), table.get(high)
        if isinstance(least, int) and isinstance(most, int) and least > most:
            what = t("No answer fits between “%(low)s” and “%(high)s”.", low=low, high=high)
            faults.add((*path, high), what, t("Make “%(high)s” the larger of the two.", high=high))
    for name, (least, most) in BETWEEN.items():
        value = table.get(name, least)
        if isinstance(value, int) and not least <= value <= most:
            what = t("“%(key)s” must lie between %(least)s and %(most)s.", key=name, least=least, most=most)
            faults.add((*path, name), what, t("Choose a number in between."))


def _check_pattern(path: Path, table: Mapping[str, Any], faults: Faults) -> None:
    pattern = table.get("pattern")
    if not isinstance(pattern, str):
        return
    if (what := patterns.fault(pattern)) is not None:
        mend = t("Use letters, \\d, [a-z], groups and one of ? * + {2,5} behind each; nothing repeated twice.")
        faults.add((*path, "pattern"), what, mend)
    if isinstance(longest := table.get("max_length"), int) and longest > LONGEST_MATCHED:
        what = t("“%(key)s” must lie between %(least)s and %(most)s.", key="max_length", least=1, most=LONGEST_MATCHED)
        faults.add((*path, "max_length"), what, t("Choose a number in between."))
    if "hint" not in table and path[-2:-1] == ("fields",):
        what = t("Nobody can guess a pattern.")
        faults.add((*path, "pattern"), what, t("Say in a hint what the answer looks like."))


def _check_default(path: Path, default: str, kind: Kind, values: tuple[str, ...], faults: Faults) -> None:
    found = PLACEHOLDER.fullmatch(default)
    if found:
        if found[1] not in DEFAULTS:
            what = t("Nothing is called “{%(name)s}”.", name=found[1])
            faults.add(path, what, nearest(found[1], DEFAULTS))
        elif (kind is Kind.PERSON) != found[1].endswith((".login", ".manager")) and kind not in (Kind.TEXT, Kind.LONG_TEXT):
            what = t("“%(value)s” does not fit a field of kind %(kind)s.", value=default, kind=kind.value)
            faults.add(path, what, t("Choose another default, or remove it."))
    elif "{" in default or kind is Kind.PERSON or (values and default not in values) or (
        kind in (Kind.NUMBER, Kind.MONEY) and not default.isdecimal()
    ):  # fmt: skip
        what = t("“%(value)s” does not fit a field of kind %(kind)s.", value=default, kind=kind.value)
        faults.add(path, what, t("Choose another default, or remove it."))
