"""News as the inbox shows it: the line of its letter, where it leads, what was said, and how it can be put off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from textwrap import shorten
from typing import Any, Final

from app.channels import letters
from app.models.sla import Notice
from app.queries import told
from app.rules import news
from app.rules.words import Text, t
from app.web import markdown
from app.web.current import now
from app.web.preferences import current_language, zone

EXCERPT: Final = 180
MORNING: Final = time(8)
ICONS: Final[Mapping[news.Kind, str]] = {
    news.Kind.ANSWERS: "reply", news.Kind.OWN: "bag-check", news.Kind.DECISIONS: "check2-circle", news.Kind.GIVEN: "person-check",
    news.Kind.TEAM: "people", news.Kind.CLOCKS: "hourglass-split", news.Kind.MAJORS: "megaphone",
}  # fmt: skip
LATER: Final[Mapping[str, Text]] = {"hours": t("In three hours"), "tomorrow": t("Tomorrow morning"), "monday": t("On Monday")}


@dataclass(frozen=True)
class News:
    """One piece of it."""

    notice: Notice
    icon: str
    said: str
    excerpt: str
    number: str
    url: str


def shown(row: Any) -> News:
    """Return a row of the inbox as its reader sees it."""
    notice: Notice = row[0]
    values: dict[str, Any] = {**told.values(row), "path": _path(notice.name, row.number), **notice.params}
    note = row.note or notice.params.get("note") or ""
    return News(
        notice, ICONS[news.kind(notice.name)], letters.subject_of(notice.name, current_language(), values) or row.title or "",
        shorten(markdown.html(str(note)).striptags(), EXCERPT, placeholder=" …"), row.number or "", letters.path_of(notice.name, values) or _path("", row.number),
    )  # fmt: skip


def until(when: str) -> datetime | None:
    """Return the instant that one of LATER means, on the reader's clock."""
    here = now().astimezone(zone())
    if when == "hours":
        return now() + timedelta(hours=3)
    days = {"tomorrow": 1, "monday": 7 - here.weekday()}.get(when)
    return datetime.combine(here.date() + timedelta(days=days), MORNING, zone()) if days else None


def _path(letter: str, number: str | None) -> str:
    """Return where the one-time link of a letter leads whoever is signed in."""
    if number is None:
        return ""
    return f"/approvals/{number}" if letter.startswith("approval_") else f"/records/{number}"
