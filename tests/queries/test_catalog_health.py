"""What the catalogue's health page reads: rehearsals, times, approvals, failures, and what an item names in vain."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import database
from app.models.approvals import ApprovalRound
from app.models.catalog import CatalogItem, CatalogVersion, Rehearsal
from app.models.people import Team
from app.models.requests import Item
from app.queries import catalog, catalog_health
from app.rules.words import t
from app.services import records, rehearsals, requests
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON, event_names

SINCE = NOON - timedelta(days=30)


def order(guest: str, *, hours: float | None = None, decided: str = "", slug: str = "workplace/visitor") -> None:
    """An order, and what became of it: fulfilled after so many hours, decided so, or failed."""
    with unit_of_work("ana", now=NOON) as uow:
        offer = catalog.current(uow.session, slug)
        sent = requests.submit(uow, requests.Order(f"key-{guest}-0123456789", [requests.Line(slug, offer.hash, {"guest": guest})]))
        item_id = sent.items[0].id
    with database.sessions()() as session:
        item = session.get(Item, item_id)
        if hours is not None:
            item.approved_at, item.fulfilled_at = NOON, NOON + timedelta(hours=hours)
        if decided:
            session.add(ApprovalRound(record_id=item.id, number=1, state=decided, subject_hash="x", opened_at=NOON, decided_at=NOON))
        session.commit()


def test_times_rates_and_failures_are_counted_by_item(cast):
    for number, hours in enumerate((1, 2, 3, 4, 10), start=1):
        order(f"g{number}", hours=hours, decided="approved")
    order("no", decided="rejected")
    order("open")
    with unit_of_work(SYSTEM, now=NOON) as uow:
        item = uow.session.scalars(select(Item).order_by(Item.id).limit(1)).one()
        uow.record_event(item, "item.fail", after={"step": "tell"})
        records.write(uow, item, "work_note", "x")
    with database.sessions()() as session:
        found = catalog_health.statistics(session, SINCE)
        assert list(found) == ["workplace/visitor"]
        told = found["workplace/visitor"]
        assert (told.orders, told.fulfilled, told.failures) == (7, 5, 1)
        assert (told.p50, told.p90) == (timedelta(hours=3), timedelta(hours=7, minutes=36))
        assert told.approval_rate == 5 / 6
        both = catalog_health.usual(session, ["workplace/visitor", "access/shared-group"], SINCE)
        assert both == {"workplace/visitor": (told.p50, told.p90)}
        assert catalog_health.statistics(session, NOON + timedelta(days=1)) == {}
        assert catalog_health.statistics(session, SINCE, "access/shared-group") == {}
    assert catalog_health.Statistics().approval_rate is None


def rehearse(outcome: str, slug: str = "workplace/visitor") -> None:
    with unit_of_work(SYSTEM) as uow:
        digest = dict(rehearsals.due(uow))[slug]
        rehearsals.store(uow, slug, digest, outcome, None if outcome == "works" else t("The group %(group)s is gone.", group="x"))


def test_a_rehearsal_that_fails_marks_its_item_until_one_works_and_events_tell_the_turns(cast):
    for outcome in ("works", "broken", "broken", "unknown", "broken", "works"):
        rehearse(outcome)
    assert event_names("config") == ["catalog.rehearse"] * 4
    rehearse("broken")
    with database.sessions()() as session:
        health = {each.slug: each for each in catalog_health.of(session, SINCE)}
        assert [slug for slug, each in health.items() if each.is_broken] == ["workplace/visitor"]
        assert str(catalog_health.trouble(health["workplace/visitor"].rehearsal)) == "The group x is gone."
        assert health["access/shared-group"].rehearsal is None
    rehearse("works")
    with database.sessions()() as session:
        assert not any(each.is_broken for each in catalog_health.of(session, SINCE))


def test_only_the_newest_rehearsals_are_kept(cast):
    for _ in range(rehearsals.KEPT + 5):
        rehearse("works")
    with database.sessions()() as session:
        assert len(session.scalars(select(Rehearsal)).all()) == rehearsals.KEPT


def test_the_rehearsal_of_an_older_version_says_nothing_about_this_one(cast):
    rehearse("broken")
    with database.sessions()() as session:
        old = session.get(CatalogItem, "workplace/visitor")
        other = session.scalars(select(CatalogVersion).where(CatalogVersion.slug != "workplace/visitor")).first()
        session.add(CatalogVersion(hash="other", slug=old.slug, parsed={**other.parsed, "slug": old.slug}, published_at=NOON))
        session.flush()
        old.hash = "other"
        session.commit()
        assert not any(each.is_broken for each in catalog_health.of(session, SINCE))


@pytest.mark.parametrize("way", ["fault", "team"])
def test_a_faulty_file_and_a_team_that_is_not_there_come_first(cast, way):
    with database.sessions()() as session:
        if way == "fault":
            fault = {"file": "catalog/workplace/visitor.toml", "line": 3, "what": ["x", {}], "mend": ["y", {}]}
            session.get(CatalogItem, "workplace/visitor").fault = [fault]
        else:
            session.delete(session.scalars(select(Team).where(Team.key == "workplace")).one())
        session.commit()
        first, second = catalog_health.of(session, SINCE)
    assert (first.slug, first.is_broken, second.is_broken) == ("workplace/visitor", True, False)
    assert first.unknown_teams == (() if way == "fault" else ("workplace",))
