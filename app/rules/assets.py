"""Services and what they stand on: classes, relations, and whether one stands on another. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from app.rules.words import Text, t

KEY: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,58}[a-z0-9])?")
CLASSES: Final[dict[str, Text]] = {
    "service": t("Service"), "application": t("Application"), "database": t("Database"), "server": t("Server"),
    "network": t("Network"), "device": t("Device"), "location": t("Place"), "other": t("Other"),
}  # fmt: skip
RELATIONS: Final[dict[str, Text]] = {"depends_on": t("depends on"), "runs_on": t("runs on")}
CRITICALITIES: Final[dict[int, Text]] = {1: t("Vital"), 2: t("Important"), 3: t("Normal"), 4: t("Minor")}
Edge = tuple[int, int]
"""(source, target): the source stands on the target, so it is hurt when the target fails."""


def leads_to(edges: Iterable[Edge], start: int, end: int) -> bool:
    """Say whether one stands on the other, over any number of steps."""
    onward: dict[int, list[int]] = {}
    for source, target in edges:
        onward.setdefault(source, []).append(target)
    seen, edge = {start}, [start]
    while edge:
        edge = [other for one in edge for other in onward.get(one, ()) if other not in seen]
        seen.update(edge)
    return end in seen
