"""Which incidents somebody wants to see, as an address says it: `?show=team&priority=1&sort=-updated`. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from app.rules.lifecycle import STATES, RecordKind
from app.rules.words import Text, t

LONGEST: Final = 100
MOST_KEYS: Final = 3
INCIDENT_STATES: Final = tuple(STATES[RecordKind.INCIDENT])


class Queue(StrEnum):
    """The queues that everybody has."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    TEAM = "team"
    OPEN = "open"
    RESOLVED = "resolved"
    RETURNED = "returned"
    ALL = "all"


NAMES: Final[Mapping[Queue, Text]] = {
    Queue.MINE: t("Assigned to me"), Queue.UNASSIGNED: t("Nobody's yet"), Queue.TEAM: t("My teams"), Queue.OPEN: t("All open"),
    Queue.RESOLVED: t("Resolved ones"), Queue.RETURNED: t("Returned to me"), Queue.ALL: t("Every incident"),
}  # fmt: skip
SORTS: Final[Mapping[str, Text]] = {
    "due": t("Due next"), "priority": t("Priority"), "updated": t("Changed"), "opened": t("Opened"), "number": t("Number"), "state": t("State"),
}  # fmt: skip
EVERYTHING_BY: Final = ("number", "priority", "updated")
COLUMNS: Final[Mapping[str, Text]] = {
    "number": t("Number"), "title": t("What"), "priority": t("Priority"), "state": t("State"), "who": t("Who"), "team": t("Team"), "caller": t("Caller"),
    "category": t("Category"), "service": t("Service"), "due": t("Due next"), "opened": t("Opened"), "updated": t("Changed"),
}  # fmt: skip
USUAL: Final = ("number", "title", "priority", "state", "due", "who", "caller")
FILTERED: Final = ("state", "priority", "team", "assignee", "caller", "category")
NEWEST: Final = (("number", True),)


@dataclass(frozen=True)
class Wanted:
    """A queue, filters on it, and an order: (column, whether it goes down)."""

    queue: Queue = Queue.OPEN
    states: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    teams: tuple[str, ...] = ()
    assignee: str = ""
    caller: str = ""
    category: str = ""
    tag: str = ""
    ci: str = ""
    without: tuple[tuple[str, str], ...] = ()  # (what, value): rows that are left out
    columns: tuple[str, ...] = ()  # in their order; none chosen: the usual ones
    sort: tuple[tuple[str, bool], ...] = field(default=NEWEST)

    @property
    def is_filtered(self) -> bool:
        """Say whether less is wanted than the whole queue."""
        return replace(self, queue=Queue.OPEN, sort=NEWEST, columns=()) != Wanted()

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the columns that are shown."""
        return self.columns or USUAL

    @property
    def sortable(self) -> tuple[str, ...]:
        """Return the columns this queue can be sorted by: all of what is open; of everything those that have an index."""
        return EVERYTHING_BY if self.queue is Queue.ALL else tuple(SORTS)

    @property
    def orders(self) -> tuple[tuple[str, bool], ...]:
        """Return the order as far as this queue has it."""
        found = tuple(each for each in self.sort if each[0] in self.sortable) or NEWEST
        return found[:1] if self.queue is Queue.ALL else found

    @property
    def order_said(self) -> str | None:
        """Return the order as an address says it; None for the usual one."""
        return None if self.sort == NEWEST else ",".join(f"-{name}" if is_down else name for name, is_down in self.sort)

    def arguments(self, **changed: Any) -> dict[str, Any]:
        """Return what the address says, with some of it changed; what says nothing is left out."""
        other = replace(self, **changed)
        said = {
            "show": other.queue.value, "state": list(other.states), "priority": list(other.priorities), "team": list(other.teams),
            "assignee": other.assignee, "caller": other.caller, "category": other.category, "tag": other.tag, "ci": other.ci,
            "not": [f"{name}:{value}" for name, value in other.without], "columns": ",".join(other.columns), "sort": other.order_said,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value}

    def sorted_by(self, name: str) -> tuple[tuple[str, bool], ...]:
        """Return the order after somebody chose this column: first, and the other way round where it was first already."""
        is_first = self.sort[0][0] == name
        is_down = not self.sort[0][1] if is_first else name in {"updated", "opened", "number"}
        return ((name, is_down), *(each for each in self.sort if each[0] != name and each != NEWEST[0]))[:MOST_KEYS]


def read(arguments: Mapping[str, Iterable[str]]) -> Wanted:
    """Return what an address wants; what it says wrongly is left out, so that an old link still opens a list."""
    def first(name: str) -> str:
        return next(iter(arguments.get(name, ())), "").strip()[:LONGEST]

    show = first("show")
    return Wanted(
        Queue(show) if show in {each.value for each in Queue} else Queue.OPEN,
        tuple(sorted({each for each in arguments.get("state", ()) if each in INCIDENT_STATES})),
        tuple(sorted({int(each) for each in arguments.get("priority", ()) if each in {"1", "2", "3", "4", "5"}})),
        tuple(sorted({each[:LONGEST] for each in arguments.get("team", ()) if each}))[:20],
        first("assignee"), first("caller"), first("category"), first("tag"), first("ci"), _without(arguments.get("not", ())),
        _columns(next(iter(arguments.get("columns", ())), "")), _sort(first("sort")),
    )  # fmt: skip


def _without(said: Iterable[str]) -> tuple[tuple[str, str], ...]:
    pairs = [tuple(each.split(":", 1)) for each in said if ":" in each]
    return tuple(sorted({(name, value[:LONGEST]) for name, value in pairs if name in FILTERED and value}))[:20]


def _columns(said: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(each for each in said.split(",") if each in COLUMNS))
    return () if found == USUAL else found


def _sort(said: str) -> tuple[tuple[str, bool], ...]:
    found: dict[str, bool] = {}
    for each in said.split(","):
        name = each.removeprefix("-")
        if name in SORTS:
            found.setdefault(name, each.startswith("-"))
    return tuple(found.items())[:MOST_KEYS] or NEWEST
