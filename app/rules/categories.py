"""The tree of what incidents are about, and the questions each category asks (config/categories.toml)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.rules.catalog import parsing, questions, reading, schema
from app.rules.catalog.items import Field, Item, Translated
from app.rules.catalog.reading import Faults
from app.rules.catalog.source import Source

KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}(?:/[a-z0-9][a-z0-9-]{0,39}){0,3}")
KEYS: Final = frozenset({"key", "name", "name_pt", "team", "fields"})


class CategoryFault(ValueError):
    """A tree that cannot be used; the message names the entry and what is wrong with it."""


@dataclass(frozen=True)
class Category:
    """One category; team and questions of those above it hold for it too."""

    key: str
    name: Translated
    team: str
    fields: tuple[Field, ...]

    @property
    def form(self) -> Item:
        """The questions in the shape in which the catalogue builds and judges forms."""
        return Item(slug=self.key, name=self.name, summary=self.name, owner=self.team, target="1d", fields=self.fields)


def parse(text: str, file: str) -> dict[str, Category]:
    """Return the categories of a file by key, in its order; CategoryFault says what is wrong first."""
    faults = Faults(Source(file, text))
    read = reading.tables(faults)
    found: dict[str, Category] = {}
    for position, table in enumerate((read or {}).get("categories", ())):
        path = ("categories", position)
        for inner, question in reading.entries(table, "fields"):
            reading.check_table(question, schema.FIELD, (*path, *inner), faults)
        if not faults.found:
            questions.check(table, faults)
        if faults.found:
            break
        category = _category(file, table, found)
        found[category.key] = category
    if faults.found:
        raise CategoryFault(str(faults.found[0]))
    if not found:
        raise CategoryFault(f"{file}: no [[categories]]")
    return found


def _category(file: str, table: Mapping[str, Any], known: Mapping[str, Category]) -> Category:
    key = table.get("key", "")
    if unknown := sorted(table.keys() - KEYS):
        raise CategoryFault(f"{file}: category {key!r} says {unknown[0]}; allowed: {', '.join(sorted(KEYS))}")
    if not isinstance(key, str) or not KEY.fullmatch(key) or key in known:
        raise CategoryFault(f"{file}: {key!r} cannot be a category's key, or is one already")
    above = key.rpartition("/")[0]
    if above and above not in known:
        raise CategoryFault(f"{file}: {key!r} is part of {above!r}, which must stand above it")
    if not all(isinstance(table.get(name), str) and table[name].strip() for name in ("name", "name_pt")):
        raise CategoryFault(f"{file}: category {key!r} needs name and name_pt")
    own = tuple(parsing.question(each) for each in table.get("fields", ()))
    inherited = known[above].fields if above else ()
    if twice := {each.name for each in own} & {each.name for each in inherited}:
        raise CategoryFault(f"{file}: {key!r} asks {min(twice)!r} again, which {above!r} asks already")
    team = table.get("team") or (known[above].team if above else "")
    return Category(key, Translated({"en": table["name"], "pt": table["name_pt"]}), str(team), (*inherited, *own))


def below(tree: Mapping[str, Category], key: str = "") -> Iterator[Category]:
    """Yield the categories right below one, or those at the top."""
    yield from (each for each in tree.values() if each.key.rpartition("/")[0] == key)
