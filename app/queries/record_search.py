"""Records by their words: Portuguese and English, accents and typing errors forgiven, with facets; only what the asker may see.

The newest CANDIDATES that fit are looked at: they are ranked, and counted for the facets. So a word that stands in a
million records costs no more than one that stands in a thousand.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session, aliased

from app.models.people import Person, Team
from app.models.records import Record
from app.models.search import SearchText
from app.rules.lifecycle import RecordKind
from app.rules.permissions import Matrix
from app.settings import matrix
from app.visibility import Actor, visible

CANDIDATES: Final = 500
MENDED: Final = 100  # so many of those that look alike
SHOWN: Final = 20
MOST_WORDS: Final = 8
ALIKE: Final = 0.45  # how much of a title's nearest words a mistyped word must share (word_similarity of pg_trgm)
SEARCHED: Final = (RecordKind.INCIDENT, RecordKind.REQUEST, RecordKind.TASK)  # those that have a page
INSIDE: Final = "record.timeline"  # who reads work notes
START, STOP = "\x02", "\x03"  # around what fits, in a snippet
HEADLINE: Final = f"StartSel={START}, StopSel={STOP}, MaxFragments=2, MaxWords=18, MinWords=6, FragmentDelimiter=' … '"
AGES: Final[Mapping[str, timedelta]] = {"week": timedelta(days=7), "month": timedelta(days=31), "year": timedelta(days=366)}
PORTUGUESE: Final[ColumnElement[Any]] = literal_column("'desk_pt'::regconfig")
ENGLISH: Final[ColumnElement[Any]] = literal_column("'desk_en'::regconfig")
FACETS: Final = ("kind", "state", "team", "category")
MOST_VALUES: Final = 12  # of a facet


def in_both_languages(said: Any) -> ColumnElement[Any]:
    """Return a question, such as `vpn:* | mail:*`, as it is asked in Portuguese and in English."""
    return func.to_tsquery(PORTUGUESE, said).op("||")(func.to_tsquery(ENGLISH, said))


ASKED: Final[ColumnElement[Any]] = in_both_languages(bindparam("asked", type_=Text))


@dataclass(frozen=True)
class Facets:
    """What narrows a search: kinds, states, keys of teams, categories, and how recently it changed (a key of AGES)."""

    kind: str = ""
    state: str = ""
    team: str = ""
    category: str = ""
    age: str = ""

    def chosen(self) -> dict[str, str]:
        """Return those that are set."""
        return {name: value for name in (*FACETS, "age") if (value := getattr(self, name))}


@dataclass(frozen=True)
class Records:
    """The best of what fits; how many candidates have each value of a facet; whether there are more than were looked at."""

    rows: Sequence[Any] = ()
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    teams: Mapping[str, Any] = field(default_factory=dict)  # those that are counted, by key: name, name_pt
    total: int = 0
    is_mended: bool = False  # nothing fitted as it was typed, so this is what looks alike

    @property
    def is_capped(self) -> bool:
        """Say whether more may fit than were counted."""
        return self.total >= (MENDED if self.is_mended else CANDIDATES)


def find(
    session: Session, actor: Actor, words: str, now: datetime, facets: Facets | None = None, *, limit: int = SHOWN, counted: bool = True,
) -> Records:  # fmt: skip
    """Return the records that fit the words best; where none does, those whose titles look alike. `counted`: with the facets."""
    facets = facets or Facets()
    typed = re.findall(r"\w+", words)[:MOST_WORDS]
    if not typed:
        return Records()
    given = {"asked": _asked(typed), "typed": " ".join(typed), "since": now - AGES.get(facets.age, timedelta())}
    found, is_mended = session.execute(_fitting(matrix(), actor, facets), given).all(), False
    if not found:
        session.execute(text(f"set local pg_trgm.word_similarity_threshold = {ALIKE}"))
        found, is_mended = session.execute(_looking_alike(matrix(), actor, facets), given).all(), True
    teams = _teams(session, found) if counted else {}
    counts = {name: dict(_counted(name, found, teams)) for name in FACETS} if counted else {}
    return Records(_best(session, found, limit), counts, {team.key: team for team in teams.values()}, len(found), is_mended)


def _counted(name: str, found: Sequence[Any], teams: Mapping[int, Any]) -> Iterable[tuple[str, int]]:
    if name == "team":
        return ((teams[team].key, count) for team, count in Counter(row.team_id for row in found if row.team_id).most_common(MOST_VALUES))
    return Counter(str(value) for row in found if (value := getattr(row, name))).most_common(MOST_VALUES)


def _teams(session: Session, found: Sequence[Any]) -> dict[int, Any]:
    asked = select(Team.id, Team.key, Team.name, Team.name_pt).where(Team.id.in_({row.team_id for row in found if row.team_id}))
    return {team.id: team for team in session.execute(asked)}


def _best(session: Session, found: Sequence[Any], limit: int) -> list[Any]:
    """Return what is shown of the best: what stands in a title before what stands in talk, then the newest."""
    best = [row.id for row in sorted(found, key=lambda row: (-round(row.rank, 2), -row.id))[:limit]]
    rows = {row.id: row for row in session.execute(_shown(), {"best": best})} if best else {}
    return [rows[each] for each in best]


def snippets(session: Session, actor: Actor, numbers: Sequence[str], words: str) -> dict[str, str]:
    """Return, by number, the sentences of a record's own text that fit, with START and STOP around the words."""
    typed = re.findall(r"\w+", words)[:MOST_WORDS]
    if not typed or not numbers:
        return {}
    said = text(
        "select r.number, ts_headline('desk_pt', left(concat_ws(' … ', i.description, said.body), 4000), :asked, :how)"
        " from records r left join incidents i on i.id = r.id left join lateral ("
        "  select string_agg(n.body, ' … ' order by n.id desc) as body from notes n where n.record_id = r.id and n.erased_at is null"
        "  and n.kind <> 'work_note') said on true where r.number = any(:numbers)"
    )
    asked = session.scalar(select(cast(ASKED, Text)), {"asked": _asked(typed)})
    rows = session.execute(text(str(said).replace(":asked", "cast(:asked as tsquery)")), {"numbers": list(numbers), "asked": asked, "how": HEADLINE})
    return {number: line for number, line in rows if line and START in line}


