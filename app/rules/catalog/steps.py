"""Judge the steps of an item's file: known actions, every parameter, and placeholders that stand for the right thing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.rules.actions import ACTIONS, ActionSpec, Parameter, Takes
from app.rules.catalog.items import Kind
from app.rules.catalog.reading import Faults, entries, nearest
from app.rules.catalog.schema import suffixed
from app.rules.catalog.source import Path
from app.rules.catalog.templates import BRACED, PEOPLE, PLACEHOLDER, known_placeholders
from app.rules.words import t

STEP_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
GROUP_NAME = re.compile(r"[\w][\w .-]{0,127}")
ADDRESS = re.compile(r"[^@\s{}<>,;]+@[^@\s{}<>,;]+")


@dataclass(frozen=True)
class Question:
    """What a step needs to know of a field; `kind` is None when the file says none that exists."""

    kind: Kind | None
    required: bool


Questions = Mapping[str, Question]


def check(read: Mapping[str, Any], fields: Questions, faults: Faults) -> None:
    """Find what is wrong in the steps."""
    if read.get("steps") == []:
        faults.add(("steps",), t("The item does nothing."), t("Add at least one [[steps]]."))
    names: list[str] = []
    for path, table in entries(read, "steps"):
        if ("do" in table) == ("task" in table):
            what = t("A step is either automatic (“do”) or manual (“task”).")
            faults.add(path, what, t("Give it one of the two."))
        elif "do" in table:
            _check_automatic(path, table, fields, faults)
        else:
            _check_manual(path, table, fields, faults)
        _check_order(path, table, names, faults)


def check_group(template: str, path: Path, fields: Questions, faults: Faults) -> None:
    """A group is a required field of kind directory-group, or the name of a group."""
    if "{" not in template and GROUP_NAME.fullmatch(template):
        return
    _check_only(template, Kind.DIRECTORY_GROUP, path, fields, faults)


def check_placeholders(template: str, path: Path, fields: Questions, faults: Faults) -> None:
    """Each {...} must be a placeholder that exists."""
    known = known_placeholders((name, field.kind or Kind.TEXT) for name, field in fields.items())
    unsure = {name for name, field in fields.items() if field.kind is None}
    for found in BRACED.finditer(template):
        if found[1] in known or found[1].partition(".")[0] in unsure:
            continue
        what = t("Nothing is called “{%(name)s}”.", name=found[1])
        faults.add(path, what, nearest(found[1], known))


def _check_automatic(path: Path, table: Mapping[str, Any], fields: Questions, faults: Faults) -> None:
    for key in {"team", "due"} & table.keys():
        what = t("“%(key)s” belongs to a manual step.", key=key)
        faults.add((*path, key), what, t("Remove it, or write a “task” instead of “do”."))
    if not isinstance(table["do"], str):
        return
    spec = ACTIONS.get(table["do"])
    if spec is None:
        what = t("There is no action “%(name)s”.", name=table["do"])
        faults.add((*path, "do"), what, nearest(table["do"], ACTIONS))
        return
    given = table.get("with", {})
    if isinstance(given, dict):
        _check_parameters(path, spec, given, fields, faults)
    if isinstance(ends := table.get("ends"), str):
        _check_ends(ends, (*path, "ends"), spec, fields, faults)


def _check_parameters(
    path: Path, spec: ActionSpec, given: Mapping[str, Any], fields: Questions, faults: Faults
) -> None:
    wanted = {name: parameter for parameter in spec.parameters for name in _names(parameter)}
    for name in given.keys() - wanted.keys():
        what = t("%(action)s takes no “%(name)s”.", action=spec.name, name=name)
        faults.add((*path, "with", name), what, nearest(name, wanted))
    for name, parameter in wanted.items():
        value = given.get(name)
        if isinstance(value, str) and value.strip():
            _check_value(value, parameter, (*path, "with", name), fields, faults)
        else:
            what = t("%(action)s must be told “%(name)s”, in words.", action=spec.name, name=name)
            faults.add((*path, "with", name), what, t('Add to “with”: %(name)s = "..."', name=name))


def _check_value(value: str, parameter: Parameter, path: Path, fields: Questions, faults: Faults) -> None:
    match parameter.takes:
        case Takes.PERSON:
            _check_only(value, Kind.PERSON, path, fields, faults)
        case Takes.GROUP:
            check_group(value, path, fields, faults)
        case Takes.ADDRESS:
            if value.endswith(".mail}") and PLACEHOLDER.fullmatch(value):
                _check_only(value.replace(".mail", ""), Kind.PERSON, path, fields, faults)
            elif not ADDRESS.fullmatch(value):
                what = t("“%(value)s” is no address to send to.", value=value)
                faults.add(path, what, t('Use "{beneficiary.mail}", or one address.'))
        case Takes.LINE | Takes.TEXT:
            check_placeholders(value, path, fields, faults)


def _check_only(template: str, kind: Kind, path: Path, fields: Questions, faults: Faults) -> None:
    """The template must be one placeholder of that kind, and one that is always answered."""
    found = PLACEHOLDER.fullmatch(template)
    name = found[1] if found else ""
    if name in PEOPLE and kind is Kind.PERSON:
        return
    field = fields.get(name)
    if field is None or (field.kind is not None and field.kind is not kind):
        what = t("“%(value)s” is not a field of kind %(kind)s.", value=template, kind=kind.value)
        fitting = [each for each, question in fields.items() if question.kind is kind]
        fitting += PEOPLE if kind is Kind.PERSON else ()
        mend = t("Write one of these, and nothing else: %(names)s", names=", ".join(f"{{{each}}}" for each in fitting))
        faults.add(path, what, mend if fitting else t("Add a [[fields]] of kind %(kind)s.", kind=kind.value))
    elif field.kind is kind and not field.required:
        what = t("The field “%(name)s” may be left empty, but is needed here.", name=name)
        faults.add(path, what, t("Add to the field: required = true"))


def _check_ends(ends: str, path: Path, spec: ActionSpec, fields: Questions, faults: Faults) -> None:
    if spec.words_until is None:
        what = t("A step of %(action)s cannot end.", action=spec.name)
        faults.add(path, what, t("Remove “ends”."))
        return
    found = PLACEHOLDER.fullmatch(ends)
    field = fields.get(found[1]) if found else None
    if field is None or field.kind not in (Kind.DATE, None):
        what = t("“ends” must be a field of kind date.")
        faults.add(path, what, t('Write it like this: ends = "{until}", with a field “until” of kind date.'))


def _check_manual(path: Path, table: Mapping[str, Any], fields: Questions, faults: Faults) -> None:
    for key in {"with", "ends"} & table.keys():
        what = t("“%(key)s” belongs to an automatic step.", key=key)
        faults.add((*path, key), what, t("Remove it, or write a “do” instead of “task”."))
    for name in ("task", *suffixed("task")):
        if isinstance(words := table.get(name), str):
            check_placeholders(words, (*path, name), fields, faults)


def _check_order(path: Path, table: Mapping[str, Any], names: list[str], faults: Faults) -> None:
    """Steps may only wait for steps above them, so that no circle can ever be made."""
    after = table.get("after", [])
    for name in after if isinstance(after, list) else ():
        if name not in names:
            what = t("No step above is called “%(name)s”.", name=name)
            mend = nearest(str(name), names) if names else t("Remove “after”: this is the first step.")
            faults.add((*path, "after"), what, mend)
    name = table.get("name", f"step-{path[-1] + 1 if isinstance(path[-1], int) else 1}")
    if not isinstance(name, str) or not STEP_NAME.fullmatch(name):
        what = t("“%(name)s” cannot be the name of a step.", name=name)
        faults.add((*path, "name"), what, t("Use small letters, digits and hyphens, a letter first, 40 at most."))
    elif name in names:
        what = t("Two steps are called “%(name)s”.", name=name)
        faults.add((*path, "name"), what, t("Give one of them another name."))
    else:
        names.append(name)


def _names(parameter: Parameter) -> Iterator[str]:
    yield parameter.name
    if parameter.translated:
        yield from suffixed(parameter.name)
