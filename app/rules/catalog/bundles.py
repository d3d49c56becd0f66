"""Bundles: an item that orders others along, with answers filled from its own form."""

from collections.abc import Collection, Mapping
from typing import Any

from app.rules.actions import Takes, spec_of
from app.rules.catalog.items import Item, Kind, Part
from app.rules.catalog.questions import Question, Questions, asked_with, check_when
from app.rules.catalog.reading import Fault, Faults, entries, nearest
from app.rules.catalog.source import Path, Source
from app.rules.catalog.steps import check_placeholders
from app.rules.catalog.templates import PEOPLE, PLACEHOLDER, Values, fill
from app.rules.words import t

BENEFICIARY = "{beneficiary}"


def check(read: Mapping[str, Any], fields: Questions, names: Collection[str], faults: Faults) -> None:
    """Find what is wrong in the parts of a bundle, as far as this file alone tells."""
    for path, table in entries(read, "items"):
        when = check_when(path, table, fields, faults)
        here = asked_with(fields, when)
        given = table.get("with", {})
        for name, value in given.items() if isinstance(given, dict) else ():
            if isinstance(value, str):
                check_placeholders(value, (*path, "with", name), here, faults)
            else:
                what = t("The answer “%(name)s” must be words.", name=name)
                faults.add((*path, "with", name), what, t('Write it in quotes: %(name)s = "..."', name=name))
        after = table.get("after", [])
        for name in after if isinstance(after, list) else ():
            if name not in names:
                what = t("No step is called “%(name)s”.", name=name)
                faults.add((*path, "after"), what, nearest(str(name), names))
        if isinstance(person := table.get("for"), str):
            _check_person((*path, "for"), person, after, read, here, faults)


def check_among(item: Item, text: str, file: str, known: Mapping[str, Item | None]) -> list[Fault]:
    """Find what a bundle gets wrong of the items it names; None stands for one whose own file is at fault now."""
    faults = Faults(Source(file, text))
    for position, part in enumerate(item.parts):
        path: Path = ("items", position)
        if part.slug not in known:
            what = t("There is no item “%(slug)s”.", slug=part.slug)
            faults.add((*path, "slug"), what, nearest(part.slug, known))
        elif (other := known[part.slug]) is not None:
            _check_other(path, part, other, faults)
    return faults.found


def answers(part: Part, given: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Return the answers with which a part is ordered: `given` are the bundle's clean ones, `values` its placeholders.

    One placeholder alone passes the answer on as it is, of whatever kind; what was not answered is left out.
    """
    found: dict[str, Any] = {}
    for name, template in part.answers.items():
        alone = PLACEHOLDER.fullmatch(template)
        if alone and alone[1] in given:
            found[name] = given[alone[1]]
        elif words := fill(template, values):
            found[name] = words
    return found


def _check_person(
    path: Path, person: str, after: object, read: Mapping[str, Any], fields: Mapping[str, Question], faults: Faults
) -> None:
    found = PLACEHOLDER.fullmatch(person)
    name = found[1] if found else ""
    if name in PEOPLE or (name in fields and fields[name].kind in (Kind.PERSON, None) and fields[name].required):
        return
    makers = [
        str(table.get("name", f"step-{position}"))
        for position, (_, table) in enumerate(entries(read, "steps"), start=1)
        if _makes(table, person)
    ]
    if not makers:
        what = t("“%(value)s” names nobody.", value=person)
        faults.add(path, what, t("Use {beneficiary}, a required field of kind person, or the account that a step here makes."))
    elif not isinstance(after, list) or set(makers).isdisjoint(map(str, after)):
        what = t("The account “%(value)s” is made by a step that has not run yet.", value=person)
        faults.add(path, what, t('Add: after = ["%(name)s"]', name=makers[0]))


def _makes(table: Mapping[str, Any], person: str) -> bool:
    spec, given = spec_of(table.get("do")), table.get("with")
    login = next((each.name for each in spec.parameters if each.takes is Takes.LOGIN), None) if spec else None
    return login is not None and isinstance(given, dict) and given.get(login) == person


def _check_other(path: Path, part: Part, other: Item, faults: Faults) -> None:
    if other.parts:
        what = t("“%(slug)s” is a bundle itself.", slug=part.slug)
        faults.add((*path, "slug"), what, t("Name the items that it holds."))
    for name, template in part.answers.items():
        field = other.field(name)
        if field is None:
            what = t("“%(slug)s” asks nothing called “%(name)s”.", slug=part.slug, name=name)
            faults.add((*path, "with", name), what, nearest(name, [each.name for each in other.fields]))
        elif field.kind is Kind.CHOICE and "{" not in template and template not in [each.value for each in field.choices]:
            what = t("The question “%(name)s” has no answer “%(word)s”.", name=name, word=template)
            faults.add((*path, "with", name), what, nearest(template, [each.value for each in field.choices]))
    for field in other.fields:
        if field.required and field.when is None and field.name not in part.answers:
            what = t("“%(slug)s” must be told “%(name)s”.", slug=part.slug, name=field.name)
            faults.add(path, what, t('Add to “with”: %(name)s = "..."', name=field.name))
