"""The inbox: what concerns somebody and was not that person's own act; only of records that are still to be seen."""

from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from app.models.records import Record
from app.models.sla import Notice
from app.queries import told
from app.queries.paging import PER_PAGE, Page, page
from app.rules.permissions import Matrix
from app.settings import matrix
from app.visibility import Actor, visible

MOST: Final = 100  # a badge says "99+" from there on


class Part(StrEnum):
    """Which part of the inbox."""

    OPEN = "open"
    LATER = "later"
    DONE = "done"


def unread(actor: Actor) -> ScalarSelect[int]:
    """Return the question how many are unread, at most MOST; for the badge in the frame."""
    some = _seen(actor).where(Notice.person_id == actor.id, Notice.read_at.is_(None), _is_time()).limit(MOST).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def listed(session: Session, actor: Actor, part: Part, *, bookmark: str | None = None, per_page: int = PER_PAGE) -> Page[Any]:
    """Return a page of it, the newest first. Raises Invalid for a bookmark that is none."""
    return page(session, _listed(matrix(), actor, part), bookmark, per_page)


def is_fresh(session: Session, person_id: int, since: Any) -> bool:
    """Say whether something came after this instant (the desk's time)."""
    last = select(Notice.created_at).where(Notice.person_id == person_id, Notice.read_at.is_(None)).order_by(Notice.id.desc()).limit(1)
    return bool(session.scalar(select(last.scalar_subquery() > since)))


@lru_cache(256)
def _listed(rules: Matrix, actor: Actor, part: Part) -> Select[*tuple[Any, ...]]:
    title = case((Record.title_pt.is_not(None) & (actor.language == "pt"), Record.title_pt), else_=Record.title)
    mine = told.told(Notice, title).where(Notice.person_id == actor.id, _part(part), or_(Notice.record_id.is_(None), visible(actor)))
    return mine.order_by(Notice.id.desc())


def _seen(actor: Actor) -> Select[int]:
    return select(Notice.id).outerjoin(Record, Record.id == Notice.record_id).where(or_(Notice.record_id.is_(None), visible(actor)))


def _is_time() -> ColumnElement[bool]:
    return or_(Notice.snoozed_until.is_(None), Notice.snoozed_until <= func.desk_now())


def _part(part: Part) -> ColumnElement[bool]:
    match part:
        case Part.OPEN:
            return and_(Notice.done_at.is_(None), _is_time())
        case Part.LATER:
            return and_(Notice.done_at.is_(None), Notice.snoozed_until > func.desk_now())
        case Part.DONE:
            return Notice.done_at.is_not(None)
