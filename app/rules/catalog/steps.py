"""Judge the steps of an item's file: known actions, every parameter, and placeholders that stand for the right thing."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.rules.actions import ACTIONS, ATTRIBUTES, ActionSpec, Parameter, Takes
from app.rules.catalog.items import Kind
from app.rules.catalog.questions import Questions, asked_with, check_when
from app.rules.catalog.reading import Faults, entries, nearest
from app.rules.catalog.schema import suffixed
from app.rules.catalog.source import Path
from app.rules.catalog.templates import BRACED, PEOPLE, PLACEHOLDER, known_placeholders
from app.rules.words import t

STEP_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
GROUP_NAME = re.compile(r"[\w][\w .-]{0,127}")
ADDRESS = re.compile(r"[^@\s{}<>,;]+@[^@\s{}<>,;]+")


URL = re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[^\s{}]*)?", re.ASCII)
KINDS_OF_STEP = ("do", "task", "wait")
BELONGS = {"do": {"with", "ends", "compensate"}, "task": {"team", "due"}, "wait": set[str]()}


def check(read: Mapping[str, Any], fields: Questions, faults: Faults) -> list[str]:
    """Find what is wrong in the steps; return their names."""
    if read.get("steps") == []:
        faults.add(("steps",), t("The item does nothing."), t("Add at least one [[steps]]."))
    names: list[str] = []
    for path, table in entries(read, "steps"):
        kinds = [kind for kind in KINDS_OF_STEP if kind in table]
        here = asked_with(fields, check_when(path, table, fields, faults))
        if len(kinds) != 1:
            what = t("A step is either automatic (“do”), manual (“task”), or waits (“wait”).")
            faults.add(path, what, t("Give it one of the three."))
        else:
            _check_belongs(path, table, kinds[0], faults)
        if kinds == ["do"]:
            _check_automatic(path, table, here, faults)
        elif kinds == ["task"]:
            _check_task(path, table, here, faults)
        elif kinds == ["wait"] and isinstance(wait := table["wait"], str) and "{" in wait:
            _check_day(wait, (*path, "wait"), here, faults, required=True)
        _check_order(path, table, names, faults)
    return names


def _check_belongs(path: Path, table: Mapping[str, Any], kind: str, faults: Faults) -> None:
    for other, keys in BELONGS.items():
        for key in sorted(keys & table.keys()) if other != kind else ():
            what = t("“%(key)s” belongs to a step with “%(kind)s”.", key=key, kind=other)
            faults.add((*path, key), what, t("Remove it, or write a step with “%(kind)s”.", kind=other))


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
        if value is None and parameter.optional:
            continue
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
        case Takes.LOGIN:
            _check_only(value, Kind.TEXT, path, fields, faults)
        case Takes.ATTRIBUTE:
            if value not in ATTRIBUTES:
                faults.add(path, t("A step cannot set “%(value)s”.", value=value), nearest(value, ATTRIBUTES))
        case Takes.URL:
            if not URL.fullmatch(value):
                what = t("“%(value)s” is no address to call.", value=value)
                faults.add(path, what, t("Write the whole address, with https:// and without placeholders."))
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
    _check_day(ends, path, fields, faults)


def _check_day(template: str, path: Path, fields: Questions, faults: Faults, *, required: bool = False) -> None:
    """The template must be a field of kind date, or one end of a date-range."""
    found = PLACEHOLDER.fullmatch(template)
    name, _, end = found[1].partition(".") if found else ("", "", "")
    field = fields.get(name)
    wanted = Kind.DATE_RANGE if end in ("from", "to") else Kind.DATE
    if field is None or field.kind not in (wanted, None) or (end and wanted is Kind.DATE):
        what = t("“%(key)s” must be a field of kind date.", key=path[-1])
        faults.add(path, what, t('Write it like this: %(key)s = "{until}", with a field “until” of kind date.', key=path[-1]))
    elif required and not field.required:
        what = t("The field “%(name)s” may be left empty, but is needed here.", name=name)
        faults.add(path, what, t("Add to the field: required = true"))


def _check_task(path: Path, table: Mapping[str, Any], fields: Questions, faults: Faults) -> None:
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
