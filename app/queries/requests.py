"""What people see of requests: their list, and one request whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.models.approvals import Approval, ApprovalRound, Seat, Vote
from app.models.events import Event
from app.models.records import Note, Record
from app.models.requests import Item, Request
from app.models.tasks import Task
from app.queries.paging import PER_PAGE, Page, page
from app.rules.errors import NotFound
from app.rules.lifecycle import FINAL, RecordKind
from app.rules.progress import Pause
from app.visibility import Actor, visible

OVER = FINAL | {"fulfilled", "rejected"}


@dataclass(frozen=True)
class Whole:
    """A request with all that its page shows; rounds by item id, newest last; tasks by their id; pauses by item id."""

    request: Request
    rounds: dict[int, list[ApprovalRound]]
    tasks: dict[int, Task]
    notes: list[Note]
    questions: dict[int, Note]  # what an approver asked about an item and nobody has answered yet, by item id
    pauses: dict[int, Pause]
    summaries: dict[int, str]  # how each item that is over went, by item id


def mine(
    session: Session, actor: Actor, *, only_open: bool = False, words: str = "", bookmark: str | None = None,
    per_page: int = PER_PAGE,
) -> Page[Record]:  # fmt: skip
    """Return the requests this person made or benefits from, newest first; the base table alone."""
    item = Record.__table__.alias("own_items")
    own = or_(Record.requester_id == actor.id, Record.beneficiary_id == actor.id, Record.opened_by_id == actor.id)
    query = select(Record.id, Record.number, Record.title, Record.title_pt, Record.state, Record.opened_at, Record.updated_at,
                   Record.beneficiary_id, Record.requester_id)  # fmt: skip
    query = query.where(own, visible(actor, RecordKind.REQUEST))
    if only_open:  # what is done and only looked at again is on its way to nobody any more
        waits = exists().where(Item.__table__.c.request_id == Record.id, item.c.id == Item.__table__.c.id, item.c.state.not_in(OVER))
        query = query.where(Record.state.not_in(FINAL), waits)
    if words.strip():
        like = f"%{words.strip().replace('%', '').replace('_', '')}%"
        query = query.where(or_(Record.title.ilike(like), Record.title_pt.ilike(like), Record.number.ilike(like)))
    return page(session, query.order_by(Record.id.desc()), bookmark, per_page)


def whole(session: Session, actor: Actor, number: str) -> Whole:
    """Return a request with items, steps, approvals, tasks and public notes: one query for each table."""
    query = select(Request).where(Record.number == number, visible(actor, RecordKind.REQUEST)).options(
        selectinload(Request.items).joinedload(Item.steps),
        joinedload(Request.requester), joinedload(Request.beneficiary), joinedload(Request.team),
    )  # fmt: skip
    request = session.scalars(query).unique().one_or_none()
    if request is None:
        raise NotFound(number)
    items = [item.id for item in request.items]
    rounds: dict[int, list[ApprovalRound]] = {}
    for round_ in session.scalars(_rounds().where(ApprovalRound.record_id.in_(items))).unique():
        rounds.setdefault(round_.record_id, []).append(round_)
    tasks = session.scalars(
        select(Task).where(Task.parent_id.in_(items)).options(joinedload(Task.assignee), joinedload(Task.team))
    ).unique()
    own = and_(Note.record_id == request.id, Note.kind.in_(("reply", "reason")))
    asked = and_(Note.record_id.in_(items), Note.kind.in_(("question", "answer", "closing")))
    written = select(Note).where(or_(own, asked), Note.erased_at.is_(None))
    notes = session.scalars(written.options(joinedload(Note.author)).order_by(Note.id)).all()
    return Whole(
        request, rounds, {task.id: task for task in tasks}, [note for note in notes if note.record_id == request.id],
        _unanswered(notes), _pauses(session, request.items), {note.record_id: note.body for note in notes if note.kind == "closing"},
    )  # fmt: skip


def calls(session: Session, request: Request) -> dict[int, tuple[Note, str]]:
    """Return the calls that were logged on a request, by the id of their note: the note, and how one talked. Only for those who log calls."""
    logged = select(Note, Event.after["channel"].astext).join(Event, Event.note_id == Note.id).options(joinedload(Note.author))
    rows = session.execute(logged.where(Event.record_id == request.id, Event.name == "request.call", Note.erased_at.is_(None)).order_by(Note.id))
    return {note.id: (note, channel) for note, channel in rows}


def _pauses(session: Session, items: Sequence[Item]) -> dict[int, Pause]:
    """Return why each item that is on hold waits, by its id; asked only when there is one."""
    held = {item.id: item.hold_reason or "" for item in items if item.state == "on_hold"}
    if not held:
        return {}
    said = select(Event.record_id, Event.at, Note.body).outerjoin(Note, (Note.id == Event.note_id) & Note.erased_at.is_(None))
    rows = session.execute(said.where(Event.record_id.in_(held), Event.name == "item.hold").order_by(Event.id))
    return {item: Pause(held[item], at, body or "") for item, at, body in rows if item}


def _unanswered(notes: Sequence[Note]) -> dict[int, Note]:
    last = {note.record_id: note for note in notes if note.kind in {"question", "answer"}}
    return {item: note for item, note in last.items() if note.kind == "question"}


def item_with_rounds(session: Session, actor: Actor, number: str) -> tuple[Item, list[ApprovalRound]]:
    """Return an item for its approver: with request, people, steps and rounds."""
    query = select(Item).where(Record.number == number, visible(actor, RecordKind.ITEM)).options(
        joinedload(Item.requester), joinedload(Item.beneficiary), joinedload(Item.team),
    )  # fmt: skip
    item = session.scalars(query).unique().one_or_none()
    if item is None:
        raise NotFound(number)
    return item, list(session.scalars(_rounds().where(ApprovalRound.record_id == item.id)).unique())


def _rounds() -> Select[ApprovalRound]:
    seats = joinedload(ApprovalRound.approvals).joinedload(Approval.seats)
    said = seats.joinedload(Seat.vote).joinedload(Vote.note)
    return select(ApprovalRound).options(seats.joinedload(Seat.person), said).order_by(ApprovalRound.number)
