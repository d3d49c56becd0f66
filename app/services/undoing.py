"""The last step of an incident is taken back within seconds: state and assignee as they were, its mail never sent, its words a draft again (ux 11)."""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.exc import NoResultFound

from app.models.attachments import Attachment
from app.models.baskets import Draft
from app.models.events import Event
from app.models.incidents import Incident
from app.models.messages import Message
from app.models.records import Note
from app.rules.errors import ActionNotAllowed, NotFound
from app.rules.incidents import Major
from app.rules.lifecycle import UNDOABLE, Action
from app.rules.mentions import draft_key
from app.rules.words import t
from app.services import records
from app.services.bulk import UNDO
from app.unit_of_work import UnitOfWork

GRACE: Final = timedelta(seconds=5)  # until the page is there, and the press has come
STEPS: Final = frozenset(f"incident.{action}" for action in UNDOABLE)
TALK: Final = frozenset({"incident.reply", "incident.note", "incident.call", "incident.attach"})
PUBLIC: Final = ("reply", "closing")


def offer(uow: UnitOfWork, number: str) -> int | None:
    """Return by which number the step that was just made can be taken back, its mail held back until then; None: it cannot."""
    uow.session.flush()
    mine = select(Event).where(Event.stream == number, Event.at == uow.now, Event.actor_id == uow.actor.id, Event.name.in_(STEPS))
    event = uow.session.scalars(mine.order_by(Event.seq.desc()).limit(1)).one_or_none()
    incident = uow.get(Incident, number) if event else None
    if event is None or incident is None or _goes_further(uow, incident):
        return None
    later = func.greatest(Message.next_at, uow.now + UNDO + GRACE)
    uow.session.execute(update(Message).where(Message.event_id == event.id, Message.state == "queued").values(next_at=later), execution_options={"synchronize_session": False})
    return event.seq


def undo(uow: UnitOfWork, number: str, seq: int) -> bool:
    """Take one's own last step back; True when its words are a draft again, as nobody was sent them.

    Raises ActionNotAllowed when it is too late, or more has happened than talk.
    """
    incident = uow.get(Incident, number)
    uow.check("incident.undo", incident)
    event = _step(uow, incident, seq)
    if uow.now - event.at > UNDO + GRACE:
        raise ActionNotAllowed(t("A step can be taken back for %(count)s seconds. Use the buttons of the page instead.", count=UNDO.seconds))
    later = exists().where(Event.stream == number, Event.seq > seq, Event.name.not_in(TALK))
    if uow.session.scalar(select(later)) or _goes_further(uow, incident):
        raise ActionNotAllowed(t("%(number)s has gone on since: that step cannot be taken back any more.", number=number))
    if event.name == f"incident.{Action.RESOLVE}":
        incident.resolution_code = incident.resolved_at = incident.resolved_by_id = None
    before, after = {}, {"undone": seq}
    if "assignee" in event.before:
        before["assignee"], after["assignee"] = incident.assignee_id, event.before["assignee"]
        incident.assignee_id = event.before["assignee"]
    records.move(uow, incident, Action.UNDO, to=event.before["state"], hold_reason=event.before.get("hold_reason"), before=before, after=after)
    return _unsay(uow, incident, event)


def _step(uow: UnitOfWork, incident: Incident, seq: int) -> Event:
    mine = Event.stream == incident.number, Event.seq == seq, Event.actor_id == uow.actor.id, Event.name.in_(STEPS)
    try:
        return uow.session.scalars(select(Event).where(*mine)).one()
    except NoResultFound:
        raise NotFound(str(seq)) from None


def _goes_further(uow: UnitOfWork, incident: Incident) -> bool:
    """Say whether more hangs on its steps than itself: its parts go with it, and everybody is told of a major one."""
    parts = exists().where(Incident.__table__.c.parent_id == incident.id)
    return incident.major in {Major.PROPOSED, Major.ACCEPTED} or bool(uow.session.scalar(select(parts)))


def _unsay(uow: UnitOfWork, incident: Incident, event: Event) -> bool:
    """Its mail stays here. What was said with it is kept inside, and its author's to send again; unless somebody has been sent it."""
    def of(*more: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(Message.event_id == event.id, *more)

    waiting = update(Message).where(Message.event_id == event.id, Message.state == "queued")
    uow.session.execute(waiting.values(state="dropped", error="taken back"), execution_options={"synchronize_session": False})
    note = uow.session.get(Note, event.note_id) if event.note_id else None
    if note is None or note.erased_at or uow.session.scalar(select(of(Message.state == "sent"))):
        return False
    kind = "reply" if note.kind in PUBLIC else "note"
    inside = update(Note).where(Note.id == note.id).values(kind="work_note", body=Note.body)  # the search forgets what is named here
    uow.session.execute(inside, execution_options={"synchronize_session": False})
    files = Attachment.record_id == incident.id, Attachment.uploaded_by_id == uow.actor.id, Attachment.created_at >= event.at
    uow.session.execute(update(Attachment).where(*files).values(public=False), execution_options={"synchronize_session": False})
    key = draft_key(incident.number, kind)
    draft = uow.session.get(Draft, {"person_id": uow.actor.id, "slug": key})
    text = "\n\n".join(filter(None, (note.body, draft.answers["body"][0] if draft else "")))
    uow.session.merge(Draft(person_id=uow.actor.id, slug=key, answers={"body": [text]}, updated_at=uow.now))
    return True
