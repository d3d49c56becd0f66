"""The last step of an incident is taken back within seconds: all as it was, its mail never sent, its words a draft again (ux 11).

Which steps, and what goes back with each: app/rules/undo.py. Taking back is a step of its own, and deletes no event.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import object_mapper

from app.models.attachments import Attachment
from app.models.baskets import Draft
from app.models.events import Event
from app.models.incidents import Incident
from app.models.messages import Message
from app.models.records import Note, Participant, Tag
from app.models.sla import Notice
from app.rules import audit
from app.rules.errors import ActionNotAllowed, Forbidden, NotFound
from app.rules.incidents import Major
from app.rules.lifecycle import Action
from app.rules.mentions import draft_key
from app.rules.permissions import Relation
from app.rules.undo import PASSING, STEPS, Step
from app.rules.words import t
from app.services import closure_reviews, records, relations
from app.services.bulk import UNDO
from app.unit_of_work import UnitOfWork

GRACE: Final = timedelta(seconds=5)  # until the page is there, and the press has come
NAMES: Final = {f"incident.{name}": step for name, step in STEPS.items()}
TALK: Final = [f"incident.{name}" for name in PASSING]


def offer(uow: UnitOfWork, number: str) -> int | None:
    """Return by which number the step that was just made can be taken back, its mail held back until then; None: it cannot."""
    if uow.latest is None:
        return None
    uow.session.flush()
    mine = select(Event).where(Event.stream == number, Event.at == uow.now, Event.actor_id == uow.actor.id, Event.name.in_(NAMES))
    event = uow.session.scalars(mine.order_by(Event.seq.desc()).limit(1)).one_or_none()
    if event is None or _goes_further(uow, uow.get(Incident, number), event):
        return None
    try:
        uow.check("incident.undo", uow.get(Incident, number))
    except Forbidden:  # with it went what let one see it
        return None
    later = func.greatest(Message.next_at, uow.now + UNDO + GRACE)
    uow.session.execute(update(Message).where(Message.event_id == event.id, Message.state == "queued").values(next_at=later), execution_options={"synchronize_session": False})
    return event.seq


def undo(uow: UnitOfWork, number: str, seq: int, *, tag: str = "") -> str:
    """Take one's own last step back; return as what its words are a draft again, "reply" or "note": nobody was sent them.

    `tag` is the word it put there or took off, which its event does not hold. Raises ActionNotAllowed when it is too late, or
    more has happened since than what stands in no step's way.
    """
    incident = uow.get(Incident, number)
    uow.check("incident.undo", incident)
    event = _event(uow, incident, seq)
    step = NAMES[event.name]
    if uow.now - event.at > UNDO + GRACE:
        raise ActionNotAllowed(t("A step can be taken back for %(count)s seconds. Use the buttons of the page instead.", count=UNDO.seconds))
    later = exists().where(Event.stream == number, Event.seq > seq, Event.name.not_in(TALK))
    if uow.session.scalar(select(later)) or _goes_further(uow, incident, event):
        raise _gone_on(number)
    if step.row:
        _turn_row(uow, incident, event, tag)
    before, after = _put_back(incident, event, step)
    _unlink(uow, event)
    if "state" in event.before:
        records.move(uow, incident, Action.UNDO, to=event.before["state"], hold_reason=event.before.get("hold_reason"), before=before, after=after)
        closure_reviews.follow(uow, incident)
    else:
        if before:
            incident.updated_at = uow.now
        uow.record_event(incident, "incident.undo", before=before, after=after)
    return _unsay(uow, incident, event)


def _event(uow: UnitOfWork, incident: Incident, seq: int) -> Event:
    mine = Event.stream == incident.number, Event.seq == seq, Event.actor_id == uow.actor.id, Event.name.in_(NAMES)
    try:
        return uow.session.scalars(select(Event).where(*mine)).one()
    except NoResultFound:
        raise NotFound(str(seq)) from None


def _gone_on(number: str) -> ActionNotAllowed:
    return ActionNotAllowed(t("%(number)s has gone on since: that step cannot be taken back any more.", number=number))


def _goes_further(uow: UnitOfWork, incident: Incident, event: Event) -> bool:
    """Say whether more hangs on it than itself: everybody is told of a major one; parts went with it, tasks ended, a record
    took its place; or it only followed from what somebody wrote.
    """
    if incident.major in {Major.PROPOSED, Major.ACCEPTED} and not NAMES[event.name].alone:
        return True
    more = or_(Event.stream != event.stream, Event.name == "incident.reply")
    same_act = exists().where(Event.at == event.at, Event.actor_id == event.actor_id, Event.record_id.is_not(None), more)
    return bool(uow.session.scalar(select(same_act)))


def _put_back(incident: Incident, event: Event, step: Step) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make the incident's columns what they were, but for its state; return what its event says of that."""
    words = [word for word in step.back if word in event.before]
    for word in words:
        was, column = event.before[word], step.back[word]
        setattr(incident, column, datetime.fromisoformat(was) if column.endswith("_at") and was else was)
    for column in step.clears:
        setattr(incident, column, None)
    return {word: event.after.get(word) for word in words}, {"undone": event.seq} | {word: event.before[word] for word in words}


