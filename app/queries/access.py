"""Who holds what: the register, what one person holds, and one access with its history. One clause says who sees what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, DateTime, Select, exists, func, or_, select, text, true, type_coerce
from sqlalchemy.orm import Session, aliased, joinedload

from app.models.access import FOR_GOOD, Grant
from app.models.directory import DirectoryGroup, GroupOwner
from app.models.events import Event
from app.models.people import Person
from app.models.records import Link, Record
from app.models.requests import Item
from app.queries.paging import PER_PAGE, Page, page
from app.queries.people import matches
from app.rules.lifecycle import FINAL
from app.visibility import Actor

EXTENDS: Final = "extends"
SHOWS: Final = ("held", "stuck", "ended")
_ENDS: Final = func.coalesce(Grant.ends_at, text(FOR_GOOD))


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for in the register; empty words look for everything."""

    words: str = ""
    group: str = ""
    before: datetime | None = None
    show: str = "held"


def seen(who: Actor) -> ColumnElement[bool]:
    """Return the clause on grants that keeps what this actor may see: the own, those to own groups, or all."""
    if who.is_system or who.may("access.view"):
        return true()
    return or_(Grant.person_id == who.id, Grant.target.in_(_own_groups(who)))


def _own_groups(who: Actor) -> Select[str]:
    owned = select(DirectoryGroup.name).join(GroupOwner, GroupOwner.group_id == DirectoryGroup.id)
    return owned.where(GroupOwner.person_id == who.id, DirectoryGroup.gone_at.is_(None))


def groups_of(session: Session, who: Actor) -> Sequence[str]:
    """Return the names of the groups this person answers for, by name."""
    return session.scalars(_own_groups(who).order_by(DirectoryGroup.name)).all()


def register(session: Session, who: Actor, wanted: Wanted, bookmark: str | None = None, per_page: int = PER_PAGE) -> Page[Any]:
    """Return a page of the register: what is held by its end (for good comes last), what has ended the newest first."""
    return page(session, _ordered(_chosen(who, wanted), wanted), bookmark, per_page)


def every(session: Session, who: Actor, wanted: Wanted, limit: int) -> Sequence[Any]:
    """Return the same rows as the register's pages in one go, for an export of at most so many."""
    return session.execute(_ordered(_chosen(who, wanted), wanted).limit(limit)).all()


def count(session: Session, who: Actor, wanted: Wanted, most: int = 1000) -> int:
    """Return how many rows the register has for this reader; counting stops at `most`."""
    rows = _chosen(who, wanted).with_only_columns(Grant.id).limit(most).subquery()
    return session.scalars(select(func.count()).select_from(rows)).one()


def _chosen(who: Actor, wanted: Wanted) -> Select[*tuple[Any, ...]]:
    request = aliased(Record, flat=True)
    query: Select[*tuple[Any, ...]] = (
        select(
            Grant.id, Grant.target, Grant.state, Grant.granted_at, Grant.ends_at, Grant.ended_at, Grant.ended_why, Grant.error,
            Person.id.label("person_id"), Person.name, Person.login, Person.department, Person.active,
            Item.number, Item.title, Item.title_pt, request.number.label("request"),
        )
        .join(Person, Person.id == Grant.person_id)
        .join(Item, Item.id == Grant.item_id)
        .join(request, request.id == Item.request_id)
        .where(seen(who))
    )  # fmt: skip
    if not who.may("access.view"):  # the register is of the groups one answers for; what one holds is on a page of its own
        query = query.where(Grant.target.in_(_own_groups(who)))
    match wanted.show:
        case "ended":
            query = query.where(Grant.state == "ended")
        case "stuck":
            query = query.where(Grant.error.is_not(None))
        case _:
            query = query.where(Grant.state != "ended")
    if wanted.words.strip():
        query = query.where(Grant.person_id.in_(select(Person.id).where(matches(wanted.words, whole_mail=False))))
    if wanted.group.strip():
        query = query.where(Grant.target == wanted.group.strip())
    if wanted.before:
        query = query.where(Grant.ends_at <= wanted.before)
    return query


def _ordered(query: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    if wanted.show == "ended":
        return query.order_by(type_coerce(Grant.ended_at, DateTime(timezone=True)).desc(), Grant.id.desc())  # never null here
    if wanted.show == "stuck":
        return query.order_by(Grant.id)
    return query.order_by(_ENDS, Grant.id)


def mine(session: Session, who: Actor, *, ended: int = 10) -> tuple[Sequence[Grant], Sequence[Grant]]:
    """Return what somebody holds, what ends first on top, and the last of what has ended."""
    query = select(Grant).where(Grant.person_id == who.id).options(joinedload(Grant.item).joinedload(Item.request))
    held = session.scalars(query.where(Grant.state != "ended").order_by(_ENDS, Grant.id)).all()
    over = session.scalars(query.where(Grant.state == "ended").order_by(Grant.ended_at.desc(), Grant.id.desc()).limit(ended))
    return held, over.all()


def extensions(session: Session, grants: Sequence[Grant]) -> dict[int, Item]:
    """Return the open orders that ask to keep these accesses longer, by the access."""
    by_item = {grant.item_id: grant.id for grant in grants if grant.state == "open"}
    if not by_item:
        return {}
    asked = select(Link.target_id, Item).join(Item, Item.id == Link.source_id).options(joinedload(Item.request))
    asked = asked.where(Link.type == EXTENDS, Link.target_id.in_(by_item), Item.state.not_in(FINAL | {"rejected"}))
    return {by_item[target]: item for target, item in session.execute(asked.order_by(Item.id)) if item.fulfilled_at is None}


def extended_by(session: Session, item_id: int) -> Sequence[Grant]:
    """Return the accesses that an order asks to keep longer, as they are held now."""
    asked = exists().where(Link.source_id == item_id, Link.type == EXTENDS, Link.target_id == Grant.item_id)
    return session.scalars(select(Grant).where(asked, Grant.state != "ended").order_by(Grant.id)).all()


def history(session: Session, grant: Grant) -> Sequence[tuple[Event, str | None]]:
    """Return what happened to an access, oldest first, and by whom."""
    orders = select(Record.id).where(or_(Record.beneficiary_id == grant.person_id, Record.id == grant.item_id))
    told = select(Event, Person.name).outerjoin(Person, Person.id == Event.actor_id).options(joinedload(Event.note))
    told = told.where(Event.record_id.in_(orders), Event.name.like("grant.%"), Event.after["grant"].as_integer() == grant.id)
    return [(event, name) for event, name in session.execute(told.order_by(Event.id))]
