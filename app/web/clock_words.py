"""Why a clock does what it does, in words (the conditions of app/rules/sla.py), and lengths of working time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from flask import Flask

from app import calendars, sla
from app.practice import practice
from app.rules import hours
from app.rules.clock_rounds import State
from app.rules.ladders import LEAD, PRIORITY, ROLE, TEAM, TIER, Step, Who
from app.rules.words import Text, t
from app.settings import matrix
from app.web.shown import STATES, role_name, say

SIGNS: Final = {
    "opened": t("it was opened"), "replied": t("the desk answered"), "called": t("the desk called"), "caller_wrote": t("the caller wrote"),
    "cause_documented": t("the cause is documented"), "given": t("the team has it"), "left": t("it went on"), "no_target": t("no target fits it any more"),
}  # fmt: skip
DOES: Final = {
    State.RUNNING: (t("runs"), "clock", ""), State.PAUSED: (t("paused"), "pause-circle", "warning"), State.COMPLETED: (t("stopped"), "check-circle-fill", "success"),
    State.CANCELED: (t("dropped"), "x-circle", ""),
}  # fmt: skip
TELLS: Final[Mapping[str, Text]] = {
    Who.ASSIGNEE: t("who has it"), Who.TEAM: t("its team"), Who.LEAD: t("the lead of its team"), Who.MANAGER: t("the manager above"),
}  # fmt: skip
OF: Final = {"sla": t("Promised to the caller"), "ola": t("Agreed between teams"), "underpinning": t("Promised by a supplier")}


def init_app(app: Flask) -> None:
    """Give pages the working time until something is due."""
    app.jinja_env.globals.update(working_time=working_time, clock_name=clock_name, waits_for=waits_for)
    app.jinja_env.filters.update(length_of_work=short)


def working_time(calendar: str | None, now: datetime, due: datetime) -> timedelta:
    """Return the working time between now and then, whichever is first; by the wall clock where the calendar is gone."""
    first, last = min(now, due), max(now, due)
    known = calendars.all_of_them().get(calendar or "")
    return hours.between(known, first, last) if known else last - first


def clock_name(key: str | None) -> str:
    """Return what a clock is called."""
    return next((say(each.name) for each in sla.agreement().definitions if each.key == key), key or "")


def waits_for(reason: str) -> str:
    """Return what a record on hold waits for, as the organisation calls it."""
    return say(practice().holds.get(reason, reason))


def short(time: timedelta) -> str:
    """Return a length of working time as a list has room for it: `2 h 05`, `45 min`."""
    hours, minutes = divmod(int(abs(time).total_seconds() // 60), 60)
    return f"{hours} h {minutes:02d}" if hours else f"{minutes} min"


def why(condition: str) -> str:
    """Return a condition in words: `on_hold:caller` is what the organisation calls it."""
    if condition in SIGNS:
        return say(SIGNS[condition])
    state, _, reason = condition.partition(":")
    if reason:
        return say(t("waits for: %(reason)s", reason=waits_for(reason)))
    return say(t("its state is “%(state)s”", state=say(STATES[state].word))) if state in STATES else condition


def mark(step: Step) -> str:
    """Return when a step comes: `75 %`, `100 % + 2h`."""
    return f"{step.at} %" + (f" + {step.after}" if step.after else "")


def does(step: Step) -> list[str]:
    """Return what a step of a ladder does, and whom it tells."""
    told = [say(TELLS[word]) if word in TELLS else _named(word) for word in step.tell]
    acts = [
        (step.raises == PRIORITY, t("the priority goes up")), (step.raises == TIER, t("it goes to the next tier of teams")),
        (step.reassign == LEAD, t("the lead of its team gets it")), (step.reassign.startswith(TEAM), t("team %(key)s gets it", key=step.reassign.removeprefix(TEAM))),
        (step.proposes_major, t("it is proposed as a major incident")),
    ]  # fmt: skip
    return ([say(t("told: %(names)s", names=", ".join(told)))] if told else []) + [say(words) for is_done, words in acts if is_done]


def _named(word: str) -> str:
    """Return who is behind role:<key> or team:<key>."""
    role = matrix().roles.get(word.removeprefix(ROLE)) if word.startswith(ROLE) else None
    return role_name(role) if role is not None else word.removeprefix(TEAM)


def length(time: timedelta) -> Text:
    """Return a length of working time in hours and minutes: days of work are not days of 24 hours."""
    hours, minutes = divmod(int(abs(time).total_seconds() // 60), 60)
    if not hours:
        return t("%(minutes)s min", minutes=minutes)
    return t("%(hours)s h %(minutes)s min", hours=hours, minutes=f"{minutes:02d}") if minutes else t("%(hours)s h", hours=hours)
