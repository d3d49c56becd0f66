"""A record's events in words: who did what to which part, with the note that belongs to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.queries.timeline import Moment
from app.rules.words import Text, t
from app.web import incident_words, work_words
from app.web.shown import STATES

INTERNAL: Final = frozenset({"work_note", "closing"})
TALK: Final = frozenset({"reply", "work_note", "reason", "closing"})
CALLS: Final = frozenset({"request.call", "task.call"})
SENTENCES: Final = {
    "request.create": ("send", t("ordered it")),
    "item.create": ("box-seam", t("added %(number)s")),
    "item.plan": ("card-checklist", t("worked out what will be done for %(number)s")),
    "item.ask": ("person-check", t("asked for approval of %(number)s")),
    "item.vote": ("hand-thumbs-up", t("answered on %(number)s: %(choice)s")),
    "item.remind": ("bell", t("reminded those who have not answered on %(number)s")),
    "request.reply": ("reply", t("wrote")),
    "task.create": ("list-task", t("gave a team the task %(number)s")),
    "task.assign": ("person-plus", t("gave %(number)s to somebody")),
    "task.release": ("person-dash", t("gave %(number)s back to its team")),
    "task.note": ("pencil", t("wrote a note on %(number)s")),
    "item.webhook": ("arrow-up-right", t("told another system about %(number)s")),
    "item.verify": ("check2-circle", t("saw that %(number)s works")),
    "item.check": ("search", t("looked again whether %(number)s works")),
    "item.summary": ("card-text", t("wrote down how %(number)s went")),
    "item.leave_groups": ("key", t("ended memberships of groups that nobody had ordered, for %(number)s")),
    "item.undo": ("arrow-left", t("took back a step of %(number)s")),
    "item.escalate": ("person-plus", t("took the question about %(number)s to the next manager")),
    "item.threshold": ("bell", t("saw that %(percent)s %% of the time promised for %(number)s are used up")),
    "item.change": ("pencil", t("changed the answers of %(number)s")),
    "item.empower": ("card-checklist", t("let %(number)s through inside a limit")),
    "item.unspend": ("card-checklist", t("gave back what %(number)s took from a limit")),
    "grant.open": ("key", t("noted the access that %(number)s gives")),
    "grant.remind": ("bell", t("told that the access of %(number)s ends soon")),
    "grant.ending": ("key", t("began to end the access of %(number)s")),
    "grant.end": ("key", t("ended the access of %(number)s")),
    "request.replace": ("bag-check", t("ordered it in the place of %(record)s")),
    "request.convert": ("exclamation-triangle", t("opened the incident %(record)s from it")),
    "request.link": ("link-45deg", t("linked %(number)s")),
}
STEPS: Final = {
    "done": ("check2-circle", t("carried out the step “%(step)s” of %(number)s")),
    "retrying": ("arrow-repeat", t("will try the step “%(step)s” of %(number)s again")),
    "failed": ("exclamation-triangle", t("could not carry out the step “%(step)s” of %(number)s")),
}
CHOICES: Final = {"approve": t("yes"), "reject": t("no"), "abstain": t("abstained")}
CHANGED: Final = t("moved %(number)s to “%(state)s”")
OTHER: Final = t("%(number)s: %(event)s")


@dataclass(frozen=True)
class Entry:
    """One line of a timeline."""

    icon: str
    who: str
    line: Text
    at: datetime
    said: str
    internal: bool
    id: int
    person_id: int | None = None
    note_id: int | None = None


def entries(moments: Iterable[Moment], which: str = "all") -> list[Entry]:
    """Return the lines of these events, all of them, those with words (`talk`), or those without (`changes`)."""
    wanted = {"talk": lambda moment: moment.note_kind in TALK, "changes": lambda moment: moment.note_kind not in TALK}
    return [entry(moment) for moment in moments if wanted.get(which, lambda _: True)(moment)]


def entry(moment: Moment) -> Entry:
    """Return one event in words."""
    icon, line = _sentence(moment)
    internal = moment.note_kind in (incident_words.INTERNAL if moment.name.startswith("incident.") else INTERNAL)
    return Entry(icon, moment.person or "", line, moment.at, moment.note or "", internal, moment.id, moment.person_id, moment.note_id)


def _sentence(moment: Moment) -> tuple[str, Text]:
    if moment.name in work_words.NAMES:
        return work_words.sentence(moment)
    if moment.name.startswith("incident."):
        return incident_words.sentence(moment)
    if moment.name in CALLS:
        return incident_words.call(moment)
    state = moment.after.get("state")
    choice = CHOICES.get(str(moment.after.get("choice")), t("no answer"))
    if moment.name in SENTENCES:
        icon, words = SENTENCES[moment.name]
        return icon, t(words.msgid, number=moment.stream, choice=choice, record=str(moment.after.get("record", "")))
    if moment.name == "item.step" and state in STEPS:
        icon, words = STEPS[str(state)]
        return icon, t(words.msgid, number=moment.stream, step=str(moment.after.get("step", "")))
    if state in STATES and moment.before.get("state") != state:
        return "arrow-right", t(CHANGED.msgid, number=moment.stream, state=STATES[state].word)
    return "activity", t(OTHER.msgid, number=moment.stream, event=moment.name.partition(".")[2].replace("_", " "))
