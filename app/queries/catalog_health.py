"""How the catalogue does: faults of its files, rehearsals, times, approvals and failures of each item."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.models.approvals import ApprovalRound
from app.models.catalog import CatalogItem, Rehearsal
from app.models.events import Event
from app.models.people import Team
from app.models.requests import Item as Ordered
from app.queries import catalog
from app.rules.catalog.items import Item
from app.rules.catalog.reading import Fault
from app.rules.words import Text

TEAM = "team:"
FEW = 5  # orders, below which a usual time says nothing
COUNTED_AGAIN = 600.0  # seconds
_Known = dict[str, tuple[float, tuple[timedelta, timedelta] | None]]
_usual: WeakKeyDictionary[object, _Known] = WeakKeyDictionary()  # by connections: what another database said is nothing here


@dataclass(frozen=True)
class Statistics:
    """What became of the orders of one item since a time; a time is None where there was nothing to measure.

    Times run from approval to fulfilment by the wall clock. `approval_rate` is approved / (approved + rejected), None
    where nobody was asked.
    """

    orders: int = 0
    fulfilled: int = 0
    p50: timedelta | None = None
    p90: timedelta | None = None
    approved: int = 0
    rejected: int = 0
    failures: int = 0

    @property
    def approval_rate(self) -> float | None:
        """The share of decided rounds that were approved."""
        decided = self.approved + self.rejected
        return self.approved / decided if decided else None


@dataclass(frozen=True)
class Health:
    """One item of the catalogue: what serves, what is wrong with its file, how its last rehearsal went, how it does."""

    slug: str
    item: Item | None
    faults: tuple[Fault, ...]
    rehearsal: Rehearsal | None
    unknown_teams: tuple[str, ...]
    statistics: Statistics

    @property
    def is_broken(self) -> bool:
        """Whether an author must look: a fault, a failed rehearsal of what serves, or a team that is not there."""
        rehearsed = self.rehearsal is not None and self.item is not None and self.rehearsal.hash == self.item.hash
        return bool(self.faults or self.unknown_teams or (rehearsed and self.rehearsal and self.rehearsal.outcome == "broken"))


def of(session: Session, since: datetime) -> list[Health]:
    """Return the health of every item that is in service or at fault; the broken first."""
    rows = session.scalars(
        select(CatalogItem).where(CatalogItem.withdrawn_at.is_(None) | CatalogItem.fault.is_not(None))
    ).all()
    items = catalog.versions(session, [row.hash for row in rows if row.hash and "/" in row.slug and not row.withdrawn_at])
    last, counted, teams = rehearsed(session), statistics(session, since), set(session.scalars(select(Team.key)))
    found = []
    for row in rows:
        item = items.get(row.hash or "")
        faults = tuple(Fault.from_json(each) for each in row.fault or ())
        if item is None and not faults:
            continue
        unknown = tuple(sorted(teams_of(item) - teams)) if item else ()
        found.append(Health(row.slug, item, faults, last.get(row.slug), unknown, counted.get(row.slug, Statistics())))
    return sorted(found, key=lambda health: (not health.is_broken, health.slug))


def teams_of(item: Item) -> set[str]:
    """Return the keys of the teams an item names: its owner, those of its tasks, those it asks."""
    asked = {each.who.removeprefix(TEAM) for each in item.approvals if each.who.startswith(TEAM)}
    return {item.owner} | {step.team for step in item.steps if step.team} | asked


def rehearsed(session: Session) -> dict[str, Rehearsal]:
    """Return the newest rehearsal of each item, by slug."""
    newest = select(func.max(Rehearsal.id)).group_by(Rehearsal.slug)
    return {row.slug: row for row in session.scalars(select(Rehearsal).where(Rehearsal.id.in_(newest)))}


def trouble(rehearsal: Rehearsal) -> Text | None:
    """Return why a rehearsal did not work, for the reader's language."""
    return Text(rehearsal.error["msgid"], tuple(rehearsal.error["params"].items())) if rehearsal.error else None


def statistics(session: Session, since: datetime, slug: str | None = None) -> dict[str, Statistics]:
    """Return what became of the orders since then, by slug (of one item, where it is named): three queries."""
    mine = [Ordered.submitted_at >= since, *([Ordered.slug == slug] if slug else [])]
    times = _times(session, mine)
    rounds: dict[str, dict[str, Any]] = {}
    for name, approved, rejected in session.execute(
        select(
            Ordered.slug,
            func.count(case((ApprovalRound.state == "approved", 1))),
            func.count(case((ApprovalRound.state == "rejected", 1))),
        )
        .join(ApprovalRound, ApprovalRound.record_id == Ordered.id)
        .where(*mine)
        .group_by(Ordered.slug)
    ):
        rounds[name] = {"approved": approved, "rejected": rejected}
    failed = select(Ordered.slug, func.count()).join(Event, Event.record_id == Ordered.id)
    counted = session.execute(failed.where(Event.name == "item.fail", *mine).group_by(Ordered.slug))
    failures: dict[str, int] = {row[0]: row[1] for row in counted}
    return {name: Statistics(**times[name], **rounds.get(name, {}), failures=failures.get(name, 0)) for name in times}


def usual(session: Session, slugs: Iterable[str], since: datetime) -> dict[str, tuple[timedelta, timedelta]]:
    """Return, by slug, within what time half and nine of ten orders were done; left out where too few were.

    Each process counts an item again after ten minutes at the earliest: this stands on pages that are opened often.
    """
    known = _usual.setdefault(session.get_bind().engine.pool, {})
    wanted, clock = set(slugs), monotonic()
    missing = [slug for slug in wanted if slug not in known or known[slug][0] < clock]
    found = _times(session, [Ordered.submitted_at >= since, Ordered.slug.in_(missing)]) if missing else {}
    for slug in missing:
        each = found.get(slug)
        enough = each is not None and each["fulfilled"] >= FEW
        known[slug] = clock + COUNTED_AGAIN, (each["p50"], each["p90"]) if each and enough else None
    return {slug: times for slug in wanted if (times := known[slug][1])}


def _times(session: Session, mine: list[Any]) -> dict[str, dict[str, Any]]:
    seconds = func.extract("epoch", Ordered.fulfilled_at - Ordered.approved_at)
    rows = session.execute(
        select(
            Ordered.slug,
            func.count(),
            func.count(Ordered.fulfilled_at),
            func.percentile_cont(0.5).within_group(seconds),
            func.percentile_cont(0.9).within_group(seconds),
        )
        .where(*mine)
        .group_by(Ordered.slug)
    )
    return {
        slug: {"orders": orders, "fulfilled": fulfilled, "p50": _length(p50), "p90": _length(p90)}
        for slug, orders, fulfilled, p50, p90 in rows
    }


def _length(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=round(float(seconds)))
