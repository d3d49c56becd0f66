"""Rehearsals: whether an item could be carried out today, tried without doing it (flow rehearse_catalog)."""

from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from app.models.catalog import CatalogItem, Rehearsal
from app.models.directory import DirectoryGroup
from app.models.people import Person
from app.queries import catalog
from app.queries.progress import facts_of
from app.rules.catalog import conditions, samples, templates
from app.rules.catalog.items import Item, Kind
from app.rules.errors import Unavailable
from app.rules.words import Text, t
from app.services.fulfilment import BoundStep
from app.settings import settings
from app.unit_of_work import UnitOfWork

STREAM: Final = "config"
WORKS, BROKEN, UNKNOWN = "works", "broken", "unknown"
KEPT: Final = 30  # of each item
NUMBER: Final = "RIT0000000"  # of an order that never was


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


def steps(uow: UnitOfWork, digest: str) -> list[BoundStep]:
    """Return the automatic steps of made-up orders of this version: one order for each way the form can branch.

    The orders are for somebody who is there, and name a group that is there; nothing of them is kept.
    """
    offer = catalog.version(uow.session, digest)
    asked_for = select(Person).where(Person.active).order_by(Person.directory_dn.is_(None), Person.manager_id.is_(None), Person.id)
    person = uow.session.scalars(asked_for.limit(1)).first()
    if person is None:
        raise Unavailable(t("There is nobody yet for whom it could be tried."))
    group = uow.session.scalar(select(DirectoryGroup.name).where(DirectoryGroup.gone_at.is_(None)).order_by(DirectoryGroup.name))
    known, facts = samples.Known(person.login, group or "", "file"), facts_of(person)
    today = uow.now.astimezone(ZoneInfo(settings().timezone)).date()
    found: dict[tuple[str, str], BoundStep] = {}
    for chosen in _branches(offer):
        given = samples.answers(offer, today, known, chosen)
        values = templates.context(
            offer, given, number=NUMBER, beneficiary=facts, requester=facts, people={facts.login: facts}
        )
        for step in conditions.in_force(offer, given).steps:
            if step.is_automatic:
                params = templates.bind(step, values)
                found[step.name, str(sorted(params.items()))] = BoundStep(NUMBER, step.name, step.do, params)
    return list(found.values())


def _branches(offer: Item) -> Iterator[dict[str, Any]]:
    """Yield what to answer so that each condition of the item holds once; first nothing, then one answer each."""
    yield {}
    conditions_ = [*(each.when for each in offer.fields), *(each.when for each in offer.steps), *(each.when for each in offer.parts)]
    for name, value in dict.fromkeys((when.field, value) for when in conditions_ if when for value in when.values):
        field = offer.field(name)
        kind = field.kind if field else Kind.CHOICE
        yield {name: value == "yes" if kind is Kind.YES_NO else [value] if kind is Kind.MULTI_CHOICE else value}


def _forget_old(uow: UnitOfWork, slug: str) -> None:
    kept = select(Rehearsal.id).where(Rehearsal.slug == slug).order_by(Rehearsal.id.desc()).limit(KEPT)
    uow.session.execute(delete(Rehearsal).where(Rehearsal.slug == slug, Rehearsal.id.not_in(kept)))
