"""People, teams and roles for pickers, lists and administration."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlakeyset import select_page
from sqlakeyset.serial import InvalidPage
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.models.people import Delegation, Membership, Person, RoleGrant, SignInSession, Team
from app.rules.errors import Invalid
from app.rules.words import t

MOST_WORDS = 5
PAGE = 50


@dataclass(frozen=True)
class PersonPage:
    """A page of people, and the bookmarks of the pages before and after it."""

    people: Sequence[Person]
    previous: str | None
    next: str | None


@dataclass(frozen=True)
class TeamRow:
    """A team and how many active people are in it."""

    team: Team
    members: int


def find(session: Session, words: str, *, limit: int = 8) -> Sequence[Person]:
    """Return active people whose name or user name these words begin, or whose whole mail address they are.

    A part of an address finds nobody: the picker must not be a list of addresses.
    """
    if not words.strip():
        return []
    exact_first = (Person.login == words.strip().lower()).desc()
    query = select(Person).where(Person.active, matches(words, whole_mail=True))
    return session.scalars(query.order_by(exact_first, Person.name, Person.id).limit(limit)).all()


def by_login(session: Session, login: str) -> Person | None:
    """Return one person by user name."""
    return session.scalars(select(Person).where(Person.login == login.strip().lower())).one_or_none()


def by_id(session: Session, person_id: int) -> Person | None:
    """Return one person by id."""
    return session.get(Person, person_id)


def page(
    session: Session,
    words: str = "",
    *,
    role: str = "",
    team_id: int | None = None,
    active: bool | None = None,
    bookmark: str = "",
    limit: int = PAGE,
) -> PersonPage:
    """Return a page of the people who fit, by name; a spoiled bookmark raises Invalid."""
    query = select(Person)
    if words.strip():
        query = query.where(matches(words, whole_mail=False))
    if role:
        query = query.where(Person.id.in_(select(RoleGrant.person_id).where(RoleGrant.role == role)))
    if team_id is not None:
        query = query.where(Person.id.in_(select(Membership.person_id).where(Membership.team_id == team_id)))
    if active is not None:
        query = query.where(Person.active.is_(active))
    found = _paged(session, query.order_by(Person.name, Person.id), limit, bookmark)
    paging = found.paging
    return PersonPage(
        [row[0] for row in found],
        paging.bookmark_previous if paging.has_previous else None,
        paging.bookmark_next if paging.has_next else None,
    )


def _paged(session: Session, query: Any, limit: int, bookmark: str) -> Any:
    """The library's types are those of an older SQLAlchemy."""
    try:
        return select_page(session, query, per_page=limit, page=bookmark or None)
    except (InvalidPage, ValueError) as spoiled:
        raise Invalid({"page": t("This page of the list is not there. Begin at the first one.")}) from spoiled


def roles_of(session: Session, person_ids: Sequence[int]) -> dict[int, list[RoleGrant]]:
    """Return what each of these people holds, by role."""
    grants = session.scalars(
        select(RoleGrant).where(RoleGrant.person_id.in_(person_ids)).order_by(RoleGrant.role, RoleGrant.source)
    )
    found: dict[int, list[RoleGrant]] = {person_id: [] for person_id in person_ids}
    for grant in grants:
        found[grant.person_id].append(grant)
    return found


def holders(session: Session, role: str | None = None) -> Sequence[tuple[RoleGrant, Person]]:
    """Return who holds which role (or this one), by role and name."""
    query = select(RoleGrant, Person).join(Person, Person.id == RoleGrant.person_id)
    if role is not None:
        query = query.where(RoleGrant.role == role)
    rows = session.execute(query.order_by(RoleGrant.role, Person.name, Person.id, RoleGrant.source))
    return [(grant, person) for grant, person in rows]


def teams(session: Session, *, active: bool | None = True) -> list[TeamRow]:
    """Return the teams with their leads and sizes, by name."""
    size = (
        select(func.count()).select_from(Membership).join(Person, Person.id == Membership.person_id)
        .where(Membership.team_id == Team.id, Person.active).scalar_subquery()
    )  # fmt: skip
    query = select(Team, size).options(joinedload(Team.lead)).order_by(Team.name, Team.id)
    if active is not None:
        query = query.where(Team.active.is_(active))
    return [TeamRow(team, members) for team, members in session.execute(query)]


def team_names(session: Session) -> Sequence[Any]:
    """Return the active teams by name, as rows of id, key, name and name_pt: for lists to choose from."""
    return session.execute(select(Team.id, Team.key, Team.name, Team.name_pt).where(Team.active).order_by(Team.name, Team.id)).all()


def members(session: Session, team_id: int) -> Sequence[Person]:
    """Return the people of a team, by name."""
    query = select(Person).join(Membership, Membership.person_id == Person.id).where(Membership.team_id == team_id)
    return session.scalars(query.order_by(Person.name, Person.id)).all()


def delegations(session: Session, person_id: int) -> Sequence[Delegation]:
    """Return whom somebody has named for now or later, soonest first."""
    return session.scalars(
        select(Delegation).where(Delegation.person_id == person_id, Delegation.ends_at > func.desk_now())
        .options(joinedload(Delegation.delegate)).order_by(Delegation.starts_at, Delegation.id)
    ).all()  # fmt: skip


def sessions(session: Session, person_id: int) -> Sequence[SignInSession]:
    """Return the open sessions of a person, the one used last first."""
    return session.scalars(
        select(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
    ).all()  # fmt: skip


def signed_in_from_directory(session: Session) -> Sequence[Person]:
    """Return the directory's people who have an open session: whom the directory may have disabled since."""
    with_session = select(SignInSession.person_id).where(SignInSession.ended_at.is_(None))
    query = select(Person).where(Person.active, Person.directory_uid.is_not(None), Person.id.in_(with_session))
    return session.scalars(query.order_by(Person.id)).all()


def matches(words: str, *, whole_mail: bool) -> ColumnElement[bool]:
    """Each word begins a part of the name, or the user name; accents and case do not count."""
    mail = words.strip().lower()
    of_mail = Person.email == mail if whole_mail else Person.email.ilike(f"{_literal(mail)}%")
    return or_(and_(*(_word(word) for word in words.split()[:MOST_WORDS])), of_mail)


def _word(word: str) -> ColumnElement[bool]:
    name, begun = func.unaccent(Person.name), func.unaccent(_literal(word))
    return or_(
        name.ilike(begun.concat("%")), name.ilike(func.concat("% ", begun, "%")),
        Person.login.ilike(f"{_literal(word)}%"),
    )  # fmt: skip


def _literal(word: str) -> str:
    """Return the word with LIKE's own signs taken literally."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
