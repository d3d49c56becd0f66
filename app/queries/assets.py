"""Services and configuration items as people see them: lists, one with its neighbours, and what is hurt when one fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Integer, Select, Text, and_, bindparam, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from app.models.assets import Affected, CiRelation, ConfigurationItem
from app.models.records import Record
from app.queries.paging import PER_PAGE, Page, page
from app.rules.errors import NotFound
from app.rules.lifecycle import FINAL
from app.visibility import Actor, visible

DEEPEST = 12  # steps that are followed; a graph of people's making is never so deep


class Hurt(NamedTuple):
    """Something that is hurt when another fails: over how many steps, and on what it stands there (None: it fails itself)."""

    id: int
    key: str
    name: str
    kind: str
    criticality: int
    steps: int
    through: int | None
    type: str | None


@dataclass
class Whole:
    """A configuration item with what it stands on and what stands on it: (type, item)."""

    item: ConfigurationItem
    stands_on: Sequence[tuple[str, ConfigurationItem]]
    carries: Sequence[tuple[str, ConfigurationItem]]


def listed(
    session: Session, *, class_: str = "", words: str = "", with_retired: bool = False, bookmark: str | None = None, per_page: int = PER_PAGE
) -> Page[ConfigurationItem]:
    """Return configuration items by class and name."""
    query = _listed()
    if class_:
        query = query.where(ConfigurationItem.kind == class_)
    if not with_retired:
        query = query.where(ConfigurationItem.active)
    if plain := _plain(words):
        query = query.where(NAMED).params(words=f"%{plain}%")
    return page(session, query, bookmark, per_page)


def named(session: Session, words: str, limit: int) -> Sequence[Any]:
    """Return the first configuration items with these words in their name or key."""
    return session.execute(_named(), {"words": f"%{_plain(words)}%", "most": limit}).all()


NAMED: Final = or_(*(column.ilike(bindparam("words", type_=Text)) for column in (ConfigurationItem.name, ConfigurationItem.key)))


def _plain(words: str) -> str:
    return words.strip().replace("%", "").replace("_", "")


@lru_cache(1)
def _named() -> Select[*tuple[Any, ...]]:
    return _listed().where(ConfigurationItem.active, NAMED).limit(bindparam("most", type_=Integer))


def _listed() -> Select[*tuple[Any, ...]]:
    columns = (ConfigurationItem.id, ConfigurationItem.key, ConfigurationItem.name, ConfigurationItem.kind, ConfigurationItem.criticality,
               ConfigurationItem.team_id, ConfigurationItem.owner_id, ConfigurationItem.active)  # fmt: skip
    return select(*columns).order_by(ConfigurationItem.kind, ConfigurationItem.name, ConfigurationItem.id)


def whole(session: Session, key: str) -> Whole:
    """Return one with its neighbours; NotFound otherwise."""
    query = select(ConfigurationItem).where(ConfigurationItem.key == key)
    item = session.scalars(query.options(joinedload(ConfigurationItem.owner), joinedload(ConfigurationItem.team))).one_or_none()
    if item is None:
        raise NotFound(key)
    below = select(CiRelation.type, ConfigurationItem).join(ConfigurationItem, ConfigurationItem.id == CiRelation.target_id)
    above = select(CiRelation.type, ConfigurationItem).join(ConfigurationItem, ConfigurationItem.id == CiRelation.source_id)
    order = ConfigurationItem.criticality, ConfigurationItem.name
    return Whole(
        item,
        [(row[0], row[1]) for row in session.execute(below.where(CiRelation.source_id == item.id).order_by(*order))],
        [(row[0], row[1]) for row in session.execute(above.where(CiRelation.target_id == item.id).order_by(*order))],
    )  # fmt: skip


def about(session: Session, record_id: int) -> Sequence[int]:
    """Return the ids of what a record is about."""
    return session.scalars(select(Affected.ci_id).where(Affected.record_id == record_id)).all()


def impact(session: Session, ids: Sequence[int]) -> list[Hurt]:
    """Return what is hurt when these fail, they themselves first, each on its shortest way: one query, for list and graph."""
    if not ids:
        return []
    start = select(
        ConfigurationItem.id.label("id"), literal(0).label("steps"), literal(None, CiRelation.target_id.type).label("through"),
        literal(None, CiRelation.type.type).label("type"),
    ).where(ConfigurationItem.id.in_(ids)).cte("hurt", recursive=True)  # fmt: skip
    onward = select(CiRelation.source_id, start.c.steps + 1, CiRelation.target_id, CiRelation.type)
    tree = start.union(onward.join(start, and_(CiRelation.target_id == start.c.id, start.c.steps < DEEPEST)))
    nearest = select(tree).ext(distinct_on(tree.c.id)).order_by(tree.c.id, tree.c.steps, tree.c.through).subquery()
    item = ConfigurationItem
    query = select(item.id, item.key, item.name, item.kind, item.criticality, nearest.c.steps, nearest.c.through, nearest.c.type)
    query = query.join(nearest, nearest.c.id == item.id).where(or_(item.active, nearest.c.steps == 0))
    return [Hurt(*row) for row in session.execute(query.order_by(nearest.c.steps, item.criticality, item.name))]


def services_hurt(session: Session, record_id: int) -> list[Hurt]:
    """Return the services that are hurt by what a record is about, the most critical first."""
    named = session.scalars(select(Affected.ci_id).where(Affected.record_id == record_id)).all()
    return sorted((each for each in impact(session, named) if each.kind == "service"), key=lambda each: (each.criticality, each.name))


def open_records(session: Session, actor: Actor, ids: Sequence[int], *, limit: int = 50) -> list[Record]:
    """Return the open records about these that the actor may see, newest first."""
    about = select(Affected.record_id).where(Affected.ci_id.in_(ids))
    query = select(Record).where(Record.id.in_(about), Record.state.not_in(FINAL), visible(actor))
    return list(session.scalars(query.order_by(Record.id.desc()).limit(limit)))


def counted(session: Session) -> dict[str, int]:
    """Return how many there are of each class, without the retired ones."""
    rows = session.execute(select(ConfigurationItem.kind, func.count()).where(ConfigurationItem.active).group_by(ConfigurationItem.kind))
    return {kind: count for kind, count in rows}  # noqa: C416
