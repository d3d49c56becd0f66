"""Read config/incidents.toml, config/categories.toml and config/majors.toml: how this organisation handles incidents."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.rules import categories, majors
from app.rules.catalog.items import Translated
from app.rules.categories import Category
from app.rules.incidents import Hold
from app.rules.majors import Majors
from app.settings import settings

INCIDENTS, CATEGORIES = "incidents.toml", "categories.toml"
WORDED = ("holds", "codes", "cancels")
NUMBERS = {"reopen_days": (0, 365), "watchers": (1, 1000), "default_impact": (1, 3)}


class PracticeFault(ValueError):
    """A file that cannot be used: the message names the file, the key and what is allowed."""


@dataclass(frozen=True)
class Practice:
    """What the organisation decided on incidents; words by language under keys that never change."""

    reopen_days: int
    watchers: int
    default_team: str
    default_impact: int
    holds: Mapping[str, Translated]
    codes: Mapping[str, Translated]
    cancels: Mapping[str, Translated]
    categories: Mapping[str, Category]
    majors: Majors
    routed_teams: frozenset[str]


def practice() -> Practice:
    """Return the organisation's practice, read once; PracticeFault, CategoryFault or MajorFault when a file is wrong."""
    return _practice(settings().config_dir)


@cache
def _practice(folder: Path) -> Practice:
    return load(folder)


def load(folder: Path) -> Practice:
    """Read the files of a folder."""
    try:
        read = tomllib.loads((folder / INCIDENTS).read_text("utf-8"))
    except tomllib.TOMLDecodeError as fault:
        raise PracticeFault(f"{INCIDENTS}: {fault}") from fault
    if unknown := sorted(read.keys() - {*NUMBERS, *WORDED, "default_team", "routed_teams"}):
        raise PracticeFault(f"{INCIDENTS}: unknown {', '.join(unknown)}")
    for name, (least, most) in NUMBERS.items():
        if type(read.get(name)) is not int or not least <= read[name] <= most:
            raise PracticeFault(f"{INCIDENTS}: {name} must be a whole number from {least} to {most}")
    routed = read.get("routed_teams", [])
    if not isinstance(routed, list) or not all(isinstance(each, str) for each in routed):
        raise PracticeFault(f"{INCIDENTS}: routed_teams must be a list of keys of teams")
    words = {name: _words(name, read.get(name, {})) for name in WORDED}
    if missing := {Hold.CALLER, Hold.CHANGE, Hold.PROBLEM, Hold.VENDOR} - words["holds"].keys():
        raise PracticeFault(f"{INCIDENTS}: [holds] must have {min(missing)}")
    tree = categories.parse((folder / CATEGORIES).read_text("utf-8"), CATEGORIES)
    return Practice(
        reopen_days=read["reopen_days"], watchers=read["watchers"], default_team=str(read.get("default_team", "")),
        default_impact=read["default_impact"], holds=words["holds"], codes=words["codes"], cancels=words["cancels"], categories=tree,
        majors=majors.parse((folder / majors.FILE).read_text("utf-8")), routed_teams=frozenset(routed),
    )  # fmt: skip


def _words(name: str, table: Any) -> dict[str, Translated]:
    if not isinstance(table, dict) or not table:
        raise PracticeFault(f"{INCIDENTS}: [{name}] is missing")
    for key, said in table.items():
        if not isinstance(said, dict) or not said.get("name") or not said.get("name_pt"):
            raise PracticeFault(f"{INCIDENTS}: {key} of [{name}] needs name and name_pt")
    return {key: Translated({"en": said["name"], "pt": said["name_pt"]}) for key, said in table.items()}
