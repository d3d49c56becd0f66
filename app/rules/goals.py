"""A goal: which number shall be how much by when, and which other number must not pay for it (SMART). Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.rules.catalog.items import Translated
from app.rules.words import Text, t

FILE: Final = "goals.toml"


@dataclass(frozen=True)
class Of:
    """One number: a report, a measure of it, and the part it is of (a split and its key; empty: all)."""

    report: str
    measure: str
    by: str = ""
    part: str = ""


@dataclass(frozen=True)
class Bound:
    """What the counter-metric must stay above or below."""

    of: Of
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float | None) -> bool | None:
        """Say whether it does; None: there is no number."""
        if value is None:
            return None
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)


@dataclass(frozen=True)
class Goal:
    """What is to be reached between two days."""

    key: str
    name: Translated
    of: Of
    target: float
    since: date
    until: date
    counter: Bound


class Status(StrEnum):
    """How a goal stands."""

    REACHED = "reached"
    ON_TRACK = "on_track"
    BEHIND = "behind"
    MISSED = "missed"
    UNKNOWN = "unknown"

    @property
    def label(self) -> Text:
        """Return its name."""
        return LABELS[self]


LABELS: Final = {
    Status.REACHED: t("Reached"), Status.ON_TRACK: t("On track"), Status.BEHIND: t("Behind"), Status.MISSED: t("Not reached in time"),
    Status.UNKNOWN: t("No numbers yet"),
}  # fmt: skip


def expected(goal: Goal, start: float, today: date) -> float:
    """Return what the number should be today, on a straight way from where it began to the target."""
    whole = (goal.until - goal.since).days
    return start + (goal.target - start) * min(1.0, max(0.0, (today - goal.since).days / whole))


def status(goal: Goal, start: float | None, value: float | None, today: date, wants: int) -> Status:
    """Say how a goal stands; `wants` is 1 where more is better, -1 where less is. Where nothing is known of the beginning, the target is the way."""
    if value is None:
        return Status.UNKNOWN
    if (value - goal.target) * wants >= 0:
        return Status.REACHED
    if today > goal.until:
        return Status.MISSED
    way = expected(goal, start, today) if start is not None else goal.target
    return Status.ON_TRACK if (value - way) * wants >= 0 else Status.BEHIND
