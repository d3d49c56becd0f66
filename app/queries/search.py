"""Finding things by words: services of the catalogue, records, people; accents, capitals and small slips forgiven."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.people import Person
from app.models.records import Record
from app.models.requests import Item as Ordered
from app.queries import assets, audiences, catalog, people, record_search
from app.queries.record_search import SHOWN, Facets, Records
from app.rules.catalog.items import Item, is_offered_to
from app.rules.lifecycle import NUMBER_PREFIX
from app.visibility import Actor, visible

NUMBER: Final = re.compile(rf"({'|'.join(NUMBER_PREFIX.values())})(\d{{1,10}})", re.IGNORECASE)
SLIP: Final = 0.8  # how alike a mistyped word must be
SHORTEST_SLIP: Final = 4
SUGGESTED: Final = 5


@dataclass(frozen=True)
class Found:
    """What fits: services to order, records one may see, and people and configuration items for those who may see them."""

    services: Sequence[Item] = ()
    records: Records = field(default_factory=Records)
    people: Sequence[Person] = ()
    things: Sequence[Any] = ()

    def __bool__(self) -> bool:
        """Say whether anything was found."""
        return bool(self.services or self.records.rows or self.people or self.things)


def offered_to(session: Session, person_id: int | None) -> list[Item]:
    """Return the services this person may order, by category and name."""
    belongs = audiences.of(session, person_id)
    return [item for item in catalog.offered(session) if is_offered_to(item, belongs)]


def find(session: Session, actor: Actor, words: str, now: datetime, facets: Facets | None = None, *, limit: int = SHOWN, counted: bool = True) -> Found:
    """Return what fits the words; a number finds its record, and nothing else. `counted`: with the facets of records."""
    if number := full_number(words):
        query = select(Record.number, Record.title, Record.title_pt, Record.state, Record.kind, Record.updated_at)
        return Found(records=Records(session.execute(query.where(Record.number == number, visible(actor))).all()))
    if len(words.strip()) < 2:
        return Found()
    records = record_search.find(session, actor, words, now, facets, limit=limit, counted=counted)
    if facets is not None and facets.chosen():
        return Found(records=records)
    return Found(
        matching(offered_to(session, actor.id), words)[:limit], records,
        people.find(session, words, limit=SUGGESTED) if actor.may("people.view") else (),
        assets.named(session, words, SUGGESTED) if actor.may("ci.view") else (),
    )  # fmt: skip


def full_number(words: str) -> str | None:
    """Return the record number that was typed or pasted, with its zeros (`req123` → `REQ0000123`), else None."""
    found = NUMBER.fullmatch(words.strip())
    return f"{found[1].upper()}{int(found[2]):07d}" if found else None


def matching(items: Iterable[Item], words: str) -> list[Item]:
    """Return the items in which each word begins a word, the ones named so first; with a slip, the nearest."""
    wanted = fold(words).split()
    texts = [(item, *_folded(tuple(item.name.values()), tuple(_texts(item)))) for item in items]
    fitting = [entry for entry in texts if all(_begins(word, entry[2]) for word in wanted)]
    if not fitting:
        vocabulary = {word for _, _, text in texts for word in text.split() if len(word) >= SHORTEST_SLIP}
        mended = [(get_close_matches(word, vocabulary, 1, SLIP) or [word])[0] for word in wanted if len(word) >= SHORTEST_SLIP]
        fitting = [entry for entry in texts if mended and all(_begins(word, entry[2]) for word in mended)]
    return [item for item, *_ in sorted(fitting, key=lambda entry: -sum(_begins(word, entry[1]) for word in wanted))]


def fold(text: str) -> str:
    """Return text without accents, capitals and punctuation, for comparing."""
    plain = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return re.sub(r"[^\w]+", " ", plain).casefold()


@lru_cache(2048)
def _folded(name: Sequence[str], texts: Sequence[str]) -> tuple[str, str]:
    """An item is met at each letter that is typed; folding it takes a tenth of a millisecond."""
    return fold(" ".join(name)), fold(" ".join(texts))


def _texts(item: Item) -> list[str]:
    return [*item.name.values(), *item.summary.values(), *item.search]


def _begins(word: str, text: str) -> bool:
    return text.startswith(word) or f" {word}" in text


def popular(session: Session, actor: Actor, limit: int = 6) -> list[Item]:
    """Return the services that people of one's department order most, filled up with others."""
    services = {item.slug: item for item in offered_to(session, actor.id)}
    mine = select(Person.department).where(Person.id == actor.id).scalar_subquery()
    counted = (
        select(Ordered.slug)
        .join(Person, Person.id == Ordered.requester_id)
        .where(Person.department == mine, Ordered.slug.in_(services))
        .group_by(Ordered.slug)
        .order_by(func.count().desc(), Ordered.slug)
        .limit(limit)
    )
    first = [services[slug] for slug in session.scalars(counted)]
    return [*first, *(item for item in services.values() if item not in first)][:limit]
