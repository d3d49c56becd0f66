"""Major incidents: which are proposed by themselves, what may follow what, and when an update is late (domain.md 2). Pure."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.rules.catalog.items import Translated
from app.rules.incidents import Major
from app.rules.words import LANGUAGES, Text, t

FILE: Final = "majors.toml"
GAPS: Final = frozenset({"number", "headline", "services", "started", "next"})
CONDITIONS: Final = {"priority": (1, 5), "criticality": (1, 4), "children": (0, 10_000)}


class Act(StrEnum):
    """What can be done to an incident as a major one."""

    PROPOSE = "propose"
    ACCEPT = "accept"
    REJECT = "reject"
    DEMOTE = "demote"


class Seat(StrEnum):
    """Who does what while it lasts."""

    COMMANDER = "commander"
    COMMUNICATOR = "communicator"
    SCRIBE = "scribe"


MANAGERS: Final = "managers"
SEATS: Final[Mapping[Seat, Text]] = {
    Seat.COMMANDER: t("Commander"), Seat.COMMUNICATOR: t("Communications lead"), Seat.SCRIBE: t("Scribe"),
}  # fmt: skip
MOVES: Final[Mapping[tuple[str, Act], Major]] = {
    (Major.NONE, Act.PROPOSE): Major.PROPOSED, (Major.NONE, Act.ACCEPT): Major.ACCEPTED, (Major.PROPOSED, Act.ACCEPT): Major.ACCEPTED,
    (Major.PROPOSED, Act.REJECT): Major.REJECTED, (Major.ACCEPTED, Act.DEMOTE): Major.DEMOTED,
}  # fmt: skip
REFUSALS: Final[Mapping[str, Text]] = {
    Major.NONE: t("It is not a major incident, and nobody proposed it as one."),
    Major.PROPOSED: t("It is proposed as a major incident already."),
    Major.ACCEPTED: t("It is a major incident already."),
    Major.REJECTED: t("It was proposed as a major incident before, and rejected."),
    Major.DEMOTED: t("It was a major incident before, and is none any more."),
}


class MajorFault(ValueError):
    """A file that cannot be used; the message names the entry and what is wrong with it."""


@dataclass(frozen=True)
class Trigger:
    """What proposes an incident by itself; a condition that is None holds always."""

    key: str
    name: Translated
    priority: int | None = None
    criticality: int | None = None
    children: int | None = None
    category: str | None = None


@dataclass(frozen=True)
class Step:
    """Who is told, so long after an update was due."""

    after: timedelta
    tells: tuple[str, ...]
    wakes: bool = False  # its mail keeps no quiet hours


@dataclass(frozen=True)
class Plan:
    """How everybody affected is kept told."""

    first: timedelta
    every: timedelta
    late: tuple[Step, ...]
    template: Translated


@dataclass(frozen=True)
class Majors:
    """What the organisation decided on major incidents."""

    triggers: tuple[Trigger, ...]
    plan: Plan


@dataclass(frozen=True)
class Facts:
    """What triggers look at; what costs a question is asked only when it decides."""

    priority: int | None
    category: str | None
    criticality: Callable[[], int | None]  # of the most critical service that is hurt
    children: Callable[[], int]


def target(major: str, act: Act) -> Major | None:
    """Return what it is after this act; None where the act does not follow."""
    return MOVES.get((major, act))


def first(triggers: Sequence[Trigger], facts: Facts) -> Trigger | None:
    """Return the first trigger that matches."""
    return next((trigger for trigger in triggers if _matches(trigger, facts)), None)


def _matches(trigger: Trigger, facts: Facts) -> bool:
    if trigger.priority is not None and (facts.priority is None or facts.priority > trigger.priority):
        return False
    if trigger.category is not None and not f"{facts.category or ''}/".startswith(f"{trigger.category}/"):
        return False
    if trigger.criticality is not None and ((level := facts.criticality()) is None or level > trigger.criticality):
        return False
    return trigger.children is None or facts.children() > trigger.children


def step_at(plan: Plan, due_at: datetime, step: int) -> datetime | None:
    """Return when the next step is taken if no update comes; None after the last."""
    return due_at + plan.late[step].after if step < len(plan.late) else None


def parse(text: str, file: str = FILE) -> Majors:
    """Return what a file says; MajorFault says what is wrong first."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise MajorFault(f"{file}: {fault}") from fault
    if unknown := sorted(read.keys() - {"triggers", "updates", "template"}):
        raise MajorFault(f"{file}: unknown {', '.join(unknown)}")
    triggers = tuple(_trigger(file, table) for table in read.get("triggers", []))
    if len({trigger.key for trigger in triggers}) < len(triggers):
        raise MajorFault(f"{file}: two triggers have the same key")
    updates = read.get("updates", {})
    first_, every = (timedelta(minutes=_number(file, updates, name, 1, 10_000)) for name in ("first_minutes", "every_minutes"))
    late = tuple(_step(file, table) for table in updates.get("late", []))
    if list(late) != sorted(late, key=lambda step: step.after):
        raise MajorFault(f"{file}: [[updates.late]] must be in the order of after_minutes")
    return Majors(triggers, Plan(first_, every, late, _template(file, read.get("template", {}))))


