"""What can be done to many incidents at once: with which permission, in which states, and what has to be said. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.rules.words import Text, t

OPEN: Final = frozenset({"new", "in_progress", "on_hold"})
MOST: Final = 1000


class Act(StrEnum):
    """What is done to each."""

    TAKE = "take"
    ASSIGN = "assign"
    HAND_OVER = "hand_over"
    HOLD = "hold"
    RESUME = "resume"
    RESOLVE = "resolve"
    REPLY = "reply"
    TAG = "tag"
    LINK = "link"
    ADOPT = "adopt"


@dataclass(frozen=True)
class Way:
    """How an act is called, what it needs, and the fields that go with it."""

    word: Text
    permission: str
    states: frozenset[str]
    fields: tuple[str, ...] = ()


WAYS: Final[Mapping[Act, Way]] = {
    Act.TAKE: Way(t("Take them"), "incident.assign", OPEN),
    Act.ASSIGN: Way(t("Assign to somebody"), "incident.assign", OPEN, ("person",)),
    Act.HAND_OVER: Way(t("Hand over to a team"), "incident.assign", OPEN, ("team", "body")),
    Act.HOLD: Way(t("Put on hold"), "incident.hold", frozenset({"in_progress", "on_hold"}), ("reason", "body")),
    Act.RESUME: Way(t("Take up again"), "incident.resume", frozenset({"on_hold"})),
    Act.RESOLVE: Way(t("Resolve"), "incident.resolve", frozenset({"in_progress", "on_hold"}), ("code", "body")),
    Act.REPLY: Way(t("Reply to all"), "incident.reply", OPEN | {"resolved"}, ("body",)),
    Act.TAG: Way(t("Add a tag"), "incident.tag", OPEN | {"resolved", "closed", "canceled"}, ("tag",)),
    Act.LINK: Way(t("Link to a problem"), "incident.link", OPEN | {"resolved", "closed"}, ("other",)),
    Act.ADOPT: Way(t("Make them part of another incident"), "incident.link", OPEN, ("other",)),
}


def refusal(act: Act, state: str, *, may: bool) -> Text | None:
    """Return why this cannot be done to an incident in that state, or None where nothing is known that stands against it."""
    if not may:
        return t("You may not do this.")
    return None if state in WAYS[act].states else t("Its state does not allow it.")
