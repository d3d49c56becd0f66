"""What people are told of, in kinds of which each chooses the ways; and the hours in which mail waits. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.rules.errors import Invalid
from app.rules.words import Text, t

SATURDAY: Final = 5


class Way(StrEnum):
    """How somebody is told of one kind of news."""

    BOTH = "both"
    INBOX = "inbox"
    MAIL = "mail"


class Kind(StrEnum):
    """What news is about; the order is that of the page on which one chooses."""

    ANSWERS = "answers"
    OWN = "own"
    DECISIONS = "decisions"
    GIVEN = "given"
    TEAM = "team"
    CLOCKS = "clocks"
    MAJORS = "majors"


NAMES: Final[Mapping[Kind, tuple[Text, Text]]] = {
    Kind.ANSWERS: (t("Messages"), t("Somebody wrote to you, or named you.")),
    Kind.OWN: (t("My requests, reports and access"), t("How they go on.")),
    Kind.DECISIONS: (t("Decisions"), t("Somebody asks for your approval.")),
    Kind.GIVEN: (t("Work that is mine"), t("It was given to you, or came back.")),
    Kind.TEAM: (t("Work of my teams"), t("It is there for anybody of a team.")),
    Kind.CLOCKS: (t("Time that runs out"), t("What was promised is due soon, or late.")),
    Kind.MAJORS: (t("Major incidents"), t("What affects many people.")),
}  # fmt: skip
WAYS: Final[Mapping[Way, Text]] = {Way.BOTH: t("Inbox and mail"), Way.INBOX: t("Inbox only"), Way.MAIL: t("Mail only")}
USUALLY: Final[Mapping[Kind, Way]] = {Kind.TEAM: Way.MAIL}  # the queue shows it already, and the whole team is told
_ABOUT: Final[Mapping[Kind, tuple[str, ...]]] = {  # letters of app/channels/templates/letters.toml
    Kind.ANSWERS: ("reply", "incident_reply", "incident_recap", "incident_mention", "approval_question", "approval_answer"),
    Kind.OWN: (
        "request_submitted", "no_approver_yet", "item_approved", "item_rejected", "item_closed", "item_incomplete", "item_fulfilled", "item_on_hold",
        "incident_opened", "incident_waiting", "incident_resolved", "incident_reminder", "incident_works_again", "incident_canceled", "access_ends", "access_ended", "survey",
    ),
    Kind.DECISIONS: ("approval_asked", "approval_reminder", "approval_escalated", "recertify", "recertify_reminder", "recertify_closed"),
    Kind.GIVEN: ("incident_assigned", "task_assigned", "incident_resumed", "incident_reopened", "closure_returned"),
    Kind.TEAM: (
        "incident_for_team", "task_opened", "survey_bad", "step_failed", "item_drifted", "beneficiary_left", "no_approver", "approval_overdue", "access_stuck",
    ),
    Kind.CLOCKS: ("clock_warning", "clock_over"),
    Kind.MAJORS: ("major_proposed", "major_seat", "major_rejected", "major_demoted", "major_update", "major_update_due", "major_update_late"),
}  # fmt: skip
KINDS: Final[Mapping[str, Kind]] = {letter: kind for kind, letters in _ABOUT.items() for letter in letters}


def kind(letter: str) -> Kind:
    """Return what a letter is about."""
    return KINDS.get(letter, Kind.OWN)


def way(letter: str, chosen: Mapping[str, Any]) -> Way:
    """Return how somebody who chose so is told what this letter says."""
    about = kind(letter)
    return Way(chosen.get("ways", {}).get(about, USUALLY.get(about, Way.BOTH)))


@dataclass(frozen=True)
class Quiet:
    """Hours of the reader's own day in which mail waits; equal ends leave only the weekends, if those."""

    start: time
    end: time
    weekends: bool = False

    def over_at(self, now: datetime, zone: str) -> datetime | None:
        """Return when a mail may go out; None: at once."""
        there = ZoneInfo(zone)
        at = local = now.astimezone(there)
        while (later := self._ends(at)) is not None:
            at = datetime.combine(*later, there)
        return at.astimezone(now.tzinfo) if at != local else None

    def _ends(self, at: datetime) -> tuple[Any, time] | None:
        """Return when what is quiet at this instant ends: the day and the time."""
        next_day = at.date() + timedelta(days=1)
        if self.weekends and at.weekday() >= SATURDAY:
            return next_day, time()
        of_day = at.time()
        if self.start < self.end:
            return (at.date(), self.end) if self.start <= of_day < self.end else None
        if self.start == self.end or self.end <= of_day < self.start:
            return None
        return (next_day if of_day >= self.start else at.date()), self.end


def quiet(chosen: Mapping[str, Any]) -> Quiet | None:
    """Return the quiet hours that somebody chose."""
    hours = chosen.get("quiet")
    return Quiet(time.fromisoformat(hours["from"]), time.fromisoformat(hours["until"]), hours["weekends"]) if hours else None


def choice(ways: Mapping[str, str], hours: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a choice as it is kept: what differs from the usual. Raises Invalid for what cannot be chosen."""
    wrong = {name: t("Choose one from the list.") for name, value in ways.items() if name not in list(Kind) or value not in list(Way)}
    for end in ("from", "until") if hours else ():
        try:
            time.fromisoformat(str(hours and hours[end]))
        except ValueError:
            wrong[end] = t("Write a time of day, such as 20:00.")
    if hours and hours["from"] == hours["until"] and not hours["weekends"]:
        wrong["until"] = t("Choose another time than the first.")
    if wrong:
        raise Invalid(wrong)
    differs = {name: value for name, value in ways.items() if value != USUALLY.get(Kind(name), Way.BOTH)}
    return ({"ways": differs} if differs else {}) | ({"quiet": dict(hours)} if hours else {})
