"""What the parts of an item's file mean to each other: names, audiences, costs, approvers, and the rest by its own module."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from app.rules.catalog import bundles, questions, steps
from app.rules.catalog.costs import CURRENCY
from app.rules.catalog.items import Approver, Kind
from app.rules.catalog.questions import Questions
from app.rules.catalog.reading import Faults, entries, nearest
from app.rules.catalog.source import Path
from app.rules.words import t

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SHARE = re.compile(r"first|all|(100|[1-9]\d?)%")
TEAM = re.compile(r"team:[a-z0-9]+(-[a-z0-9]+)*")
DEPARTMENT = re.compile(r"department:\S.*")
MOST_STAGES = 9


def check(slug: str, read: Mapping[str, Any], faults: Faults, audiences: Collection[str]) -> None:
    """Find what is wrong between the parts of a file whose shapes have been checked; broken parts are passed over."""
    for part in slug.split("/"):
        if not SLUG.fullmatch(part):
            what = t("The name “%(name)s” cannot be part of an address.", name=part)
            faults.add((), what, t("Name the file and its folder with small letters, digits and hyphens."))
    _check_audience(("audience",), read, faults, audiences)
    fields = questions.check(read, faults)
    _check_cost(read, faults)
    for path, table in entries(read, "approvals"):
        _check_approval(path, table, fields, faults)
        if isinstance(only := table.get("if"), dict):
            _check_only_if((*path, "if"), only, read, faults, audiences)
    names = steps.check(read, fields, faults)
    bundles.check(read, fields, names, faults)


def _check_audience(path: Path, table: Mapping[str, Any], faults: Faults, audiences: Collection[str]) -> None:
    for word in _texts(table, "audience"):
        if word not in audiences and not TEAM.fullmatch(word) and not DEPARTMENT.fullmatch(word):
            what = t("Nobody knows the audience “%(word)s”.", word=word)
            faults.add(path, what, nearest(word, [*audiences, "team:…", "department:…"]))


def _check_cost(read: Mapping[str, Any], faults: Faults) -> None:
    cost = read.get("cost")
    if isinstance(cost, dict):
        if isinstance(cost.get("currency"), str) and not CURRENCY.fullmatch(cost["currency"]):
            what = t("“%(value)s” is no currency.", value=cost["currency"])
            faults.add(("cost", "currency"), what, t('Write its three letters: "BRL".'))
        return
    mend = t('Add a line above the first [[...]]: cost = { amount = "0.00", currency = "BRL" }')
    for path, table in entries(read, "fields"):
        for inner, choice in entries(table, "choices"):
            if "cost" in choice:
                faults.add((*path, *inner, "cost"), t("A choice adds to the cost of an item that says none."), mend)
    if read.get("empowerment") is True:
        faults.add(("empowerment",), t("A limit counts money, and the item says no cost."), mend)


def _check_approval(path: Path, table: Mapping[str, Any], fields: Questions, faults: Faults) -> None:
    needs, who, stage = table.get("needs", "first"), table.get("who"), table.get("stage", 1)
    if isinstance(needs, str) and not SHARE.fullmatch(needs):
        what = t("“needs” cannot be “%(value)s”.", value=needs)
        faults.add((*path, "needs"), what, t('Use "first", "all" or a share such as "50%".'))
    if isinstance(stage, int) and not 1 <= stage <= MOST_STAGES:
        what = t("“%(key)s” must lie between %(least)s and %(most)s.", key="stage", least=1, most=MOST_STAGES)
        faults.add((*path, "stage"), what, t("Choose a number in between."))
    if isinstance(who, str) and who not in set(Approver) and not TEAM.fullmatch(who):
        what = t("“%(key)s” cannot be “%(value)s”.", key="who", value=who)
        faults.add((*path, "who"), what, nearest(who, [*Approver, "team:…"]))
    if who != Approver.OWNER_OF_GROUP:
        if "group" in table and isinstance(who, str):
            what = t("“group” means nothing when the manager or a team is asked.")
            faults.add((*path, "group"), what, t("Remove it, or ask the owner-of-group."))
        return
    group = table.get("group")
    if isinstance(group, str):
        steps.check_group(group, (*path, "group"), questions.asked_with(fields, None), faults)
        return
    asked = [name for name, question in fields.items() if question.kind is Kind.DIRECTORY_GROUP]
    if len(asked) == 1:
        steps.check_group(f"{{{asked[0]}}}", path, questions.asked_with(fields, None), faults)
    elif group is None:
        what = t("Which group's owner is asked?")
        faults.add(path, what, t('Add a line: group = "{field}" with a field of kind directory-group, or a name.'))


def _check_only_if(
    path: Path, only: Mapping[str, Any], read: Mapping[str, Any], faults: Faults, audiences: Collection[str]
) -> None:
    _check_audience((*path, "audience"), only, faults, audiences)
    if "cost_over" in only and "cost" not in read:
        what = t("The approval looks at the cost of an item that says none.")
        faults.add(path, what, t('Add a line above the first [[...]]: cost = { amount = "0.00", currency = "BRL" }'))
    if not only:
        faults.add(path, t("This condition says nothing."), t("Add cost_over or audience, or remove it."))


def _texts(read: Mapping[str, Any], name: str) -> list[str]:
    listed = read.get(name, [])
    return [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
