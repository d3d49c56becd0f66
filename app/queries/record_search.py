"""Records by their words: Portuguese and English, accents and typing errors forgiven, with facets; only what the asker may see.

The newest CANDIDATES that fit are looked at: they are ranked, and counted for the facets. So a word that stands in a
million records costs no more than one that stands in a thousand.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, literal, literal_column, or_, select, text
from sqlalchemy.orm import Session, aliased

from app.models.people import Person, Team
from app.models.records import Record
from app.models.search import SearchText
from app.rules.lifecycle import RecordKind
from app.settings import matrix
from app.visibility import Actor, visible

CANDIDATES: Final = 500
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
    total: int = 0
    is_mended: bool = False  # nothing fitted as it was typed, so this is what looks alike

    @property
    def is_capped(self) -> bool:
        """Say whether more may fit than were counted."""
        return self.total >= CANDIDATES


def find(session: Session, actor: Actor, words: str, now: datetime, facets: Facets | None = None, *, limit: int = SHOWN) -> Records:
    """Return the records that fit the words best; where none does, those whose titles look alike."""
    facets = facets or Facets()
    typed = re.findall(r"\w+", words)[:MOST_WORDS]
    if not typed:
        return Records()
    asked = _asked(typed)
    found = _ranked(session, _narrowed(_fitting(actor, asked), facets, now), limit)
    if found.rows:
        return found
    session.execute(text(f"set local pg_trgm.word_similarity_threshold = {ALIKE}"))
    alike = _ranked(session, _narrowed(_looking_alike(actor, " ".join(typed)), facets, now), limit)
    return Records(alike.rows, alike.counts, alike.total, is_mended=True)


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
    asked = session.scalar(select(cast(_asked(typed), Text)))
    rows = session.execute(text(str(said).replace(":asked", "cast(:asked as tsquery)")), {"numbers": list(numbers), "asked": asked, "how": HEADLINE})
    return {number: line for number, line in rows if line and START in line}


def _asked(typed: Sequence[str]) -> ColumnElement[Any]:
    """Return the question in both languages: each word, or what begins with it."""
    said = " & ".join(f"{word}:*" for word in typed)
    return func.to_tsquery(PORTUGUESE, said).op("||")(func.to_tsquery(ENGLISH, said))


def _columns(rank: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    assignee = aliased(Person)
    return (
        select(Record.id, Record.number, Record.kind, Record.title, Record.title_pt, Record.state, Record.hold_reason, Record.priority,
               Record.category, Record.updated_at, Team.key.label("team"), Team.name.label("team_name"), Team.name_pt.label("team_name_pt"),
               assignee.name.label("assignee"), rank.label("rank"))
        .join(SearchText, SearchText.record_id == Record.id).outerjoin(Team, Team.id == Record.team_id)
        .outerjoin(assignee, assignee.id == Record.assignee_id)
    )  # fmt: skip


def _fitting(actor: Actor, asked: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    fits: ColumnElement[bool] = SearchText.words.op("@@")(asked)
    reads = matrix().roles_for(INSIDE) & actor.roles
    if reads or actor.is_system:
        strangers = and_(Record.requester_id.is_distinct_from(actor.id), Record.beneficiary_id.is_distinct_from(actor.id))
        fits = or_(fits, and_(SearchText.inside.op("@@")(asked), strangers))
    rank = func.ts_rank(SearchText.words, asked)
    return _columns(rank).where(fits, visible(actor, *SEARCHED)).order_by(SearchText.record_id.desc())


def _looking_alike(actor: Actor, typed: str) -> Select[*tuple[Any, ...]]:
    plain = func.lower(func.unaccent(literal(typed)))
    rank = func.word_similarity(plain, SearchText.plain)
    return _columns(rank).where(plain.op("<%")(SearchText.plain), visible(actor, *SEARCHED))  # in no order: it ends with the first CANDIDATES


def _narrowed(query: Select[*tuple[Any, ...]], facets: Facets, now: datetime) -> Select[*tuple[Any, ...]]:
    if facets.kind in {kind.value for kind in SEARCHED}:
        query = query.where(Record.kind == RecordKind(facets.kind))
    if facets.state:
        query = query.where(Record.state == facets.state)
    if facets.team:
        query = query.where(Record.team_id == select(Team.id).where(Team.key == facets.team).scalar_subquery())
    if facets.category:
        query = query.where(or_(Record.category == facets.category, Record.category.startswith(facets.category + "/", autoescape=True)))
    if facets.age in AGES:
        query = query.where(Record.updated_at >= now - AGES[facets.age])
    return query


def _ranked(session: Session, query: Select[*tuple[Any, ...]], limit: int) -> Records:
    """Rank the candidates: what stands in a title before what stands in talk, then the newest."""
    rows = session.execute(query.limit(CANDIDATES)).all()
    best = sorted(rows, key=lambda row: (-round(row.rank, 2), -row.id))[:limit]
    counts = {name: dict(Counter(str(value) for row in rows if (value := getattr(row, name))).most_common(12)) for name in FACETS}
    return Records(best, counts, len(rows))
