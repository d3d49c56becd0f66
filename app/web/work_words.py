"""What was worked, in words: lengths, and the events that tell of them."""

from datetime import timedelta
from typing import Any, Final

from app.queries.timeline import Moment
from app.rules.words import Text, t
from app.web.clock_words import length
from app.web.shown import say

NAMES: Final = frozenset(f"{kind}.{act}" for kind in ("incident", "request", "task") for act in ("log_time", "correct_time", "remove_time"))


def sentence(moment: Moment) -> tuple[str, Text]:
    """Return the icon and the words of an event that tells of worked time."""
    act, was, now = moment.name.partition(".")[2], _length(moment.before), _length(moment.after)
    if act == "log_time":
        return "clock-history", t("wrote down %(length)s of work", length=now)
    if act == "correct_time":
        return "clock-history", t("corrected worked time from %(was)s to %(now)s", was=was, now=now)
    return "clock-history", t("took %(length)s of worked time off", length=was)


def _length(said: Any) -> str:
    return say(length(timedelta(minutes=int(said.get("minutes", 0)))))