def _turn_row(uow: UnitOfWork, incident: Incident, event: Event, tag: str) -> None:
    """What it put beside the incident goes again, what it took off is there again; unless somebody was faster."""
    named = event.after or event.before
    row: Tag | Participant = Tag(record_id=incident.id, tag=tag)
    if "person" in named:
        row = Participant(record_id=incident.id, person_id=named["person"], relation=Relation.WATCHER.value)
    elif audit.digest(tag) != named["tag"]:
        raise NotFound(tag)
    there = uow.session.get(type(row), object_mapper(row).primary_key_from_instance(row))
    if (there is None) is bool(event.after):
        raise _gone_on(incident.number)
    uow.session.add(row) if there is None else uow.session.delete(there)


def _unlink(uow: UnitOfWork, event: Event) -> None:
    """The link to the record that it names goes with it."""
    same = Event.stream == event.stream, Event.seq == event.seq - 1, Event.at == event.at, Event.name == "incident.link"
    if (link := uow.session.scalars(select(Event.after).where(*same)).one_or_none()) is not None:
        relations.remove(uow, event.stream, link["type"], link["record"])


def _unsay(uow: UnitOfWork, incident: Incident, event: Event) -> str:
    """Its mail stays here. What was said with it is kept inside, and its author's to send again; unless somebody has been sent it."""
    def of(*more: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(Message.event_id == event.id, *more)

    uow.session.execute(delete(Notice).where(Notice.event_id == event.id), execution_options={"synchronize_session": False})
    waiting = update(Message).where(Message.event_id == event.id, Message.state == "queued")
    uow.session.execute(waiting.values(state="dropped", error="taken back"), execution_options={"synchronize_session": False})
    note = uow.session.get(Note, event.note_id) if event.note_id else None
    if note is None or note.erased_at or uow.session.scalar(select(of(Message.state == "sent"))):
        return ""
    kind = "note" if note.kind == "work_note" else "reply"
    inside = update(Note).where(Note.id == note.id).values(kind="work_note", body=Note.body)  # the search forgets what is named here
    uow.session.execute(inside, execution_options={"synchronize_session": False})
    files = Attachment.record_id == incident.id, Attachment.uploaded_by_id == uow.actor.id, Attachment.created_at >= event.at
    uow.session.execute(update(Attachment).where(*files).values(public=False), execution_options={"synchronize_session": False})
    key = draft_key(incident.number, kind)
    draft = uow.session.get(Draft, {"person_id": uow.actor.id, "slug": key})
    text = "\n\n".join(filter(None, (note.body, draft.answers["body"][0] if draft else "")))
    uow.session.merge(Draft(person_id=uow.actor.id, slug=key, answers={"body": [text]}, updated_at=uow.now))
    return kind
