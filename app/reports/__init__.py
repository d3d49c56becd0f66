"""Reports: one file here for each, found by itself. Each says what it counts, and counts it twice.

`facts` is a query over our tables, one row for each thing that counts in a stretch of time: `record_id`, `at` and the
columns that the measures and splits name. `recount` makes the same rows from what events tell (app/queries/stories.py).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sqlalchemy import Select

from app.queries.stories import Story
from app.rules.kpis import By, Measure, Scope
from app.rules.words import Text, t

Row = Mapping[str, Any]


class Theme(StrEnum):
    """Under which heading a report stands."""

    PROMISES = "promises"
    FLOW = "flow"
    QUALITY = "quality"

    @property
    def label(self) -> Text:
        """Return its name."""
        return {Theme.PROMISES: t("What was promised"), Theme.FLOW: t("What comes and what waits"), Theme.QUALITY: t("How good it is")}[self]


@dataclass(frozen=True)
class Report:
    """One report. The first of `measures` is its headline; `counter` is the report to read beside it, so that neither is bettered at the other's cost."""

    key: str
    theme: Theme
    title: Text
    rows: Text  # what is counted, in the plural
    definition: tuple[Text, ...]
    counter: str
    measures: tuple[Measure, ...]
    by: tuple[By, ...]
    facts: Callable[[Scope, datetime], Select[*tuple[Any, ...]]]
    recount: Callable[[Story, Scope, datetime], Iterator[Row]]
    merge: Callable[[list[Row]], list[Row]] = list  # of rows recounted, where several stories make one

    @property
    def headline(self) -> Measure:
        """Return the number that stands for it."""
        return self.measures[0]


@cache
def all_of_them() -> Mapping[str, Report]:
    """Return every report by its key, in the order of themes."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__) if not found.name.startswith("_")]
    found, order = [module.REPORT for module in modules if hasattr(module, "REPORT")], list(Theme)
    return {each.key: each for each in sorted(found, key=lambda each: (order.index(each.theme), each.key))}
