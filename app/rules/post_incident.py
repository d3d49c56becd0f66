"""The draft of a post-incident report: what the record itself knows, in Markdown, with room for what people know. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from app.rules.majors import SEATS, Seat
from app.rules.words import Text, t

EVENTS: Final[Mapping[str, Text]] = {
    "incident.create": t("It was reported."), "incident.start": t("Work began."), "incident.assign": t("It was given to somebody else."),
    "incident.hand_over": t("It was handed over to another team."), "incident.hold": t("It had to wait."), "incident.resume": t("Work went on."),
    "incident.change": t("What is known of it changed."), "incident.propose_major": t("It was proposed as a major incident."),
    "incident.accept_major": t("It was accepted as a major incident."), "incident.appoint_major": t("Somebody else took over a role."),
    "incident.major_update": t("Everybody affected was told."), "incident.update_late": t("An update was late; those who lead it were reminded."),
    "incident.threshold": t("Part of the time promised for it was used up; those in charge were told."),
    "incident.reply": t("Somebody wrote on it."), "incident.resolve": t("It was resolved."), "incident.reopen": t("It was reopened."),
}  # fmt: skip
BLANKS: Final = (
    (t("Root cause"), t("Not known yet.")), (t("What went well"), t("…")), (t("What did not"), t("…")), (t("Where we were lucky"), t("…")),
)  # fmt: skip


class Happened(NamedTuple):
    """One line of the timeline: when, who (empty: the desk), the event's name, and what was noted then."""

    at: datetime
    who: str
    event: str
    words: str = ""


class Told(NamedTuple):
    """An update: when, who wrote it, its words, and how many people it went to."""

    at: datetime
    who: str
    words: str
    people: int


@dataclass(frozen=True)
class Case:
    """What the record knows."""

    number: str
    title: str
    reason: str
    impact: str
    opened_at: datetime
    accepted_at: datetime | None
    started_at: datetime | None
    resolved_at: datetime | None
    seats: Mapping[Seat, str]
    services: Sequence[str]
    children: int
    late: int  # reminders of late updates
    resolution: str = ""
    timeline: Sequence[Happened] = field(default_factory=tuple)
    updates: Sequence[Told] = field(default_factory=tuple)


Say = Callable[[Text], str]
When = Callable[[datetime], str]


def draft(case: Case, say: Say, when: When) -> str:
    """Return the draft in the language of `say`, with times as `when` writes them."""
    parts = [f"# {say(t('Post-incident report'))}: {case.number} {line(case.title)}"]
    parts += [f"## {say(t('What happened'))}", case.reason or say(t("Not known yet.")), f"## {say(t('What it did to the business'))}", case.impact or say(t("Not known yet."))]
    affected = say(t("Affected: %(names)s.", names=", ".join(map(line, case.services)))) if case.services else ""
    parts += [" ".join(filter(None, (affected, say(t("Other reports of the same: %(count)s.", count=case.children)))))]
    parts += [f"## {say(t('How long it took'))}", table([say(t("From")), say(t("To")), say(t("Time"))], _lengths(case, say))]
    parts += [f"## {say(t('Who led it'))}", "\n".join(f"- {say(SEATS[seat])}: {line(name)}" for seat, name in case.seats.items())]
    parts += [f"## {say(t('What was done'))}", case.resolution or say(t("Not known yet."))]
    parts += [f"## {say(t('Timeline'))}", table([say(t("When")), say(t("Who")), say(t("What"))], [
        (when(each.at), line(each.who) or "Balcão", line(each.words) or say(EVENTS[each.event])) for each in case.timeline if each.words or each.event in EVENTS])]  # fmt: skip
    parts += [f"## {say(t('What everybody affected was told'))}", *(_told(each, say, when) for each in case.updates)]
    if not case.updates:
        parts.append(say(t("Nobody wrote an update.")))
    parts.append(say(t("Reminders of late updates: %(count)s.", count=case.late)))
    for title, blank in BLANKS:
        parts += [f"## {say(title)}", say(blank)]
    parts += [f"## {say(t('What we will do'))}", table([say(t("What")), say(t("Who")), say(t("Until"))], [("…", "…", "…")])]
    return "\n\n".join(parts) + "\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


def line(words: str) -> str:
    """Return words as one line."""
    return " ".join(words.split())


def length(span: timedelta, say: Say) -> str:
    """Return a length as people say it: hours and minutes."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return say(t("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes)) if hours else say(t("%(minutes)s min", minutes=minutes))


def _lengths(case: Case, say: Say) -> list[tuple[str, str, str]]:
    pairs = (
        (t("reported"), case.opened_at, t("work began"), case.started_at), (t("reported"), case.opened_at, t("accepted as major"), case.accepted_at),
        (t("accepted as major"), case.accepted_at, t("resolved"), case.resolved_at), (t("reported"), case.opened_at, t("resolved"), case.resolved_at),
    )  # fmt: skip
    return [(say(one), say(other), length(ends - begins, say)) for one, begins, other, ends in pairs if begins and ends and ends >= begins]


def _told(each: Told, say: Say, when: When) -> str:
    head = say(t("%(when)s, by %(who)s, to %(count)s people:", when=when(each.at), who=line(each.who), count=each.people))
    return f"**{head}**\n\n" + "\n".join(f"> {row}" for row in each.words.splitlines())
