"""What a letter, or the inbox, may say of a record: one question for both, so that neither says more than the other."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from app.models.events import Event
from app.models.people import Person
from app.models.records import Note, Record
from app.models.requests import Item
from app.models.tasks import Task

PUBLIC_NOTES: Final = ("reply", "question", "answer")  # what may be quoted; work notes never leave the desk
TOLD: Final = ("item.summary", "incident.resolve")  # and how it went, which only these events name


def told(model: Any, title: ColumnElement[Any]) -> Select[Any]:
    """Return the question for rows of this table: each with number, title, request, requester, beneficiary, author, note."""
    requester, beneficiary, author = aliased(Person), aliased(Person), aliased(Person)
    parent, order = aliased(Record), aliased(Record)
    item, task = Item.__table__.c, Task.__table__.c
    return (
        select(model, Record.number.label("number"), title.label("title"), func.coalesce(order.number, parent.number, Record.number).label("request"),
               requester.name.label("requester"), beneficiary.name.label("beneficiary"), author.name.label("author"), Note.body.label("note"))
        .outerjoin(Record, Record.id == model.record_id)
        .outerjoin(Item.__table__, item.id == model.record_id)
        .outerjoin(order, order.id == item.request_id)
        .outerjoin(Task.__table__, task.id == model.record_id)
        .outerjoin(parent, parent.id == task.parent_id)
        .outerjoin(requester, requester.id == Record.requester_id)
        .outerjoin(beneficiary, beneficiary.id == Record.beneficiary_id)
        .outerjoin(Event, Event.id == model.event_id)
        .outerjoin(author, author.id == Event.actor_id)
        .outerjoin(Note, (Note.id == Event.note_id) & (Note.kind.in_(PUBLIC_NOTES) | Event.name.in_(TOLD)) & Note.erased_at.is_(None))
    )  # fmt: skip


def values(row: Any) -> dict[str, str | None]:
    """Return what a row of it says, by the names that letters use."""
    return {name: getattr(row, name) for name in ("number", "title", "request", "requester", "beneficiary", "author", "note")}
