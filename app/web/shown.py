"""How values look on a page: sentences, times, states, priorities, people. Registered as Jinja filters and functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zlib import crc32

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_currency
from flask import Flask, g, has_request_context

from app.language import local, translate
from app.models.people import Team
from app.rules.permissions import Role
from app.rules.words import LANGUAGES, Text, t
from app.web.preferences import LOCALES, current_language, zone

# Skeletons differ too much between languages to share one: the day matters more than the year, the clock has 24 hours.
PATTERNS: Final = {
    "en": {"day": "EEE d MMM", "day_year": "d MMM y", "moment": "EEE d MMM, HH:mm", "moment_year": "d MMM y, HH:mm", "full": "EEEE, d MMMM y, HH:mm zzz"},
    "pt": {
        "day": "EEE, d 'de' MMM", "day_year": "d 'de' MMM 'de' y", "moment": "EEE, d 'de' MMM, HH:mm", "moment_year": "d 'de' MMM 'de' y, HH:mm",
        "full": "EEEE, d 'de' MMMM 'de' y, HH:mm zzz",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """A state on the screen: the shape of its dot, what its colour means, and its word."""

    shape: str
    tone: str
    word: Text
    plain: Text | None = None

    def label(self, *, plain: bool) -> Text:
        """Return the word for those who work here, or the plain one for everybody else."""
        return (self.plain if plain else None) or self.word


STATES: Final = {
    "draft": Look("dashed", "idle", t("Draft")),
    "new": Look("dashed", "info", t("New")),
    "submitted": Look("ring", "active", t("Sent")),
    "requested": Look("ring", "active", t("Being planned"), t("Sent")),
    "pending": Look("dashed", "idle", t("Waiting its turn")),
    "open": Look("ring", "info", t("To do")),
    "assess": Look("ring", "active", t("Being assessed")),
    "awaiting_approval": Look("ring", "wait", t("Waiting for approval")),
    "authorize": Look("ring", "wait", t("Waiting for authorisation")),
    "in_review": Look("ring", "wait", t("In review")),
    "approved": Look("half", "active", t("Approved")),
    "scheduled": Look("half", "info", t("Scheduled")),
    "in_progress": Look("half", "active", t("In progress")),
    "in_fulfilment": Look("half", "active", t("In fulfilment"), t("In progress")),
    "fulfilling": Look("half", "active", t("Being carried out")),
    "implement": Look("half", "active", t("Being implemented")),
    "root_cause_analysis": Look("half", "active", t("Root-cause analysis")),
    "fix_in_progress": Look("half", "active", t("Fix in progress")),
    "review": Look("half", "wait", t("Being reviewed")),
    "compensating": Look("half", "wait", t("Being undone")),
    "on_hold": Look("pause", "wait", t("On hold")),
    "failed": Look("cross", "bad", t("Failed"), t("Needs our attention")),
    "rejected": Look("cross", "bad", t("Rejected"), t("Not approved")),
    "resolved": Look("check", "done", t("Resolved")),
    "fulfilled": Look("check", "done", t("Fulfilled"), t("Done")),
    "published": Look("check", "done", t("Published")),
    "closed": Look("check", "done", t("Closed"), t("Done")),
    "closed_complete": Look("check", "done", t("Closed, complete"), t("Done")),
    "closed_incomplete": Look("dash", "bad", t("Closed, incomplete"), t("Not completed")),
    "closed_skipped": Look("dash", "idle", t("Skipped"), t("Not needed")),
    "retired": Look("dash", "idle", t("Retired")),
    "canceled": Look("dash", "idle", t("Cancelled")),
}
PRIORITIES: Final = {1: t("Critical"), 2: t("High"), 3: t("Moderate"), 4: t("Low"), 5: t("Planning")}




def init_app(app: Flask) -> None:
    """Give templates these functions."""
    app.jinja_env.filters.update(say=say, moment=moment, day=day, clock=clock, full_time=full_time, ago=ago, span=span, weekday=weekday, day_of_year=day_of_year, money=money, initials=initials, tint=tint, team_name=team_name, titled=titled, role_name=role_name)
    app.jinja_env.globals.update(state_look=state_look, words_of=words_of, browser=browser, PRIORITIES=PRIORITIES, minute=timedelta(minutes=1))


def say(text: Text | Mapping[str, str] | str) -> str:
    """Return a sentence, or the words of the catalogue, in the reader's language; a plain string stays as it is."""
    if isinstance(text, Mapping):
        return text.get(current_language()) or text[LANGUAGES[0]]
    return translate(text, current_language()) if isinstance(text, Text) else str(text)


