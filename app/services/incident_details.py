"""What is known of an incident changes: its title, category and answers, what it hurts, its impact and urgency."""

from collections.abc import Mapping, Sequence
from typing import Any

from app import priorities
from app.models.incidents import Incident
from app.rules import audit, incidents
from app.rules.errors import Invalid
from app.rules.words import t
from app.services import (
    affected,
    closure_reviews,
    forms_of_categories,
    incident_checks,
    major_audience,
    major_triggers,
    records,
)
from app.unit_of_work import UnitOfWork


def change(
    uow: UnitOfWork, number: str, *, note: str = "", impact: int | None = None, urgency: int | None = None, title: str | None = None,
    category: str | None = None, fields: Mapping[str, Any] | None = None, cis: Sequence[str] | None = None, version: int | None = None,
) -> Incident:  # fmt: skip
    """Change what is known of it; impact and urgency, from which priority follows, with a work note that says why."""
    incident = incident_checks.workable(uow, number, version, "incident.change", mends=impact is None and urgency is None)
    written = records.write(uow, incident, "work_note", note) if note.strip() else None
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    wanted = {"impact": impact or incident.impact, "urgency": urgency or incident.urgency}
    incident_checks.check_scale(**wanted)
    if wanted != {"impact": incident.impact, "urgency": incident.urgency}:
        if written is None:
            raise Invalid({"note": t("Say why the impact or the urgency is another one now.")})
        _set(incident, before, after, **wanted, priority=incidents.priority(priorities.matrix(), wanted["impact"], wanted["urgency"]))
    if title is not None and (named := incident_checks.title(title)) != incident.title:
        before["title"], after["title"] = audit.digest(incident.title), audit.digest(named)
        incident.title = named
    if category is not None or fields is not None:
        key = category if category is not None else incident.category
        answers = forms_of_categories.judged(uow, key, incident.fields if fields is None else fields, was=incident.fields)
        _set(incident, before, after, category=key)
        if answers != incident.fields:
            incident.fields, after["fields"] = answers, audit.digest(audit.canonical(answers))
    if cis is not None:
        affected.set_to(uow, incident, cis, before, after)
    if after or written is not None:
        incident.updated_at = uow.now
        uow.record_event(incident, "incident.change", before=before, after=after, note=written)
        if "cis" in after and incident.major == incidents.Major.ACCEPTED:
            major_audience.refresh(uow, incident)
        major_triggers.look(uow, incident)
        closure_reviews.again(uow, incident)
    return incident


def _set(incident: Incident, before: dict[str, Any], after: dict[str, Any], **values: Any) -> None:
    for name, value in values.items():
        if (was := getattr(incident, name)) != value:
            before[name], after[name] = was, value
            setattr(incident, name, value)