def _asked(typed: Sequence[str]) -> str:
    """Return the question: each word, or what begins with it."""
    return " & ".join(f"{word}:*" for word in typed)


# Each of these is put together once for whoever asks: that takes longer than the answer.


@lru_cache(512)
def _fitting(rules: Matrix, actor: Actor, facets: Facets) -> Select[*tuple[Any, ...]]:
    fits: ColumnElement[bool] = SearchText.words.op("@@")(ASKED)
    if rules.roles_for(INSIDE) & actor.roles or actor.is_system:
        strangers = and_(Record.requester_id.is_distinct_from(actor.id), Record.beneficiary_id.is_distinct_from(actor.id))
        fits = or_(fits, and_(SearchText.inside.op("@@")(ASKED), strangers))
    return _candidates(func.ts_rank(SearchText.words, ASKED), fits, actor, facets).order_by(SearchText.record_id.desc()).limit(CANDIDATES)


@lru_cache(512)
def _looking_alike(rules: Matrix, actor: Actor, facets: Facets) -> Select[*tuple[Any, ...]]:
    plain = select(func.lower(func.unaccent(bindparam("typed", type_=Text)))).scalar_subquery()  # once, not for each row
    return _candidates(func.word_similarity(plain, SearchText.plain), plain.op("<%")(SearchText.plain), actor, facets).limit(MENDED)  # no order: the first that are met


def _candidates(rank: ColumnElement[Any], fits: ColumnElement[bool], actor: Actor, facets: Facets) -> Select[*tuple[Any, ...]]:
    columns = Record.id, Record.kind, Record.state, Record.team_id, Record.category, rank.label("rank")
    return (
        select(*columns).join(SearchText, SearchText.record_id == Record.id)
        .where(fits, visible(actor, *SEARCHED), *_narrowed(facets))
    )  # fmt: skip


def _narrowed(facets: Facets) -> Iterator[ColumnElement[bool]]:
    if facets.kind in {kind.value for kind in SEARCHED}:
        yield Record.kind == RecordKind(facets.kind)
    if facets.state:
        yield Record.state == facets.state
    if facets.team:
        yield Record.team_id == select(Team.id).where(Team.key == facets.team).scalar_subquery()
    if facets.category:
        yield or_(Record.category == facets.category, Record.category.startswith(facets.category + "/", autoescape=True))
    if facets.age in AGES:
        yield Record.updated_at >= bindparam("since", type_=DateTime(timezone=True))


@lru_cache(1)
def _shown() -> Select[*tuple[Any, ...]]:
    assignee = aliased(Person)
    return (
        select(Record.id, Record.number, Record.kind, Record.title, Record.title_pt, Record.state, Record.priority, Record.updated_at,
               Team.key.label("team"), Team.name.label("team_name"), Team.name_pt.label("team_name_pt"), assignee.name.label("assignee"))
        .outerjoin(Team, Team.id == Record.team_id).outerjoin(assignee, assignee.id == Record.assignee_id)
        .where(Record.id.in_(bindparam("best", type_=BigInteger, expanding=True)))
    )  # fmt: skip
