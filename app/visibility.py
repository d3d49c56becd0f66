"""Who is acting, and what that person may see: the one clause of lists, details, search, counts, exports and streams."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from app.models.people import Delegation, Membership, Person, RoleGrant
from app.models.records import Participant, Record
from app.rules.lifecycle import RecordKind
from app.rules.permissions import VIEW, Matrix, Relation
from app.settings import matrix, settings

EMPLOYEE: Final = "employee"
BY_COST: Final = (  # relations that a row tells by itself come first
    Relation.ASSIGNEE, Relation.TEAM, Relation.REQUESTER, Relation.BENEFICIARY, Relation.OPENER,
    Relation.NAMED, Relation.WATCHER, Relation.APPROVER, Relation.MANAGER,
)  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """Whoever acts: a person with roles and teams, or the desk itself."""

    id: int | None
    login: str
    name: str
    roles: frozenset[str] = frozenset()
    team_ids: frozenset[int] = frozenset()
    is_manager: bool = False
    language: str = "en"
    timezone: str = "UTC"
    email: str = ""

    @property
    def is_system(self) -> bool:
        """Does the desk itself act?"""
        return self.id is None

    def may(self, permission: str) -> bool:
        """Answer for a permission that needs no record."""
        return self.is_system or matrix().allows(permission, self.roles)


SYSTEM: Final = Actor(None, "system", "Balcão")
IMPORTER: Final = Actor(None, "importer", "Importer")


def standing() -> tuple[ColumnElement[Any], ...]:
    """Return the columns that, beside a Person, make an Actor: roles, teams, leads anybody, the desk's time."""
    roles = select(func.array_agg(RoleGrant.role)).where(RoleGrant.person_id == Person.id).scalar_subquery()
    teams = select(func.array_agg(Membership.team_id)).where(Membership.person_id == Person.id).scalar_subquery()
    report = aliased(Person)
    return roles, teams, exists().where(report.manager_id == Person.id, report.active), func.desk_now()


def actor_of(person: Person | Row[Any], roles: list[str] | None, teams: list[int] | None, is_manager: bool) -> Actor:
    """Return a person as an actor."""
    return Actor(
        person.id, person.login, person.name,
        roles=frozenset([EMPLOYEE, *(roles or [])]),
        team_ids=frozenset(teams or []),
        is_manager=is_manager,
        language=person.language or settings().language,
        timezone=person.timezone or settings().timezone,
        email=person.email or "",
    )  # fmt: skip


def actor(session: Session, who: ColumnElement[bool]) -> tuple[Actor, datetime] | None:
    """Return the active person this clause finds, as an actor, and the desk's time: one query."""
    columns = (Person.id, Person.login, Person.name, Person.language, Person.timezone, Person.email)
    row = session.execute(select(*columns, *standing()).where(who, Person.active)).one_or_none()
    if row is None:
        return None
    *_, roles, teams, is_manager, now = row
    return actor_of(row, roles, teams, is_manager), now


def people_below(person_id: int) -> ColumnElement[bool]:
    """Return a clause on Person.id-like columns: everybody whose manager, at any height, this person is."""
    tree = select(Person.id).where(Person.manager_id == person_id).cte(recursive=True)
    below = aliased(Person)
    tree = tree.union(select(below.id).where(below.manager_id == tree.c.id))
    return or_(Record.requester_id.in_(select(tree.c.id)), Record.beneficiary_id.in_(select(tree.c.id)))


def _approver(me: int) -> ColumnElement[bool]:
    """An approver's seat, own or of somebody who delegated to me now."""
    delegated = exists().where(
        Delegation.person_id == Participant.person_id,
        Delegation.delegate_id == me,
        Delegation.starts_at <= func.desk_now(),
        Delegation.ends_at > func.desk_now(),
    )
    return exists().where(
        Participant.record_id == Record.id,
        Participant.relation == Relation.APPROVER.value,
        or_(Participant.person_id == me, delegated),
    )


def _participant(me: int, relation: Relation) -> ColumnElement[bool]:
    return exists().where(
        Participant.record_id == Record.id, Participant.person_id == me, Participant.relation == relation.value
    )


def related(who: Actor, relation: Relation) -> ColumnElement[bool]:
    """Return a clause on records: this person stands so to the record."""
    if who.id is None:
        return false()
    match relation:
        case Relation.REQUESTER:
            return Record.requester_id == who.id
        case Relation.BENEFICIARY:
            return Record.beneficiary_id == who.id
        case Relation.OPENER:
            return Record.opened_by_id == who.id
        case Relation.ASSIGNEE:
            return Record.assignee_id == who.id
        case Relation.TEAM:
            return Record.team_id.in_(who.team_ids) if who.team_ids else false()
        case Relation.MANAGER:
            return people_below(who.id) if who.is_manager else false()
        case Relation.APPROVER:
            return _approver(who.id)
        case Relation.WATCHER | Relation.NAMED:
            return _participant(who.id, relation)


def sees(session: Session, who: Actor, record_id: int) -> bool:
    """Say whether somebody may see one record."""
    return session.scalar(select(Record.id).where(Record.id == record_id, visible(who))) is not None


def visible(who: Actor, *kinds: RecordKind) -> ColumnElement[bool]:
    """Return the clause on records that keeps what this actor may see, of these kinds (all, when none is named)."""
    if who.is_system:
        return Record.kind.in_(kinds) if kinds else true()
    return _visible(matrix(), who, kinds)


@lru_cache(512)
def _visible(rules: Matrix, who: Actor, kinds: tuple[RecordKind, ...]) -> ColumnElement[bool]:
    """The clause never changes for one standing of one person; making it anew for each question took a third of a page's time.

    Each relation stands in it once, the cheapest first: the database plans each anew, and most rows need ask no further.
    """
    all_ = kinds or tuple(RecordKind)
    ways: list[ColumnElement[bool]] = [false()]
    if by_role := [kind for kind in all_ if rules.roles_for(f"{kind.value}.{VIEW}") & who.roles]:
        ways.append(and_(_of(by_role, all_), Record.restricted.is_(False)))
    for relation in BY_COST:
        if related_to := [kind for kind in all_ if relation in rules.relations_for(f"{kind.value}.{VIEW}")]:
            ways.append(and_(_of(related_to, all_), related(who, relation)))
    return and_(_of(kinds), or_(*ways))


def _of(kinds: Sequence[RecordKind], all_: Sequence[RecordKind] = ()) -> ColumnElement[bool]:
    """Return the clause that keeps these kinds; nothing where they are all."""
    if len(kinds) == len(all_):
        return true()
    return Record.kind == kinds[0] if len(kinds) == 1 else Record.kind.in_(kinds)


def relations(session: Session, who: Actor, record: Record, wanted: Iterable[Relation]) -> frozenset[Relation]:
    """Return which of these relations the actor has to a record: one query at most."""
    return relations_to(session, who, [record.id], wanted)[record.id]


def relations_to(
    session: Session, who: Actor, ids: Sequence[int], wanted: Iterable[Relation]
) -> dict[int, frozenset[Relation]]:
    """Return which of these relations the actor has to each of several records, by id: one query at most."""
    wanted = sorted(set(wanted))
    if who.is_system or not wanted or not ids:
        return dict.fromkeys(ids, frozenset())
    rows = session.execute(select(Record.id, *(related(who, relation) for relation in wanted)).where(Record.id.in_(ids)))
    held = {row[0]: frozenset(each for each, has in zip(wanted, row[1:], strict=True) if has) for row in rows}
    return {each: held.get(each, frozenset()) for each in ids}
