"""Queues of incidents: which ones, in which order, and how many; each answered from an index, whatever is stored.

What is open is a small part of what is stored, so the indexes of open incidents hold nothing else. Their condition is
written out as it stands in them (OPEN): PostgreSQL must see the same words, not values that come with the question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    DateTime,
    ScalarSelect,
    Select,
    SmallInteger,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from app.models.assets import Affected, ConfigurationItem
from app.models.closure import ClosureReview
from app.models.people import Person, Team
from app.models.records import NEXT_DUE, OPEN_INCIDENTS, Record, Tag
from app.queries import due
from app.queries.closure import RETURNED
from app.queries.paging import PER_PAGE, Page, page
from app.rules.lifecycle import RecordKind
from app.rules.permissions import Matrix
from app.rules.queues import Queue, Wanted
from app.settings import matrix
from app.visibility import Actor, visible

MOST: Final = 1000  # a count says "1000+" beyond
OPEN: Final = text(OPEN_INCIDENTS)
COLUMNS: Final[Mapping[str, Any]] = {
    "number": Record.id,
    "priority": type_coerce(Record.priority, SmallInteger),  # an incident always has one
    "due": type_coerce(literal_column(NEXT_DUE.replace("next_due_at", "records.next_due_at")), DateTime(timezone=True)),
    "updated": Record.updated_at, "opened": Record.opened_at, "state": Record.state,
}  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """How many there are in each queue, at most MOST."""

    by_queue: Mapping[Queue, int]

    def told(self, queue: Queue) -> str:
        """Return the number as it is shown."""
        found = self.by_queue.get(queue, 0)
        return f"{MOST}+" if found > MOST else str(found)


def listed(session: Session, actor: Actor, wanted: Wanted, *, bookmark: str | None = None, per_page: int = PER_PAGE) -> Page[Any]:
    """Return a page of a queue: the base table alone, names beside. Raises Invalid for a bookmark that is none."""
    return page(session, _listed(matrix(), actor, wanted), bookmark, per_page)


@lru_cache(512)
def _listed(rules: Matrix, actor: Actor, wanted: Wanted) -> Select[*tuple[Any, ...]]:
    return _rows().where(clause(actor, wanted)).order_by(*order(wanted))


def _rows() -> Select[*tuple[Any, ...]]:
    requester, assignee = aliased(Person), aliased(Person)
    return (
        select(Record.id, Record.number, Record.title, Record.state, Record.hold_reason, Record.priority, Record.category, Record.service,
               Record.team_id, Record.assignee_id, Record.requester_id, Record.opened_at, Record.updated_at, Record.version, Record.restricted,
               requester.name.label("requester"), requester.login.label("caller"), assignee.name.label("assignee"),
               assignee.login.label("analyst"), Record.next_due_at, Record.next_clock, due.calendar().label("due_calendar"), Team.key.label("team"), Team.name.label("team_name"), Team.name_pt.label("team_name_pt"))
        .outerjoin(requester, requester.id == Record.requester_id).outerjoin(assignee, assignee.id == Record.assignee_id)
        .outerjoin(Team, Team.id == Record.team_id)
    )  # fmt: skip


def everything(session: Session, actor: Actor, wanted: Wanted, *, limit: int) -> list[Any]:
    """Return all of a queue in its order, at most `limit`: for a file, or for a change to all of them."""
    return list(session.execute(_rows().where(clause(actor, wanted)).order_by(*order(wanted)).limit(limit)))


def some(session: Session, actor: Actor, numbers: Sequence[str]) -> list[Any]:
    """Return these incidents, as far as the actor sees them, newest first."""
    return list(session.execute(_rows().where(Record.number.in_(numbers), visible(actor, RecordKind.INCIDENT)).order_by(Record.id.desc())))


def clause(actor: Actor, wanted: Wanted) -> ColumnElement[bool]:
    """Return what keeps the incidents that are wanted and that the actor may see; for lists, counts, bulk and export."""
    return and_(visible(actor, RecordKind.INCIDENT), *_within(actor, wanted.queue), *_filters(wanted))


def order(wanted: Wanted) -> list[Any]:
    """Return the order. It ends in the number, so that it is one, in the direction of the first column, so that an index has it."""
    found = [COLUMNS[name].desc() if is_down else COLUMNS[name].asc() for name, is_down in wanted.orders]
    last = Record.id.desc() if wanted.orders[0][1] else Record.id.asc()
    return found if wanted.orders[-1][0] == "number" else [*found, last]


def counts(session: Session, actor: Actor) -> Counts:
    """Return how many are in each queue, in one question; counting stops at MOST."""
    queues = (Queue.MINE, Queue.UNASSIGNED, Queue.TEAM, Queue.OPEN, Queue.RETURNED)
    return Counts(dict(zip(queues, counted(session, actor, [Wanted(queue) for queue in queues]), strict=True)))


def counted(session: Session, actor: Actor, many: Sequence[Wanted]) -> list[int]:
    """Return how many are in each of these (saved views), in one question; counting stops at MOST."""
    return list(session.execute(_counted(matrix(), actor, tuple(many), MOST)).one()) if many else []


@lru_cache(512)
def _counted(rules: Matrix, actor: Actor, many: tuple[Wanted, ...], most: int) -> Select[*tuple[Any, ...]]:
    some = [select(Record.id).where(clause(actor, wanted)).limit(most + 1).subquery() for wanted in many]
    return select(*(select(func.count()).select_from(each).scalar_subquery() for each in some))


def mine_waiting(actor: Actor) -> ScalarSelect[int]:
    """Return the question how many open incidents somebody has; for the badge in the frame."""
    some = select(Record.id).where(OPEN, Record.assignee_id == actor.id).limit(MOST).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _within(actor: Actor, queue: Queue) -> list[ColumnElement[bool]]:
    kind = Record.kind == RecordKind.INCIDENT
    match queue:
        case Queue.MINE:
            return [OPEN, Record.assignee_id == actor.id]  # type: ignore[list-item]  # text is a clause, too
        case Queue.UNASSIGNED:
            return [OPEN, Record.assignee_id.is_(None), Record.team_id.in_(actor.team_ids)]  # type: ignore[list-item]
        case Queue.TEAM:
            return [OPEN, Record.team_id.in_(actor.team_ids)]  # type: ignore[list-item]
        case Queue.OPEN:
            return [OPEN]  # type: ignore[list-item]
        case Queue.RESOLVED:
            return [kind, Record.state == "resolved"]
        case Queue.RETURNED:
            theirs = select(ClosureReview.record_id).where(RETURNED)
            return [kind, Record.state == "resolved", Record.assignee_id == actor.id, Record.id.in_(theirs)]
        case Queue.ALL:
            return [kind]


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(Record.state.in_(wanted.states))
    if wanted.priorities:
        found.append(Record.priority.in_(wanted.priorities))
    if wanted.teams:
        found.append(Record.team_id.in_(_ids(select(Team.id).where(Team.key.in_(wanted.teams)))))
    if wanted.assignee:
        found.append(Record.assignee_id == _ids(select(Person.id).where(Person.login == wanted.assignee)))
    if wanted.caller:
        found.append(Record.requester_id == _ids(select(Person.id).where(Person.login == wanted.caller)))
    if wanted.category:
        found.append(or_(Record.category == wanted.category, Record.category.startswith(wanted.category + "/", autoescape=True)))
    if wanted.tag:
        found.append(exists().where(Tag.record_id == Record.id, Tag.tag == wanted.tag))
    if wanted.ci:
        about = exists().where(Affected.record_id == Record.id, Affected.ci_id == ConfigurationItem.id, ConfigurationItem.key == wanted.ci)
        found.append(about)
    return [*found, *(_left_out(name, value) for name, value in wanted.without)]


def _left_out(name: str, value: str) -> ColumnElement[bool]:
    """Rows without this value; what has none stays."""
    match name:
        case "state":
            return Record.state != value
        case "priority":
            return Record.priority != (int(value) if value.isdecimal() else 0)
        case "category":
            return Record.category.is_distinct_from(value)
        case "team":
            return Record.team_id.is_distinct_from(_ids(select(Team.id).where(Team.key == value)))
        case _:
            column = Record.assignee_id if name == "assignee" else Record.requester_id
            return column.is_distinct_from(_ids(select(Person.id).where(Person.login == value)))


def _ids(query: Select[int]) -> Any:
    return query.scalar_subquery()
