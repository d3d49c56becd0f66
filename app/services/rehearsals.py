"""Rehearsals: whether an item could be carried out today, tried without doing it (flow rehearse_catalog)."""

from typing import Final

from sqlalchemy import delete, select

from app.models.catalog import CatalogItem, Rehearsal
from app.rules.words import Text
from app.unit_of_work import UnitOfWork

STREAM: Final = "config"
WORKS, BROKEN, UNKNOWN = "works", "broken", "unknown"
KEPT: Final = 30  # of each item


def store(uow: UnitOfWork, slug: str, digest: str, outcome: str, error: Text | None = None) -> Rehearsal:
    """Keep what a rehearsal of a version found; an event says when an item breaks or works again."""
    last = uow.session.scalars(select(Rehearsal).where(Rehearsal.slug == slug).order_by(Rehearsal.id.desc()).limit(1))
    before = last.one_or_none()
    found = Rehearsal(
        slug=slug, hash=digest, at=uow.now, outcome=outcome,
        error=None if error is None else {"msgid": error.msgid, "params": {name: str(value) for name, value in error.params}},
    )  # fmt: skip
    uow.session.add(found)
    if outcome != UNKNOWN and (before is None or before.outcome != outcome):
        was = before.outcome if before else None
        after = {"slug": slug, "hash": digest, "outcome": outcome}
        uow.record_event(STREAM, "catalog.rehearse", before={"outcome": was}, after=after)
    uow.session.flush()
    _forget_old(uow, slug)
    return found


def due(uow: UnitOfWork) -> list[tuple[str, str]]:
    """Return what is in service and so to be rehearsed: slug and version of each item."""
    served = CatalogItem.slug.contains("/"), CatalogItem.hash.is_not(None), CatalogItem.withdrawn_at.is_(None)
    rows = uow.session.execute(select(CatalogItem.slug, CatalogItem.hash).where(*served).order_by(CatalogItem.slug))
    return [(slug, digest) for slug, digest in rows if digest]


def _forget_old(uow: UnitOfWork, slug: str) -> None:
    kept = select(Rehearsal.id).where(Rehearsal.slug == slug).order_by(Rehearsal.id.desc()).limit(KEPT)
    uow.session.execute(delete(Rehearsal).where(Rehearsal.slug == slug, Rehearsal.id.not_in(kept)))
