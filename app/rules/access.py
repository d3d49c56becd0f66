"""When an access is looked at, what an extension leads to, and when reviewers are reminded: values in, values out."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.rules.words import t


class Unanswered(StrEnum):
    """What becomes of an access that its reviewer said nothing about by the last day."""

    KEEP = "keep"
    REVOKE = "revoke"


LAST_DAY = timedelta(days=1)


def end_of(day: date, zone: str) -> datetime:
    """Return the moment at which a day is over in that zone (aware UTC)."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


def last_day(ends_at: datetime, zone: str) -> date:
    """Return the last day of something that ends then, as people say it: the end itself is not included."""
    return (ends_at - timedelta(minutes=1)).astimezone(ZoneInfo(zone)).date()


def later(held: datetime | None, asked: datetime | None) -> datetime | None:
    """Return where an access ends that is ordered again: what was approved before is never cut short. None: for good."""
    return None if held is None or asked is None else max(held, asked)


def next_look(granted_at: datetime, ends_at: datetime | None, reminder: timedelta, *, reminded: bool = False) -> datetime | None:
    """Return when to look at an access next: to remind its holder, then to end it; None where it stays for good.

    One shorter than the reminder's time is not reminded of: its holder has only just asked for it.
    """
    if ends_at is None or reminded or ends_at - reminder <= granted_at:
        return ends_at
    return ends_at - reminder


def next_review_look(started_at: datetime, due_at: datetime, now: datetime) -> datetime:
    """Return when a campaign is looked at next: after half of its time, on its last day, and when it is over."""
    half, last = started_at + (due_at - started_at) / 2, due_at - LAST_DAY
    return min((at for at in (half, last) if now < at and started_at < at), default=due_at)


ENDED_WHY: Final = {
    "expired": t("Its last day was over"),
    "given_back": t("It was given back"),
    "revoked": t("An administrator took it away"),
    "recertification": t("Its reviewer said that it is no longer needed"),
    "unanswered": t("Nobody answered for it in a review"),
    "leaver": t("The person left"),
    "undone": t("The order that gave it was undone"),
    "request": t("Another order ended it"),
}
HAPPENED: Final = {
    "grant.open": t("Given"),
    "grant.remind": t("Reminded of the end"),
    "grant.ending": t("To be taken away"),
    "grant.stuck": t("Could not be taken away; its team was told"),
    "grant.retry": t("Tried again"),
    "grant.restore": t("The longer time was undone"),
    "grant.end": t("Taken away"),
}