def _trigger(file: str, table: Mapping[str, Any]) -> Trigger:
    key, named = table.get("key"), Translated({"en": str(table.get("name", "")), "pt": str(table.get("name_pt", ""))})
    if not isinstance(key, str) or not key or not all(named.values()):
        raise MajorFault(f"{file}: each of [[triggers]] needs key, name and name_pt")
    if unknown := sorted(table.keys() - {"key", "name", "name_pt", "category", *CONDITIONS}):
        raise MajorFault(f"{file}: trigger {key} says {unknown[0]}, which is unknown")
    conditions = {name: _number(file, table, name, *bounds) for name, bounds in CONDITIONS.items() if name in table}
    if not conditions and "category" not in table:
        raise MajorFault(f"{file}: trigger {key} has no condition")
    return Trigger(key, named, category=table.get("category"), **conditions)


def _step(file: str, table: Mapping[str, Any]) -> Step:
    tells = tuple(table.get("tells", ()))
    if not tells or set(tells) - {*Seat, MANAGERS}:
        raise MajorFault(f"{file}: tells of [[updates.late]] must name some of {', '.join([*Seat, MANAGERS])}")
    if not isinstance(wakes := table.get("wakes", False), bool):
        raise MajorFault(f"{file}: wakes of [[updates.late]] must be true or false")
    return Step(timedelta(minutes=_number(file, table, "after_minutes", -10_000, 10_000)), tells, wakes)


def _number(file: str, table: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = table.get(name)
    if type(value) is not int or not least <= value <= most:
        raise MajorFault(f"{file}: {name} must be a whole number from {least} to {most}")
    return value


def _template(file: str, table: Mapping[str, Any]) -> Translated:
    found = Translated({language: str(table.get("text" if language == LANGUAGES[0] else f"text_{language}", "")).strip() for language in LANGUAGES})
    if not all(found.values()):
        raise MajorFault(f"{file}: [template] needs text and text_pt")
    if unknown := sorted(set(_gaps(found)) - GAPS):
        raise MajorFault(f"{file}: [template] has a gap {{{unknown[0]}}}, which is unknown")
    return found


def _gaps(words: Mapping[str, str]) -> Iterator[str]:
    for text in words.values():
        for piece in text.split("{")[1:]:
            yield piece.partition("}")[0]


def filled(words: str, values: Mapping[str, str]) -> str:
    """Return a text of the template with its gaps filled, in one pass: braces in a value are only text."""
    first_, *rest = words.split("{")
    return first_ + "".join(values.get(gap, "") + after for gap, _, after in (piece.partition("}") for piece in rest))
