"""What stands beside an incident: what else its caller has, what is like it, and what changed lately on what it is about."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Select, Text, bindparam, case, func, literal, or_, select, union
from sqlalchemy.orm import Session

from app.models.assets import Affected
from app.models.records import Link, Note, Record
from app.models.search import SearchText
from app.queries.record_search import MOST_WORDS, in_both_languages
from app.rules.lifecycle import FINAL, RecordKind
from app.rules.permissions import Matrix
from app.settings import matrix
from app.visibility import Actor, visible

RECENT: Final = 80  # of each sort, the newest are compared; what is older is found by the search
ALIKE, SAME = 0.35, 0.3  # how near it must be, of title (0 to 1) and what both are about
SHOWN: Final = 6
OVER: Final = frozenset({*FINAL, "resolved"})
HAD: Final = (RecordKind.INCIDENT, RecordKind.REQUEST)


@dataclass(frozen=True)
class Beside:
    """Rows with number, title, title_pt, state, kind, and what resolved them, if anything did."""

    open_: Sequence[Any] = ()
    past: Sequence[Any] = ()
    similar: Sequence[Any] = ()
    changes: Sequence[Any] = ()


def of(
    session: Session, actor: Actor, *, person_id: int | None = None, words: str = "", category: str | None = None, cis: Sequence[int] = (), besides: int = 0,
) -> Beside:  # fmt: skip
    """Return what the actor may see of all that, in one question: candidates from indexes, then the best of each list that may be seen."""
    typed = re.findall(r"\w{3,}", words)[:MOST_WORDS]
    question = _question(matrix(), actor, bool(person_id), bool(typed), bool(category), bool(cis))
    if question is None:
        return Beside()
    given = {"person": person_id, "besides": besides, "category": category, "cis": list(cis), "asked": " | ".join(typed), "words": words}
    lists: dict[str, list[Any]] = {}
    for row in session.execute(question, given):
        lists.setdefault(row.which, []).append(row)
    return Beside(**lists)


PERSON, BESIDES = bindparam("person", type_=BigInteger), bindparam("besides", type_=BigInteger)
CATEGORY, WORDS, TYPED = bindparam("category", type_=Text), bindparam("words", type_=Text), bindparam("asked", type_=Text)
CIS = bindparam("cis", type_=BigInteger, expanding=True)


@lru_cache(512)
def _question(rules: Matrix, actor: Actor, has_person: bool, has_words: bool, has_category: bool, has_cis: bool) -> Select[*tuple[Any, ...]] | None:
    """Put it together once for whoever asks: that takes longer than the answer."""
    candidates = [*(_had() if has_person else ()), *_alike(has_words, has_category, has_cis), *(_changes() if has_cis else ())]
    if not candidates:
        return None
    found = union(*(select(literal(which).label("which"), query.subquery().c.id) for which, query in candidates)).subquery()
    about = Record.id.in_(select(Affected.record_id).where(Affected.ci_id.in_(CIS)))
    folded = select(func.lower(func.unaccent(WORDS))).scalar_subquery()  # once, not for each row
    near = func.similarity(SearchText.plain, folded) + case((Record.category == CATEGORY, SAME), else_=0.0)
    score = case((found.c.which == "similar", near + case((about, SAME), else_=0.0) if has_cis else near), else_=1.0)
    scored = (
        select(found.c.which, Record.id, score.label("score")).join(Record, Record.id == found.c.id)
        .join(SearchText, SearchText.record_id == Record.id).where(visible(actor, *HAD, RecordKind.CHANGE))
        .cte("scored").prefix_with("materialized")
    )  # fmt: skip
    place = func.row_number().over(partition_by=scored.c.which, order_by=(scored.c.score.desc(), scored.c.id.desc())).label("place")
    ranked = (
        select(scored.c.which, Record.id, Record.number, Record.title, Record.title_pt, Record.state, Record.kind, place)
        .join(Record, Record.id == scored.c.id).where(scored.c.score >= ALIKE).subquery()
    )  # fmt: skip
    closing = select(Note.body).where(Note.record_id == ranked.c.id, Note.kind == "closing", Note.erased_at.is_(None)).order_by(Note.id.desc()).limit(1)
    query = select(ranked, func.left(closing.scalar_subquery(), 300).label("solution")).where(ranked.c.place <= SHOWN)
    return query.order_by(ranked.c.which, ranked.c.place)


def _had() -> Iterator[tuple[str, Select[Any]]]:
    """What somebody reported, or has: all of it from the indexes of both columns, once; else all records are walked through for a rare one."""
    mine = or_(Record.requester_id == PERSON, Record.beneficiary_id == PERSON)
    all_ = select(Record.id, Record.state).where(mine, Record.kind.in_(HAD), Record.id != BESIDES).cte("had").prefix_with("materialized")
    newest = select(all_.c.id).order_by(all_.c.id.desc()).limit(3 * SHOWN)
    yield "open_", newest.where(all_.c.state.not_in(OVER))
    yield "past", newest.where(all_.c.state.in_(OVER))


def _alike(has_words: bool, has_category: bool, has_cis: bool) -> Iterator[tuple[str, Select[Any]]]:
    """Incidents of the same category, about the same, or that share a word."""
    newest = select(Record.id).where(Record.kind == RecordKind.INCIDENT, Record.id != BESIDES, Record.state != "canceled").order_by(Record.id.desc()).limit(RECENT)
    if has_category:
        yield "similar", newest.where(Record.category == CATEGORY)
    if has_cis:
        yield "similar", newest.where(Record.id.in_(select(Affected.record_id).where(Affected.ci_id.in_(CIS))))
    if has_words:
        sharing = select(SearchText.record_id).where(SearchText.words.op("@@")(in_both_languages(TYPED))).order_by(SearchText.record_id.desc()).limit(RECENT)
        yield "similar", newest.where(Record.id.in_(sharing))


def _changes() -> Iterator[tuple[str, Select[Any]]]:
    """Changes that are about these, or that an incident about these is linked to."""
    about = select(Affected.record_id).where(Affected.ci_id.in_(CIS))
    newest = select(Record.id).where(Record.kind == RecordKind.CHANGE).order_by(Record.id.desc()).limit(3 * SHOWN)
    yield "changes", newest.where(Record.id.in_(about))
    yield "changes", newest.where(Record.id.in_(select(Link.target_id).where(Link.source_id.in_(about))))
