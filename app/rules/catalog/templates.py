"""Placeholders in steps: `{group}`, `{beneficiary.name}`. They are looked up whole in a flat table, never evaluated.

No attribute is ever followed and no text that somebody typed is ever read as a template: one pass, and what was put
in is not looked at again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.rules import days
from app.rules.actions import ACTIONS, ActionSpec, Takes
from app.rules.catalog import conditions
from app.rules.catalog.items import Field, Item, Kind, Step, Translated
from app.rules.words import LANGUAGES, Text, t

PEOPLE: Final = ("beneficiary", "requester")
PERSON_ATTRIBUTES: Final = ("name", "login", "mail", "department", "title")
DEFAULTS: Final = tuple(f"{person}.{each}" for person in PEOPLE for each in (*PERSON_ATTRIBUTES, "manager"))
"""What a form may be filled with from the directory before anybody typed: whitelisted, looked up whole."""
ITEM_ATTRIBUTES: Final = ("item.name", "item.number")
RESERVED: Final = (*PEOPLE, "item")

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z_]+)?)\}")
BRACED = re.compile(r"\{([^{}\n]*)\}")  # what an author may have meant as one
LANGUAGE = "language"  # the beneficiary's, in the table of values
YES_NO: Final = {True: Translated(en="yes", pt="sim"), False: Translated(en="no", pt="não")}

Values = Mapping[str, str]
"""What each placeholder stands for; where the words differ by language, also under "name|language"."""


@dataclass(frozen=True)
class PersonFacts:
    """What a step may know of a person; `login` is the user name."""

    login: str
    name: str
    mail: str
    language: str = LANGUAGES[0]
    department: str = ""
    title: str = ""


def known_placeholders(fields: Iterable[tuple[str, Kind]]) -> dict[str, Kind]:
    """Return every placeholder an item with these fields may use, and the kind of what it stands for."""
    known = dict.fromkeys(ITEM_ATTRIBUTES, Kind.TEXT)
    people = [(name, Kind.PERSON) for name in PEOPLE]
    for name, kind in (*fields, *people):
        if kind is Kind.FILE:
            continue  # a file has no words
        known[name] = kind
        if kind is Kind.PERSON:
            known |= {f"{name}.{attribute}": Kind.TEXT for attribute in PERSON_ATTRIBUTES}
        if kind in (Kind.CHOICE, Kind.MULTI_CHOICE):
            known[f"{name}.value"] = Kind.TEXT
        if kind is Kind.DATE_RANGE:
            known |= {f"{name}.from": Kind.TEXT, f"{name}.to": Kind.TEXT}
    return known


def context(
    item: Item,
    answers: Mapping[str, Any],
    *,
    number: str,
    beneficiary: PersonFacts,
    requester: PersonFacts,
    people: Mapping[str, PersonFacts] | None = None,
) -> dict[str, str]:
    """Return the flat table of values that the placeholders of an item stand for.

    `people` are those that answers of kind person name, by login. A choice and a yes/no stand for the words people
    read, `{field.value}` for what is stored. What was not answered is empty.
    """
    values = {LANGUAGE: beneficiary.language, "item.number": number}
    values |= _words("item.name", item.name, beneficiary.language)
    values |= _person("beneficiary", beneficiary) | _person("requester", requester)
    for field in item.fields:
        values |= _answer(field, answers.get(field.name), beneficiary.language, people or {})
    return values


def _answer(field: Field, answer: Any, language: str, people: Mapping[str, PersonFacts]) -> dict[str, str]:
    name, plain = field.name, "" if answer is None else str(answer)
    match field.kind:
        case Kind.PERSON:
            return _person(name, people.get(plain) or PersonFacts(plain, "", ""))
        case Kind.CHOICE | Kind.MULTI_CHOICE:
            stored = conditions.words(answer)
            return {name: "", f"{name}.value": ", ".join(stored), **_words(name, shown(field, answer), language)}
        case Kind.DATE:
            return _days(name, {"": plain})
        case Kind.DATE_RANGE:
            ends = answer or {"from": "", "to": ""}
            return _days(name, {".from": ends["from"], ".to": ends["to"]})
        case _:
            return {name: "", **_words(name, shown(field, answer), language)}


def _days(name: str, ends: Mapping[str, str]) -> dict[str, str]:
    """Return days as they are stored, and under `name|language` as people write them."""
    values = {name: " – ".join(filter(None, ends.values())), **{name + end: day for end, day in ends.items()}}
    for each in LANGUAGES:
        written = {end: days.in_words(day, each) for end, day in ends.items()}
        values |= {f"{name}|{each}": " – ".join(filter(None, written.values()))}
        values |= {f"{name}{end}|{each}": day for end, day in written.items()}
    return values


def shown(field: Field, answer: Any) -> Translated:
    """Return an answer as people read it: the words of choices, yes and no, money with its currency, rows by lines."""
    if answer is None:
        return Translated()
    if field.kind in (Kind.CHOICE, Kind.MULTI_CHOICE):
        chosen = [option.label for option in field.choices if option.value in conditions.words(answer)]
        return _joined(chosen, ", ")
    if isinstance(answer, bool):
        return YES_NO[answer]
    if field.kind is Kind.DATE:
        return Translated({each: days.in_words(str(answer), each) for each in LANGUAGES})
    if field.kind is Kind.MONEY:
        return _same(f"{field.currency} {answer}")
    if field.kind is Kind.TABLE:
        return _joined([_row(field, row) for row in answer], "\n")
    return _same(str(answer))


def _row(field: Field, row: Mapping[str, Any]) -> Translated:
    cells = [(column.label, shown(column, row[column.name])) for column in field.columns if column.name in row]
    return _joined([Translated({each: f"{label.to(each)}: {cell.to(each)}" for each in LANGUAGES}) for label, cell in cells], ", ")


def _joined(parts: Sequence[Translated], sign: str) -> Translated:
    return Translated({each: sign.join(part.to(each) for part in parts) for each in LANGUAGES} if parts else {})


def _same(text: str) -> Translated:
    return Translated(dict.fromkeys(LANGUAGES, text))


def fill(template: str, values: Values, language: str | None = None) -> str:
    """Put the values in the place of the placeholders; KeyError for one the table does not have."""
    return PLACEHOLDER.sub(lambda found: values.get(f"{found[1]}|{language}", values[found[1]]), template)


def bind(step: Step, values: Values, language: str | None = None) -> dict[str, str]:
    """Return the parameters of an automatic step with the values put in, in one language (the beneficiary's)."""
    language = language or values.get(LANGUAGE, LANGUAGES[0])
    bound = {}
    for parameter in ACTIONS[step.do].parameters:
        if parameter.name not in step.parameters:
            continue
        text = fill(step.parameters[parameter.name].to(language), values, language)
        bound[parameter.name] = text if parameter.takes is Takes.TEXT else " ".join(text.split())
    return bound


def task(step: Step, values: Values, language: str) -> str:
    """Return the words of a manual step with the values put in."""
    return fill(step.task.to(language), values, language)


def until(step: Step, values: Values) -> str:
    """Return the day on which a step ends, as YYYY-MM-DD; empty when it stays for good."""
    return fill(step.ends, values)


def describe(step: Step, values: Values, language: str) -> Text:
    """Say in words what a step will do; people by their names."""
    if step.wait:
        return waiting(step, values, language)
    if not step.is_automatic:
        return t("%(task)s", task=task(step, values, language))
    spec = ACTIONS[step.do]
    shown = {**bind(step, values, language), **_names(spec, step.parameters, values)}
    if spec.words_until and (day := until(step, values)):
        return Text(spec.words_until.msgid, (*shown.items(), ("until", days.in_words(day, language))))
    return Text(spec.words.msgid, tuple(shown.items()))


def waiting(step: Step, values: Values, language: str) -> Text:
    """Say in words what a step waits for."""
    if PLACEHOLDER.fullmatch(step.wait):
        return t("Wait until %(day)s", day=fill(step.wait, values, language))
    return t("Wait %(length)s of working time", length=step.wait)


def _names(spec: ActionSpec, parameters: Mapping[str, Translated], values: Values) -> dict[str, str]:
    shown = {}
    for parameter in spec.parameters:
        given = parameters.get(parameter.name)
        found = PLACEHOLDER.fullmatch(given.to(LANGUAGES[0])) if given else None
        if parameter.takes is Takes.PERSON and found:
            shown[parameter.name] = values.get(f"{found[1]}.name") or values[found[1]]
    return shown


def _person(prefix: str, person: PersonFacts) -> dict[str, str]:
    attributes = {f"{prefix}.{each}": str(getattr(person, each)) for each in PERSON_ATTRIBUTES}
    return {prefix: person.login, **attributes}


def _words(name: str, words: Translated, language: str) -> dict[str, str]:
    if not words:
        return {}
    return {name: words.to(language), **{f"{name}|{each}": words.to(each) for each in LANGUAGES}}
