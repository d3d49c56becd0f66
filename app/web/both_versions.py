"""A form that was sent against an older version of an incident, beside what is stored now: field by field, with who made it so (ux 12)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import render_template, request
from sqlalchemy import select

from app.models.incidents import Incident
from app.models.people import Person, Team
from app.practice import practice
from app.queries import incident_page
from app.queries.timeline import Moment
from app.rules.errors import NotFound, Stale
from app.rules.words import Text, t
from app.unit_of_work import UnitOfWork, unit_of_work
from app.web import category_form
from app.web.allowed import allowed
from app.web.answers import Row, shown
from app.web.current import me
from app.web.incident_words import IMPACT, URGENCY, category_path, named
from app.web.shown import PRIORITIES, STATES, say, team_name

INSIDE: Final = frozenset({"category", "impact", "urgency", "priority", "assignee", "team", "hold_reason"})  # not told to its caller
LABELS: Final = {
    "title": t("Title"), "state": t("State"), "hold_reason": t("Waits for"), "category": t("Category"), "impact": t("Impact"), "urgency": t("Urgency"),
    "priority": t("Priority"), "assignee": t("Assigned to"), "team": t("Team"),
}  # fmt: skip
WORDS: Final = {  # what else a form sends: the words written in it
    "body": t("Your words"), "note": t("Why?"), "notes": t("Resolution notes"), "comment": t("Your words"), "report": t("Report"), "reason": t("Reason"),
    "tag": t("Tag"), "other": t("Other record"), "parent": t("Part of"), "into": t("Merge into another"),
    "add": t("What is affected"), "drop": t("To be removed"), "code": t("Resolution"), "why": t("Reason"), "person": t("Person"),
    "instructions": t("Details"), "headline": t("Headline"), "words": t("Your words"), "words_pt": t("Your words (Portuguese)"),
}  # fmt: skip
LEADS_TO: Final = {
    "take": "in_progress", "start": "in_progress", "resume": "in_progress", "hold": "on_hold", "resolve": "resolved", "reopen": "in_progress", "close": "closed",
    "cancel": "canceled", "merge": "canceled",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field in both versions; `yours` is None where the form does not touch it; `who` made it what it is, `at`."""

    label: Text | str
    theirs: str
    yours: str | None
    who: str = ""
    at: datetime | None = None

    @property
    def differs(self) -> bool:
        """Say whether sending the form again would change it."""
        return self.yours is not None and self.yours != self.theirs


def page(error: Stale) -> str | None:
    """Draw both versions of an incident and the form, ready to be sent knowingly; None where the reader may not see it."""
    if (number := (request.view_args or {}).get("number")) != error.number or request.method != "POST":
        return None
    try:
        with unit_of_work(me()) as uow:
            incident = incident_page.of(uow.session, uow.actor, number)
            inside = bool(allowed(uow, incident, "record.timeline"))
            told = incident_page.moments(uow.session, incident, inside=inside)
            fields = sorted([*_fields(uow, incident, told, inside), *_questions(uow, incident), *_texts(error)], key=_place)
            return render_template("incidents/both_versions.html", incident=incident, fields=fields, again=_again(incident, error), files=_files())
    except NotFound:
        return None


def _place(field: Field) -> tuple[bool, float]:
    """What would be overwritten comes first, then what changed last."""
    return not field.differs, -(field.at.timestamp() if field.at else 0)


def _fields(uow: UnitOfWork, incident: Incident, told: Sequence[Moment], inside: bool) -> Iterator[Field]:
    """What is known of it now, and what the form says of the same."""
    wanted = _wanted(uow)
    for name, label in LABELS.items():
        if name in INSIDE and not inside:
            continue
        last = next((moment for moment in reversed(told) if moment.stream == incident.number and name in moment.after), None)
        now = _now(incident, name)
        if now or name in wanted:
            yield Field(label, now or "–", wanted.get(name), (last.person or "Balcão") if last else "", last.at if last else None)


def _now(incident: Incident, name: str) -> str:
    match name:
        case "assignee":
            return incident.assignee.name if incident.assignee else ""
        case "team":
            return team_name(incident.team) if incident.team else ""
        case _:
            return _word(name, getattr(incident, name))


def _word(name: str, value: Any) -> str:
    """Return a value as people read it."""
    if value in (None, ""):
        return ""
    match name:
        case "state":
            return say(STATES[value].word) if value in STATES else str(value)
        case "impact" | "urgency":
            return say((IMPACT if name == "impact" else URGENCY)[int(value)]) if str(value) in {"1", "2", "3"} else str(value)
        case "priority":
            return f"P{value} {say(PRIORITIES[value])}" if value in PRIORITIES else str(value)
        case "category":
            return category_path(value)
        case "hold_reason":
            return named(practice().holds, value)
        case _:
            return str(value)


def _wanted(uow: UnitOfWork) -> dict[str, str]:
    """Return what the form would make of the fields, by their names."""
    form, act = request.form, (request.endpoint or "").rpartition(".")[2]
    sent = {name: form[name] for name in LABELS if name in form}
    if act == "quick":
        act = form.get("what", "") if form.get("what") == "take" else act
        sent |= {form.get("what", ""): form.get("value", "")}
    if act == "hold":
        sent["hold_reason"] = form.get("reason", "")
    if (state := LEADS_TO.get(act) or {"hold": "on_hold", "resolve": "resolved"}.get(form.get("then", ""))) is not None:
        sent["state"] = state
    if act == "take":
        sent["assignee"] = str(uow.actor.id)
    words = {name: _word(name, value) or "–" for name, value in sent.items() if name in LABELS}
    if (person := sent.get("assignee", "")).isdecimal():
        words["assignee"] = uow.session.scalar(select(Person.name).where(Person.id == int(person))) or "–"
    if team := sent.get("team"):
        found = uow.session.scalar(select(Team).where(Team.key == team))
        words["team"] = team_name(found) if found else "–"
    return words


def _questions(uow: UnitOfWork, incident: Incident) -> Iterator[Field]:
    """What a category asks: the answers that are there and those that were sent."""
    if (request.endpoint or "") != "incident_parts.describe":
        return
    typed = category_form.answers(category_form.questions(uow, request.form.get("category"), request.form))
    there, wanted = _rows(uow, incident.category, incident.fields), _rows(uow, request.form.get("category"), typed)
    for name in [*there, *(name for name in wanted if name not in there)]:
        yield Field((there.get(name) or wanted[name]).label, there[name].answer if name in there else "–", wanted[name].answer if name in wanted else "–")


def _rows(uow: UnitOfWork, key: str | None, answers: Mapping[str, Any]) -> dict[str, Row]:
    """Return the answers to what a category asks, by question."""
    category = practice().categories.get(key or "")
    return {row.name: row for row in shown(uow.session, category.form, answers)} if category else {}


def _texts(error: Stale) -> Iterator[Field]:
    """The words that were written; of a report, also those it has now."""
    for name, label in WORDS.items():
        if typed := request.form.get(name, "").strip():
            code = named(practice().codes, typed) if name == "code" else typed
            yield Field(label, str(error.theirs.get(name) or "–"), code)


def _again(incident: Incident, error: Stale) -> list[tuple[str, str]]:
    """Return the form as it was sent, now against what is there."""
    newer = {"version": str(incident.version)} | ({"base": str(error.theirs["version"])} if "base" in request.form else {})
    kept = [(name, value) for name, many in request.form.lists() if name not in {"csrf_token", *newer} for value in many]
    return [*kept, *newer.items()]


def _files() -> int:
    return sum(1 for many in request.files.listvalues() for each in many if each.filename)
