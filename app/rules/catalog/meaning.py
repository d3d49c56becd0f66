"""What the parts of an item's file mean to each other: names, kinds, approvers, actions and placeholders."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from app.rules.catalog import schema, steps
from app.rules.catalog.items import Approver, Kind
from app.rules.catalog.reading import Faults, entries, nearest
from app.rules.catalog.source import Path
from app.rules.catalog.templates import RESERVED
from app.rules.words import t

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
SHARE = re.compile(r"first|all|(100|[1-9]\d?)%")
LONGEST_ANSWER = 20_000


def check(slug: str, read: Mapping[str, Any], faults: Faults, audiences: Collection[str]) -> None:
    """Find what is wrong between the parts of a file whose shapes have been checked; broken parts are passed over."""
    for part in slug.split("/"):
        if not SLUG.fullmatch(part):
            what = t("The name “%(name)s” cannot be part of an address.", name=part)
            faults.add((), what, t("Name the file and its folder with small letters, digits and hyphens."))
    for word in _texts(read, "audience"):
        if word not in audiences:
            faults.add(("audience",), t("Nobody knows the audience “%(word)s”.", word=word), nearest(word, audiences))
    fields = _check_fields(read, faults)
    for path, table in entries(read, "approvals"):
        _check_approval(path, table, fields, faults)
    steps.check(read, fields, faults)


def _check_fields(read: Mapping[str, Any], faults: Faults) -> dict[str, steps.Question]:
    known: dict[str, steps.Question] = {}
    for path, table in entries(read, "fields"):
        name, kind = table.get("name"), table.get("kind")
        if not isinstance(name, str):
            continue
        if not FIELD_NAME.fullmatch(name):
            what = t("“%(name)s” cannot be the name of a field.", name=name)
            faults.add((*path, "name"), what, t("Use small letters, digits and _, a letter first, 40 at most."))
        elif name in RESERVED or name in known:
            what = t("The name “%(name)s” is already taken.", name=name)
            faults.add((*path, "name"), what, t("Give the field another name."))
        known[name] = steps.Question(Kind(kind) if kind in set(Kind) else None, table.get("required") is True)
        if kind in set(Kind):
            _check_kind(path, table, Kind(kind), faults)
    return known


def _check_kind(path: Path, table: Mapping[str, Any], kind: Kind, faults: Faults) -> None:
    for key in schema.FIELD.values():
        if key.name in table and key.kinds and kind not in key.kinds:
            what = t("“%(key)s” means nothing for a field of kind %(kind)s.", key=key.name, kind=kind.value)
            faults.add((*path, key.name), what, t("Remove it, or change the kind."))
    if kind is Kind.CHOICE:
        values = [choice.get("value") for _, choice in entries(table, "choices")]
        if len(values) < 2:
            what = t("A choice needs at least two answers.")
            faults.add(path, what, t("Add a [[fields.choices]] with value and label for each."))
        elif len(set(map(str, values))) < len(values):
            what = t("Two answers of this choice have the same value.")
            faults.add((*path, "choices"), what, t("Give each [[fields.choices]] a value of its own."))
    for low, high in (("min", "max"), ("min_days", "max_days")):
        least, most = table.get(low, 0 if low == "min_days" else None), table.get(high)
        if isinstance(least, int) and isinstance(most, int) and least > most:
            what = t("No answer fits between “%(low)s” and “%(high)s”.", low=low, high=high)
            faults.add((*path, high), what, t("Make “%(high)s” the larger of the two.", high=high))
    longest = table.get("max_length", 1)
    if isinstance(longest, int) and not 1 <= longest <= LONGEST_ANSWER:
        what = t("“max_length” must lie between 1 and %(most)s.", most=LONGEST_ANSWER)
        faults.add((*path, "max_length"), what, t("Choose a length in between."))


def _check_approval(path: Path, table: Mapping[str, Any], fields: dict[str, steps.Question], faults: Faults) -> None:
    needs = table.get("needs", "first")
    if isinstance(needs, str) and not SHARE.fullmatch(needs):
        what = t("“needs” cannot be “%(value)s”.", value=needs)
        faults.add((*path, "needs"), what, t('Use "first", "all" or a share such as "50%".'))
    if table.get("who") == Approver.MANAGER_OF_BENEFICIARY and "group" in table:
        what = t("“group” means nothing when the manager is asked.")
        faults.add((*path, "group"), what, t("Remove it, or ask the owner-of-group."))
    if table.get("who") != Approver.OWNER_OF_GROUP:
        return
    group = table.get("group")
    if isinstance(group, str):
        steps.check_group(group, (*path, "group"), fields, faults)
        return
    asked = [name for name, question in fields.items() if question.kind is Kind.DIRECTORY_GROUP]
    if len(asked) == 1:
        steps.check_group(f"{{{asked[0]}}}", path, fields, faults)
    elif group is None:
        what = t("Which group's owner is asked?")
        faults.add(path, what, t('Add a line: group = "{field}" with a field of kind directory-group, or a name.'))


def _texts(read: Mapping[str, Any], name: str) -> list[str]:
    listed = read.get(name, [])
    return [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
