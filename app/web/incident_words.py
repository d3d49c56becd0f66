"""The events of an incident in words: who took it, what it waits for, what changed from what to what."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from app.practice import practice
from app.queries.timeline import Moment
from app.rules import closure
from app.rules.closure import Check
from app.rules.words import Text, t
from app.sla import agreement
from app.web.preferences import current_language
from app.web.shown import PRIORITIES, STATES, say

INTERNAL: Final = frozenset({"work_note"})
IMPACT: Final = {1: t("High impact"), 2: t("Medium impact"), 3: t("Low impact")}  # each its own words: in Portuguese they differ in gender
URGENCY: Final = {1: t("High urgency"), 2: t("Medium urgency"), 3: t("Low urgency")}
CHANNELS: Final = {
    "portal": t("Portal"), "phone": t("Phone"), "in_person": t("In person"), "email": t("E-mail"), "chat": t("Chat"), "api": t("Another system"),
}  # fmt: skip
LINKS: Final = {  # a link from here, and one that leads here
    "caused_by": (t("Caused by"), t("Caused")), "follows": (t("Follows"), t("Followed by")), "duplicates": (t("Repeats"), t("Repeated by")),
    "problem": (t("Problem"), t("Incident")), "known_error": (t("Known error"), t("Incident")), "change": (t("Change"), t("Incident")),
    "request": (t("Request"), t("Incident")), "replaced_by": (t("Replaced by"), t("Replaces")), "related": (t("Related"), t("Related")),
}  # fmt: skip
PLAIN: Final = {
    "incident.reply": ("reply", t("wrote")), "incident.note": ("lock", t("noted")), "incident.resume": ("arrow-repeat", t("made it go on")),
    "incident.undo": ("arrow-left", t("took that back")),
    "incident.reopen": ("arrow-repeat", t("reopened it")), "incident.let_go": ("person-check", t("gave it back to its team")),
    "incident.attach": ("paperclip", t("added a file")), "incident.tag": ("tag", t("added a tag")), "incident.untag": ("tag", t("removed a tag")),
    "incident.me_too": ("hand-thumbs-up", t("has the same trouble")),
    "incident.release": ("diagram-3", t("let it go its own way")),
    "incident.accept_major": ("megaphone", t("accepted it as a major incident")), "incident.reject_major": ("megaphone", t("rejected it as a major incident")),
    "incident.demote_major": ("megaphone", t("says that it is no major incident after all")), "incident.appoint_major": ("people", t("named who leads it")),
    "incident.major_update": ("send", t("told everybody affected")), "incident.update_late": ("bell", t("reminded that an update is due")),
    "incident.draft_report": ("file-text", t("drafted the post-incident report")), "incident.write_report": ("pencil", t("wrote on the post-incident report")),
    "incident.file_report": ("check-lg", t("filed the post-incident report")),
    "incident.remind": ("bell", t("asked the caller once more whether it works")), "incident.correct": ("pencil", t("completed how it was resolved")),
    "incident.explain": ("lock", t("said what caused it")), "incident.waive_review": ("check-lg", t("let it close though something is missing")),
    "incident.sample": ("clipboard-check", t("chose it for a quality review")), "incident.assess": ("clipboard-check", t("reviewed its quality")),
}  # fmt: skip


def sentence(moment: Moment) -> tuple[str, Text]:
    """Return the icon and the words of one event."""
    if moment.name in PLAIN:
        return PLAIN[moment.name]
    if (made := MADE.get(moment.name)) is not None:
        return made(moment)
    state = str(moment.after.get("state"))
    if state in STATES:
        return "arrow-right", t("moved it to “%(state)s”", state=STATES[state].word)
    return "activity", t("%(event)s", event=moment.name.partition(".")[2].replace("_", " "))


def named(table: Mapping[str, Any], key: str | None) -> str:
    """Return the organisation's word for a key; the key itself where it has none any more."""
    return say(table[key]) if key is not None and key in table else str(key or "")


def category_path(key: str | None) -> str:
    """Return a category with those above it: `Network › VPN`."""
    tree, steps = practice().categories, (key or "").split("/")
    keys = ["/".join(steps[: count + 1]) for count in range(len(steps))]
    return " › ".join(say(tree[each].name) if each in tree else each for each in keys if each)


def _create(moment: Moment) -> tuple[str, Text]:
    if moment.after.get("requester") == moment.person_id:
        return "exclamation-circle", t("reported this")
    return "telephone", t("wrote this down for somebody (%(channel)s)", channel=CHANNELS.get(str(moment.after.get("channel")), t("Portal")))


def _given(moment: Moment) -> tuple[str, Text]:
    if moment.given and moment.given != moment.person:
        return "person-plus", t("gave it to %(name)s", name=moment.given)
    return "hand-thumbs-up", t("took it")


def _route(moment: Moment) -> tuple[str, Text]:
    words = t("gave it to %(name)s by itself: of the %(present)s who are there, with the least open (%(load)s)", name=moment.given or "?",
              present=moment.after.get("present"), load=moment.after.get("load"))  # fmt: skip
    return "person-check", words


def _start(moment: Moment) -> tuple[str, Text]:
    return _given(moment) if moment.given and not moment.after.get("parent") else ("circle-half", t("began to work on it"))


def _hand_over(moment: Moment) -> tuple[str, Text]:
    team = moment.team_pt if current_language() == "pt" else moment.team
    return "shuffle", t("handed it over to %(team)s", team=team or "?")


