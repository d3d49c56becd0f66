"""Why a clock does what it does, in words (the conditions of app/rules/sla.py), and lengths of working time."""

from datetime import datetime, timedelta
from typing import Final

from flask import Flask

from app import calendars, sla
from app.practice import practice
from app.rules import hours
from app.rules.clock_rounds import State
from app.rules.words import Text, t
from app.web.shown import STATES, say

SIGNS: Final = {
    "opened": t("it was opened"), "replied": t("the desk answered"), "called": t("the desk called"), "caller_wrote": t("the caller wrote"),
    "cause_documented": t("the cause is documented"), "given": t("the team has it"), "left": t("it went on"), "no_target": t("no target fits it any more"),
}  # fmt: skip
DOES: Final = {
    State.RUNNING: (t("runs"), "clock", ""), State.PAUSED: (t("paused"), "pause-circle", "warning"), State.COMPLETED: (t("stopped"), "check-circle-fill", "success"),
    State.CANCELED: (t("dropped"), "x-circle", ""),
}  # fmt: skip
OF: Final = {"sla": t("Promised to the caller"), "ola": t("Agreed between teams"), "underpinning": t("Promised by a supplier")}


def init_app(app: Flask) -> None:
    """Give pages the working time until something is due."""
    app.jinja_env.globals.update(working_time=working_time, clock_name=clock_name)
    app.jinja_env.filters.update(length_of_work=lambda time: say(length(time)))


def working_time(calendar: str | None, now: datetime, due: datetime) -> timedelta:
    """Return the working time between now and then, whichever is first; by the wall clock where the calendar is gone."""
    first, last = min(now, due), max(now, due)
    known = calendars.all_of_them().get(calendar or "")
    return hours.between(known, first, last) if known else last - first


def clock_name(key: str | None) -> str:
    """Return what a clock is called."""
    return next((say(each.name) for each in sla.agreement().definitions if each.key == key), key or "")


def why(condition: str) -> str:
    """Return a condition in words: `on_hold:caller` is what the organisation calls it."""
    if condition in SIGNS:
        return say(SIGNS[condition])
    state, _, reason = condition.partition(":")
    if reason:
        return say(t("waits for: %(reason)s", reason=say(practice().holds.get(reason, reason))))
    return say(t("its state is “%(state)s”", state=say(STATES[state].word))) if state in STATES else condition


def length(time: timedelta) -> Text:
    """Return a length of working time in hours and minutes: days of work are not days of 24 hours."""
    hours, minutes = divmod(int(abs(time).total_seconds() // 60), 60)
    if not hours:
        return t("%(minutes)s min", minutes=minutes)
    return t("%(hours)s h %(minutes)s min", hours=hours, minutes=f"{minutes:02d}") if minutes else t("%(hours)s h", hours=hours)
