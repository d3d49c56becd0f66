"""Parent and child incidents: what happens to the parent happens to its children, as far as domain.md 2 says.

A family has two generations. Whoever locks several of it locks the parent first, then the children by id.
"""

from collections.abc import Sequence

from sqlalchemy import select

from app.models.incidents import Incident
from app.models.records import Note, Record
from app.rules.errors import ActionNotAllowed, Invalid
from app.rules.incidents import Hold, Major
from app.rules.lifecycle import FINAL
from app.rules.words import t
from app.services import incident_moves as moves
from app.services import major_triggers, records
from app.unit_of_work import UnitOfWork

SYNCED_HOLDS = frozenset({Hold.CHANGE, Hold.PROBLEM, Hold.VENDOR})


def adopt(uow: UnitOfWork, number: str, parent_number: str) -> Incident:
    """Make an incident the child of another; Invalid where that is no parent for it."""
    parent = uow.get(Incident, parent_number)
    child = uow.get(Incident, number)
    uow.check("incident.link", child)
    uow.check("incident.link", parent)
    if parent.id == child.id or parent.parent_id is not None or parent.state in FINAL:
        raise Invalid({"parent": t("Choose an open incident that is not itself part of another.")})
    if child.state in FINAL or _children(uow, child):
        raise ActionNotAllowed(t("%(number)s is over, or has parts of its own.", number=child.number))
    was, child.parent_id, child.updated_at = child.parent_id, parent.id, uow.now
    uow.record_event(child, "incident.adopt", before={"parent": was}, after={"parent": parent.number})
    major_triggers.look(uow, parent)
    return child


def release(uow: UnitOfWork, number: str) -> Incident:
    """Let a child go its own way again."""
    child = uow.get(Incident, number)
    uow.check("incident.link", child)
    if child.parent_id is not None:
        was, child.parent_id, child.updated_at = child.parent_id, None, uow.now
        uow.record_event(child, "incident.release", before={"parent": was}, after={"parent": None})
    return child


def in_progress(uow: UnitOfWork, parent: Incident) -> None:
    """The parent is worked on: so are its children, by whoever has the parent where nobody has them."""
    for child in _synced(uow, parent):
        _take_up(uow, child, parent)


def on_hold(uow: UnitOfWork, parent: Incident) -> None:
    """The parent waits for a change, a problem or a supplier: so do its children. A caller is each one's own."""
    if parent.hold_reason not in SYNCED_HOLDS:
        return
    for child in _synced(uow, parent):
        if child.state == "new":
            _take_up(uow, child, parent)
        if child.state in {"in_progress", "on_hold"}:
            moves.hold(uow, child, parent.hold_reason, None, after={"parent": parent.number}, consequence=True)


def resolved(uow: UnitOfWork, parent: Incident, note: Note) -> None:
    """The parent is resolved: so are its children, with the same notes."""
    for child in _synced(uow, parent):
        if child.state == "new":
            _take_up(uow, child, parent)
        if child.state in {"in_progress", "on_hold"}:
            same = records.write(uow, child, note.kind, note.body)
            moves.resolve(uow, child, parent.resolution_code or "", same, after={"parent": parent.number}, consequence=True)


def reopened(uow: UnitOfWork, parent: Incident) -> None:
    """The desk took the parent up again: its children, too."""
    for child in _synced(uow, parent):
        if child.state == "resolved":
            moves.reopen(uow, child, None, after={"parent": parent.number}, consequence=True)


def _take_up(uow: UnitOfWork, child: Incident, parent: Incident) -> None:
    after = {"parent": parent.number}
    if child.state == "on_hold":
        moves.resume(uow, child, after=after, consequence=True)
    elif child.state == "new":
        was = {"assignee": child.assignee_id, "team": child.team_id}
        if child.assignee_id is None:
            child.assignee_id, child.team_id = parent.assignee_id, parent.team_id
        now = {"assignee": child.assignee_id, "team": child.team_id}
        moves.start(uow, child, before=was, after={**now, **after}, consequence=True)


def _synced(uow: UnitOfWork, parent: Incident) -> Sequence[Incident]:
    """Return the children that follow, locked; none once the parent is, or may be, a major incident."""
    return [] if parent.major in {Major.PROPOSED, Major.ACCEPTED} else _children(uow, parent)


def _children(uow: UnitOfWork, parent: Incident) -> Sequence[Incident]:
    query = select(Incident).where(Incident.parent_id == parent.id).order_by(Incident.id).with_for_update(of=Record)
    return uow.session.scalars(query.execution_options(populate_existing=True)).all()