def words_of(table: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """Return the organisation's own words (config/*.toml) as options of a select, in the reader's language."""
    return [(key, say(words)) for key, words in table.items()]


def team_name(team: Team) -> str:
    """Return the team's name in the reader's language."""
    return team.name_pt if current_language() == "pt" else team.name


def titled(row: Any) -> str:
    """Return what a record is called, in the reader's language where the catalogue named it."""
    return str((row.title_pt if current_language() == "pt" else None) or row.title)


def role_name(role: Role) -> str:
    """Return the role's name in the reader's language."""
    return role.name_pt if current_language() == "pt" else role.name


def state_look(state: str) -> Look:
    """Return how a state looks."""
    return STATES[state]


def _format(at: datetime, pattern: str) -> str:
    return _written(at, pattern, current_language(), zone())


@lru_cache(8192)
def _written(at: datetime, pattern: str, language: str, tz: tzinfo) -> str:
    return str(format_datetime(at, PATTERNS[language][pattern], tzinfo=tz, locale=LOCALES[language]))


def moment(at: datetime) -> str:
    """Return day and time: `Tue 24 Nov, 16:00`; of another year `22 Feb 2027, 16:00`."""
    return _format(at, "moment" if _is_of_this_year(at) else "moment_year")


def _is_of_this_year(at: datetime) -> bool:
    """Say whether no year has to be named: it is this one, or nobody knows (a visitor's page)."""
    identity = g.get("desk_identity") if has_request_context() else None
    return identity is None or local(at, str(zone())).year == local(identity.desk_now, str(zone())).year


def full_time(at: datetime) -> str:
    """Return the whole date and time with its zone, for titles and details."""
    return _format(at, "full")


def day(on: date | datetime) -> str:
    """Return a day; the year only where it is a plain date or another one than this."""
    language = current_language()
    if isinstance(on, datetime) and _is_of_this_year(on):
        return str(format_date(local(on, str(zone())), PATTERNS[language]["day"], locale=LOCALES[language]))
    on = local(on, str(zone())) if isinstance(on, datetime) else on
    return str(format_date(on, PATTERNS[language]["day_year"], locale=LOCALES[language]))


def clock(at: datetime) -> str:
    """Return the time of day: `16:00`."""
    return str(format_time(at, "HH:mm", tzinfo=zone(), locale=LOCALES[current_language()]))


def ago(at: datetime, now: datetime) -> str:
    """Return how long ago, or in how long: what a browser without script shows."""
    seconds = round((at - now).total_seconds())
    return _since(seconds if abs(seconds) < 3600 else seconds // 60 * 60, current_language())


@lru_cache(8192)
def _since(seconds: int, language: str) -> str:
    """Writing a time takes a tenth of a millisecond, and a list of fifty has a hundred of them."""
    return str(format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=LOCALES[language]))


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units: `1 h 20 min`, `3 d 4 h`."""
    minutes = max(0, int(abs(length).total_seconds() // 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    found = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(found[:2]) or "< 1 min"


def weekday(number: int) -> str:
    """Return the name of a day of the week; 0 is Monday."""
    return str(format_date(date(2024, 1, 1 + number), "EEEE", locale=LOCALES[current_language()])).capitalize()


def day_of_year(on: date) -> str:
    """Return a day where the year is said beside it: `Fri 20 Nov`."""
    language = current_language()
    return str(format_date(on, PATTERNS[language]["day"], locale=LOCALES[language]))


def money(amount: Decimal, currency: str) -> str:
    """Return a sum as the reader writes it: `R$ 1.200,00`, `R$1,200.00`."""
    return str(format_currency(amount, currency, locale=LOCALES[current_language()]))


def initials(name: str) -> str:
    """Return the letters of an avatar: first and last name."""
    words = [word for word in name.split() if word[:1].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def tint(name: str) -> int:
    """Return which of the six avatar colours a name has, the same everywhere."""
    return crc32(name.encode()) % 6 + 1


def browser(agent: str) -> str:
    """Return what one calls the browser of a User-Agent: `Firefox, Windows`."""
    names = {"Edg/": "Edge", "Firefox/": "Firefox", "OPR/": "Opera", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux"}
    found = [next((name for sign, name in each.items() if sign in agent), "") for each in (names, systems)]
    return ", ".join(filter(None, found)) or say(t("Another program"))
