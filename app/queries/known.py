"""Outages that are known: major incidents, and open incidents that others are part of. Everybody may know that they are.

Only what an outage is called, what it hurts and since when is told; the record itself is for those who see it.
"""

import re
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models.assets import ConfigurationItem
from app.models.incidents import Incident
from app.models.majors import Major
from app.models.records import Participant, Record
from app.queries.queues import OPEN
from app.queries.record_search import ENGLISH, MOST_WORDS, PORTUGUESE, in_both_languages
from app.rules.incidents import Major as Standing
from app.rules.permissions import Relation
from app.visibility import Actor

SHOWN: Final = 5
TABLE: Final = Incident.__table__


def clause() -> ColumnElement[bool]:
    """Return what makes an incident (joined with its table) a known outage."""
    child = aliased(TABLE)
    is_parent = exists().where(child.c.parent_id == TABLE.c.id)
    return and_(OPEN, Record.restricted.is_(False), or_(TABLE.c.major == Standing.ACCEPTED.value, is_parent))


def outages(session: Session, actor: Actor, words: str = "") -> list[Any]:
    """Return the known outages whose shown words have one of these (all of them without words), the gravest first.

    Rows: number, title, service, opened_at, is_mine (the actor is on it already).
    """
    on_it = exists().where(Participant.record_id == Record.id, Participant.person_id == actor.id, Participant.relation == Relation.WATCHER.value)
    mine = or_(on_it, Record.requester_id == actor.id, Record.beneficiary_id == actor.id)
    headline = Major.headline_pt if actor.language == "pt" else Major.headline  # what its manager wrote for everybody to read
    title = func.coalesce(func.nullif(headline, ""), Record.title)
    query = (
        select(Record.number, title.label("title"), ConfigurationItem.name.label("service"), Record.opened_at, mine.label("is_mine"))
        .join(TABLE, TABLE.c.id == Record.id).outerjoin(Major, Major.incident_id == Record.id).outerjoin(ConfigurationItem, ConfigurationItem.key == Record.service)
        .where(clause()).order_by(Record.priority, Record.id.desc()).limit(SHOWN)
    )  # fmt: skip
    if typed := [word for word in re.findall(r"\w+", words)[:MOST_WORDS] if len(word) > 2]:
        said = " | ".join(f"{word}:*" for word in typed)
        shown = title.op("||")(" ").op("||")(func.coalesce(ConfigurationItem.name, ""))  # its text is for those who see it
        query = query.where(func.to_tsvector(PORTUGUESE, shown).op("||")(func.to_tsvector(ENGLISH, shown)).op("@@")(in_both_languages(said)))
    return list(session.execute(query))
