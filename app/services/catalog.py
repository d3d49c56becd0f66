"""Put the files of catalog/ into service: one publisher at a time, good versions kept for ever, faults told."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app import catalog
from app.models.catalog import CatalogItem, CatalogVersion
from app.rules.catalog.items import Category, Item, digest, to_json
from app.rules.catalog.reading import Fault
from app.rules.errors import Unavailable
from app.rules.words import t
from app.settings import settings
from app.unit_of_work import UnitOfWork

CHANNEL: Final = "desk_catalog"
LOCK: Final = 7_202_611  # any number that nothing else locks
STREAM: Final = "config"


@dataclass
class Published:
    """What one refresh changed, by slug."""

    published: list[str] = field(default_factory=list)
    faulty: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.published or self.faulty or self.withdrawn)


def refresh(uow: UnitOfWork, folder: Path | None = None) -> Published:
    """Publish what changed in the folder: good files come into service, wrong ones leave their last good version there.

    Safe to call at any time and from several processes. Raises Unavailable, and changes nothing, when the folder is
    away or empty: that is a broken mount or deployment, not the wish to offer nothing.
    """
    folder = folder or settings().catalog_dir
    uow.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    try:
        found = catalog.load(folder)
    except OSError as away:
        raise Unavailable(t("The catalogue's folder cannot be read; what was published stays.")) from away
    if not (found.items or found.faults):
        raise Unavailable(t("The catalogue's folder is empty; what was published stays."))
    rows = {row.slug: row for row in uow.session.scalars(select(CatalogItem))}
    changes = Published()
    good_ones: dict[str, Item | Category] = {**found.categories, **found.items}
    for slug, good in good_ones.items():
        if _publish(uow, rows.get(slug), slug, good):
            changes.published.append(slug)
    for slug, faults in found.faults.items():
        if _blame(uow, rows.get(slug), slug, faults):
            changes.faulty.append(slug)
    for slug in rows.keys() - found.items.keys() - found.categories.keys() - found.faults.keys():
        if _withdraw(uow, rows[slug]):
            changes.withdrawn.append(slug)
    if changes:
        uow.session.execute(select(func.pg_notify(CHANNEL, "")))
    return changes


def _publish(uow: UnitOfWork, row: CatalogItem | None, slug: str, good: Item | Category) -> bool:
    version = digest(good)
    if row and row.hash == version and not row.fault and not row.withdrawn_at:
        return False
    stored = insert(CatalogVersion).values(hash=version, slug=slug, parsed=to_json(good), published_at=uow.now)
    uow.session.execute(stored.on_conflict_do_nothing())
    row = row or _new(uow, slug)
    uow.record_event(
        STREAM, "catalog.publish", before={"slug": slug, "hash": row.hash}, after={"slug": slug, "hash": version}
    )
    row.hash, row.fault, row.withdrawn_at, row.updated_at = version, None, None, uow.now
    return True


def _blame(uow: UnitOfWork, row: CatalogItem | None, slug: str, faults: list[Fault]) -> bool:
    told = [fault.to_json() for fault in faults]
    if row and row.fault == told:
        return False
    row = row or _new(uow, slug)
    row.fault, row.updated_at = told, uow.now  # what was withdrawn stays so until its file is good
    uow.record_event(STREAM, "catalog.fault", after={"slug": slug, "faults": len(told), "hash": row.hash})
    return True


def _withdraw(uow: UnitOfWork, row: CatalogItem) -> bool:
    if row.withdrawn_at and not row.fault:
        return False
    row.fault, row.withdrawn_at, row.updated_at = None, uow.now, uow.now
    uow.record_event(STREAM, "catalog.withdraw", before={"slug": row.slug, "hash": row.hash})
    return True


def _new(uow: UnitOfWork, slug: str) -> CatalogItem:
    row = CatalogItem(slug=slug, hash=None, fault=None, withdrawn_at=None, updated_at=uow.now)
    uow.session.add(row)
    return row
