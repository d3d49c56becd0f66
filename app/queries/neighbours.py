"""What stands beside an incident: what else its caller has, what is like it, and what changed lately on what it is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, case, false, func, or_, select, union
from sqlalchemy.orm import Session

from app.models.assets import Affected
from app.models.incidents import Incident
from app.models.records import Link, Note, Record
from app.models.search import SearchText
from app.queries.gathering import gathered, rows
from app.queries.record_search import ENGLISH, MOST_WORDS, PORTUGUESE
from app.rules.lifecycle import FINAL, RecordKind
from app.visibility import Actor, visible

RECENT: Final = 300  # of each sort, the newest are compared; what is older is found by the search
ALIKE, SAME = 0.35, 0.3  # how near it must be, of title (0 to 1) and what both are about
SHOWN: Final = 6
HAD: Final = (RecordKind.INCIDENT, RecordKind.REQUEST)


@dataclass(frozen=True)
class Beside:
    """Rows with number, title, title_pt, state, kind; of similar ones also what resolved them."""

    open_: Sequence[Any]
    past: Sequence[Any]
    similar: Sequence[Any]
    changes: Sequence[Any]


def of(
    session: Session, actor: Actor, *, person_id: int | None = None, words: str = "", category: str | None = None, cis: Sequence[int] = (), besides: int = 0,
) -> Beside:  # fmt: skip
    """Return what the actor may see of all that, in one question."""
    columns = Record.number, Record.title, Record.title_pt, Record.state, Record.kind, Record.opened_at
    mine = select(*columns).where(
        or_(Record.requester_id == person_id, Record.beneficiary_id == person_id) if person_id else false(),
        Record.kind.in_(HAD), Record.id != besides, visible(actor, *HAD),
    ).order_by(Record.id.desc()).limit(SHOWN)  # fmt: skip
    over = {*FINAL, "resolved"}
    about = select(Affected.record_id).where(Affected.ci_id.in_(cis)) if cis else None
    linked = select(Link.target_id).join(Affected, Affected.record_id == Link.source_id).where(Affected.ci_id.in_(cis))
    changes = select(*columns).where(
        or_(Record.id.in_(about), Record.id.in_(linked)) if about is not None else false(), Record.kind == RecordKind.CHANGE, visible(actor, RecordKind.CHANGE),
    ).order_by(Record.id.desc()).limit(SHOWN)  # fmt: skip
    asked = (mine.where(Record.state.not_in(over)), mine.where(Record.state.in_(over)), _similar(actor, words, category, cis, besides), changes)
    found = session.execute(select(*(gathered(query, f"beside_{place}") for place, query in enumerate(asked)))).one()
    return Beside(*(rows(column) for column in found))


def _similar(actor: Actor, words: str, category: str | None, cis: Sequence[int], besides: int) -> Select[Any]:
    """Incidents whose titles are alike, or that are about the same; the more of both, the nearer."""
    table = Incident.__table__
    about = Record.id.in_(select(Affected.record_id).where(Affected.ci_id.in_(cis))) if cis else false()
    places = [Record.category == category] if category else []
    places += [about] if cis else []
    places += [Record.id.in_(_sharing(words))] if _typed(words) else []
    mine = Record.kind == RecordKind.INCIDENT, Record.id != besides, Record.state != "canceled", visible(actor, RecordKind.INCIDENT)
    near = [select(Record.id).where(place, *mine).order_by(Record.id.desc()).limit(RECENT).subquery() for place in places]
    found = union(*(select(each.c.id) for each in near)).subquery() if near else select(Record.id).where(false()).subquery()
    alike = func.similarity(SearchText.plain, func.lower(func.unaccent(words)))
    score = alike + case((Record.category == category, SAME), else_=0.0) + case((about, SAME), else_=0.0)
    closing = select(Note.body).where(Note.record_id == Record.id, Note.kind == "closing", Note.erased_at.is_(None)).order_by(Note.id.desc()).limit(1)
    query = select(
        Record.number, Record.title, Record.title_pt, Record.state, Record.kind, Record.opened_at,
        func.left(closing.scalar_subquery(), 300).label("solution"), table.c.resolution_code,
    ).join(found, found.c.id == Record.id).join(table, table.c.id == Record.id).join(SearchText, SearchText.record_id == Record.id)  # fmt: skip
    return query.where(score >= ALIKE).order_by(score.desc(), Record.id.desc()).limit(SHOWN)


def _sharing(words: str) -> Select[Any]:
    """Records that share a word."""
    asked = " | ".join(_typed(words))
    wanted = func.to_tsquery(PORTUGUESE, asked).op("||")(func.to_tsquery(ENGLISH, asked))
    return select(SearchText.record_id).where(SearchText.words.op("@@")(wanted)).order_by(SearchText.record_id.desc()).limit(RECENT)


def _typed(words: str) -> list[str]:
    return re.findall(r"\w{3,}", words)[:MOST_WORDS]
