"""The page of a major incident: the room of those who lead it, and a plain one for everybody it affects."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask import render_template, request

from app import practice
from app.models.incidents import Incident
from app.models.majors import Major
from app.queries import incident_page, major_page, majors
from app.queries.major_page import Around, Whole
from app.rules import majors as rules
from app.rules.errors import Invalid, NotFound
from app.rules.incidents import Major as Standing
from app.rules.lifecycle import FINAL
from app.rules.majors import SEATS
from app.rules.words import LANGUAGES
from app.settings import settings
from app.unit_of_work import unit_of_work
from app.web import moments
from app.web.allowed import allowed
from app.web.current import me, now
from app.web.preferences import LOCALES, current_language
from app.web.shown import say

PERMISSIONS: Final = tuple(f"incident.{act}" for act in (
    "propose_major", "accept_major", "reject_major", "demote_major", "tell_affected", "write_report", "file_report", "note", "close", "link"))  # fmt: skip
INSIDE: Final = frozenset({"incident.note", "record.timeline", "incident.tell_affected", "incident.propose_major"})
CHOICES: Final = (15, 30, 45, 60, 120, 240)  # minutes until the next update


def page(number: str, wrong: Invalid | None = None, act: str = "") -> str:
    """Draw it; with `act`, its form open, as it was sent, and `wrong`, what is wrong with it."""
    errors = {name: say(text) for name, text in wrong.fields.items()} if wrong else {}
    with unit_of_work(me()) as uow:
        whole = major_page.of(uow.session, uow.actor, number)
        incident, major = whole.incident, whole.major
        may = allowed(uow, incident, *PERMISSIONS, "record.timeline") if whole.seen else frozenset()
        updates = majors.updates(uow.session, incident.id) if major else []
        values = {
            "incident": incident, "major": major, "now": now(), "updates": [_shown(*row) for row in updates], "headline": headline(incident, major),
            "seats": SEATS, "seen": whole.seen, "is_on": is_on(incident), "step": _late(major),
        }  # fmt: skip
        if not may & INSIDE:
            if incident.major != Standing.ACCEPTED:
                raise NotFound(number)
            return render_template("majors/mine.html", **values)
        around = major_page.around(uow.session, uow.actor, incident, major)
        can = doable(whole, may, uow.actor.id)
        told = incident_page.moments(uow.session, incident, inside=bool(may & {"incident.note", "record.timeline"} or "tell" in can))
        return render_template(
            "majors/show.html", **values, may=may, can=can, around=around, entries=moments.entries(told), errors=errors, open_act=act, typed=request.form,
            staff=[(row.id, row.name) for row in major_page.staff(uow.session)] if can & {"accept", "appoint"} else [],
            template=_template(incident, major, around), minutes=CHOICES, every=int(practice.practice().majors.plan.every.total_seconds()) // 60,
            trigger=_trigger(major), report=around.reports[0] if around.reports else None,
        )  # fmt: skip


def doable(whole: Whole, may: frozenset[str], me_id: int | None) -> frozenset[str]:
    """Return which acts the page offers: what its standing allows, of what this person may do."""
    incident, major = whole.incident, whole.major
    found = {act.value for act in rules.Act if rules.target(incident.major, act) is not None and f"incident.{act}_major" in may}
    if incident.state in FINAL:
        return frozenset()
    if incident.state == "resolved":
        found -= {"propose"}
    if incident.major != Standing.ACCEPTED or major is None:
        return frozenset(found)
    leads = me_id in {major.commander_id, major.communicator_id, major.scribe_id} or "incident.accept_major" in may
    if leads and "incident.tell_affected" in may:
        found |= {"tell"}
    if "incident.accept_major" in may:
        found |= {"appoint"}
    if incident.state == "resolved" and major.filed_at is None:
        found |= ({"write"} if leads and "incident.write_report" in may else set()) | ({"file"} if "incident.file_report" in may else set())
    if incident.state == "resolved" and major.filed_at is not None and "incident.accept_major" in may and "incident.close" in may:
        found |= {"close"}
    return frozenset(found)


def is_on(incident: Incident) -> bool:
    """Say whether it goes on now."""
    return incident.major == Standing.ACCEPTED and incident.state in majors.OPEN


def headline(incident: Incident, major: Major | None) -> str:
    """Return what it is called: what everybody affected reads, in the reader's language, once it was accepted."""
    named = (major.headline_pt if current_language() == "pt" else major.headline) if major else ""
    return named or incident.title


def _shown(update: Any, english: str | None, portuguese: str | None, author: str | None) -> dict[str, Any]:
    words = (portuguese or english) if current_language() == "pt" else (english or portuguese)
    other = english if words == portuguese else portuguese
    return {"at": update.created_at, "words": words or "", "other": other if other != words else None, "author": author or "Balcão", "told": update.told, "id": update.id}


def _late(major: Major | None) -> bool:
    return bool(major and major.update_due_at and major.update_due_at <= now())


def _trigger(major: Major | None) -> str:
    rule = next((each for each in practice.practice().majors.triggers if major and each.key == major.trigger), None)
    return say(rule.name) if rule else (major.trigger or "") if major else ""


def _template(incident: Incident, major: Major | None, around: Around) -> dict[str, str]:
    """What an update begins with, in both languages: times on the organisation's clock, which all its readers know."""
    if major is None or not is_on(incident):
        return dict.fromkeys(LANGUAGES, "")
    plan = practice.practice().majors.plan
    found = {}
    for language, words in plan.template.items():
        values = {
            "number": incident.number, "headline": (major.headline_pt if language == "pt" else major.headline) or incident.title,
            "services": ", ".join(service.name for service in around.services) or ("ainda não se sabe" if language == "pt" else "not known yet"),
            "started": _clock(incident.opened_at, language), "next": _clock(now() + plan.every, language),
        }  # fmt: skip
        found[language] = rules.filled(words, values)
    return found


def _clock(at: datetime, language: str) -> str:
    return str(format_datetime(at, "EEE d MMM, HH:mm", tzinfo=ZoneInfo(settings().timezone), locale=LOCALES[language]))
