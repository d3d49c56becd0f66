"""The catalogue in service, as it was published; versions never change, so each process keeps those it has read."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.catalog import CatalogItem, CatalogVersion
from app.queries import audiences
from app.queries.remembered import once
from app.rules.catalog.items import Category, Item, category_from_json, from_json, is_offered_to
from app.rules.catalog.reading import Fault
from app.rules.errors import NotFound

_versions: dict[str, Item] = {}
IS_ITEM = CatalogItem.slug.contains("/")  # the slug of a category has none


def version(session: Session, digest: str) -> Item:
    """Return the item as it was in this version."""
    if digest not in _versions:
        _keep(session, [digest])
    if digest not in _versions:
        raise NotFound(digest)
    return _versions[digest]


def versions(session: Session, digests: list[str]) -> Mapping[str, Item]:
    """Return several versions by their digest: one query at most."""
    missing = [digest for digest in digests if digest not in _versions]
    if missing:
        _keep(session, missing)
    return {digest: _versions[digest] for digest in digests}


def offered(session: Session) -> list[Item]:
    """Return every item in service, by category and name."""
    in_service = IS_ITEM, CatalogItem.hash.is_not(None), CatalogItem.withdrawn_at.is_(None)
    digests = [digest for digest in session.scalars(select(CatalogItem.hash).where(*in_service)) if digest]
    found = versions(session, digests)
    return sorted(found.values(), key=lambda item: item.slug)


def current(session: Session, slug: str) -> Item:
    """Return the version of an item that is in service now; NotFound when there is none."""
    in_service = IS_ITEM, CatalogItem.slug == slug, CatalogItem.withdrawn_at.is_(None)
    digest = once(session, ("catalog", slug), lambda: session.scalar(select(CatalogItem.hash).where(*in_service)))
    if digest is None:
        raise NotFound(slug)
    return version(session, digest)


def orderable(session: Session, slug: str, person_id: int | None) -> Item:
    """Return an item as it is now; NotFound where there is none, or none for this person."""
    item = current(session, slug)
    for_all = person_id is not None and audiences.EMPLOYEES in item.audience
    if not for_all and not is_offered_to(item, audiences.of(session, person_id)):
        raise NotFound(slug)
    return item


def categories(session: Session) -> list[Category]:
    """Return every category in service, by its slug."""
    rows = session.scalars(
        select(CatalogVersion.parsed)
        .join(CatalogItem, CatalogItem.hash == CatalogVersion.hash)
        .where(~IS_ITEM, CatalogItem.withdrawn_at.is_(None))
        .order_by(CatalogItem.slug)
    )
    return [category_from_json(parsed) for parsed in rows]


def faults(session: Session) -> list[Fault]:
    """Return what is wrong in the files of the catalogue, as the last publishing found it, by file and line."""
    rows = session.scalars(select(CatalogItem.fault).where(CatalogItem.fault.is_not(None)))
    found = [Fault.from_json(each) for fault in rows for each in fault or ()]
    return sorted(found, key=lambda fault: (fault.file, fault.line))


def _keep(session: Session, digests: list[str]) -> None:
    rows = session.execute(select(CatalogVersion.hash, CatalogVersion.parsed).where(CatalogVersion.hash.in_(digests)))
    _versions.update({digest: from_json(parsed) for digest, parsed in rows})