def _hold(moment: Moment) -> tuple[str, Text]:
    return "pause-circle", t("put it on hold; it waits for: %(reason)s", reason=named(practice().holds, moment.after.get("hold_reason")))


def _resolve(moment: Moment) -> tuple[str, Text]:
    return "check2-circle", t("resolved it: %(code)s", code=named(practice().codes, moment.after.get("code")))


def _close(moment: Moment) -> tuple[str, Text]:
    if moment.after.get("why") == "window":
        return "check-circle-fill", t("closed it: nobody reopened it in time")
    return "check-circle-fill", t("confirmed that it works") if moment.after.get("why") == "confirmed" else t("closed it")


def _review(moment: Moment) -> tuple[str, Text]:
    missing = moment.after.get("missing") or []
    if not missing:
        return "check2-circle", t("reviewed the record: nothing is missing")
    names = ", ".join(say(closure.NAMES[Check(each)]) for each in missing if each in [*Check])
    if moment.after.get("returned"):
        return "arrow-left", t("returned it to be completed: %(missing)s", missing=names)
    return "clipboard-check", t("reviewed the record after it was closed: %(missing)s is missing", missing=names)


def _cancel(moment: Moment) -> tuple[str, Text]:
    return "x-circle", t("cancelled it: %(why)s", why=named(practice().cancels, moment.after.get("why")))


def _link(moment: Moment) -> tuple[str, Text]:
    said = moment.after or moment.before
    word = LINKS.get(str(said.get("type")), LINKS["related"])[0]
    if moment.after:
        return "link-45deg", t("linked %(number)s (%(type)s)", number=said.get("record"), type=word)
    return "link-45deg", t("removed the link to %(number)s (%(type)s)", number=said.get("record"), type=word)


def call(moment: Moment) -> tuple[str, Text]:
    channel = CHANNELS.get(str(moment.after.get("channel")), t("Phone"))
    return "telephone", t("talked to the caller and sent a recap (%(channel)s)", channel=channel) if moment.after.get("recap") else t("talked to the caller (%(channel)s)", channel=channel)


def _merge(moment: Moment) -> tuple[str, Text]:
    return "arrows-angle-contract", t("merged %(number)s into it", number=moment.after.get("record"))


def _split(moment: Moment) -> tuple[str, Text]:
    return "arrow-up-right", t("made %(number)s of a part of it", number=moment.after.get("record"))


def _adopt(moment: Moment) -> tuple[str, Text]:
    return "diagram-3", t("made it part of %(number)s", number=moment.after.get("parent"))


def _propose_major(moment: Moment) -> tuple[str, Text]:
    rule = next((each for each in practice().majors.triggers if each.key == moment.after.get("trigger")), None)
    if rule is not None:
        return "megaphone", t("made it a proposed major incident, by a rule: %(rule)s", rule=say(rule.name))
    return "megaphone", t("proposed it as a major incident")


def _watch(moment: Moment) -> tuple[str, Text]:
    return "eye", t("lets %(name)s watch it", name=moment.given) if moment.given and moment.given != moment.person else t("watches it")


def _unwatch(moment: Moment) -> tuple[str, Text]:
    return "eye", t("ended watching it")


def _change(moment: Moment) -> tuple[str, Text]:
    return "pencil", t("changed %(what)s", what="; ".join(_changes(moment.before, moment.after)) or say(t("nothing")))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if "priority" in after:
        was, now = (f"P{side.get('priority')} {say(PRIORITIES.get(side.get('priority', 0), ''))}" for side in (before, after))
        yield say(t("priority from %(was)s to %(now)s", was=was, now=now))
    for name, words in (("impact", IMPACT), ("urgency", URGENCY)):
        if name in after:
            was, now = (say(words.get(side.get(name, 0), "?")) for side in (before, after))
            yield say(t("from “%(was)s” to “%(now)s”", was=was, now=now))
    if "category" in after:
        yield say(t("category to %(now)s", now=category_path(after["category"]) or say(t("none"))))
    if "title" in after:
        yield say(t("the title"))
    if "fields" in after:
        yield say(t("answers about the category"))
    if "cis" in after:
        yield say(t("what is affected: %(now)s", now=", ".join(after["cis"]) or say(t("nothing"))))


def _threshold(moment: Moment) -> tuple[str, Text]:
    """Say which clock it was, as it is called now, and how much of its time was used up."""
    clock = next((each.name for each in agreement().definitions if each.key == moment.after.get("clock")), None)
    name, percent, later = say(clock) if clock else str(moment.after.get("clock")), moment.after.get("percent"), moment.after.get("later")
    if later:
        return "bell", t("told that “%(clock)s” is over by %(later)s", clock=name, later=later)
    return "bell", t("told that %(percent)s %% of “%(clock)s” are used up", clock=name, percent=percent)


MADE: Final[Mapping[str, Callable[[Moment], tuple[str, Text]]]] = {
    "incident.create": _create, "incident.route": _route, "incident.start": _start, "incident.assign": _given, "incident.hand_over": _hand_over, "incident.hold": _hold,
    "incident.resolve": _resolve, "incident.close": _close, "incident.cancel": _cancel, "incident.link": _link, "incident.unlink": _link,
    "incident.adopt": _adopt, "incident.watch": _watch, "incident.unwatch": _unwatch, "incident.change": _change, "incident.propose_major": _propose_major,
    "incident.threshold": _threshold, "incident.call": call, "incident.merge": _merge, "incident.split": _split, "incident.review": _review,
}  # fmt: skip
