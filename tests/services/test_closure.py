"""What follows a resolution: the review of the record, one reminder, and the closing, each counted from the resolution."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from app import closure, database
from app.closure import ClosureFault
from app.models.closure import ClosureReview
from app.models.events import Event
from app.models.incidents import Incident
from app.models.messages import Message
from app.models.sla import Notice
from app.practice import practice
from app.queries import closure as queries
from app.rules import closure as rules
from app.rules.closure import Check, Closing, Facts, Standing, Step, Window
from app.rules.errors import ActionNotAllowed, Forbidden
from app.services import audit, closure_reviews, incident_details, incidents, relations, undoing, watching
from app.services import closure as steps
from app.settings import ROOT
from app.unit_of_work import SYSTEM, unit_of_work
from flows.review_closure import review_closure
from flows.seekers import SEEKERS
from tests.cast import NOON, event_names, person_id
from tests.services.incidents_scene import at, brought, do, found, letters, problem, reported, role
from tests.services.test_replays import LIFE, log, play_here

SOON = timedelta(minutes=15)


def take(number: str, now: datetime) -> int:
    with unit_of_work(SYSTEM, now=now) as uow:
        return steps.take(uow, number)


def review(number: str) -> ClosureReview:
    with database.sessions()() as session:
        return session.get_one(ClosureReview, found(number).id)


def whole(**more: object) -> str:
    """Return a resolved incident of which nothing is missing."""
    return brought("resolved", category="software", **more)


def reminders() -> int:
    with database.sessions()() as session:
        return session.scalars(select(func.count()).select_from(Message).where(Message.template == "incident_reminder")).one()


def test_it_is_reviewed_reminded_of_once_and_closes_counted_from_its_resolution_whatever_was_written_since(cast: str) -> None:
    number = whole()
    assert (take(number, NOON + SOON - timedelta(seconds=1)), take(number, NOON + SOON), take(number, NOON + SOON)) == (0, 1, 0)
    assert ("incident_reminder" not in {letter for _, letter in letters()}, review(number).next_at) == (True, at(3))
    assert (take(number, at(3, 11)), take(number, at(3)), take(number, at(3)), reminders()) == (0, 1, 0, 1)
    with unit_of_work("ana", now=at(4)) as uow:
        watching.watch(uow, number)
    assert (take(number, at(5, 11)), found(number).state) == (0, "resolved")
    assert (take(number, at(5)), found(number).state, review(number).next_at) == (1, "closed", None)
    assert event_names(number)[-6:] == ["incident.resolve", "incident.review", "incident.remind", "incident.watch", "incident.ask_survey", "incident.close"]
    with pytest.raises(Forbidden), unit_of_work("bo") as uow:
        steps.take(uow, number)
    assert audit.verify().findings == []


def test_two_workers_at_once_remind_and_close_once_and_what_nothing_would_close_is_found(cast: str) -> None:
    number = whole()
    take(number, NOON + SOON)
    for day in (3, 5):
        with ThreadPoolExecutor(2) as workers:
            assert sum(workers.map(lambda _, day=day: take(number, at(day)), range(2))) == 1  # type: ignore[misc]
    assert (reminders(), event_names(number).count("incident.close")) == (1, 1)
    lost = whole()
    with database.sessions().begin() as session:
        session.execute(update(ClosureReview).where(ClosureReview.record_id == found(lost).id).values(next_at=None))
    assert [finding.row for finding in audit.verify().findings] == [f"record {lost}"]


def test_after_an_outage_nobody_is_reminded_of_what_closes_in_the_same_moment(cast: str) -> None:
    number = whole()
    assert (take(number, at(9)), found(number).state, reminders()) == (2, "closed", 0)


def test_a_new_resolution_is_reminded_of_again_and_one_that_was_reopened_by_mistake_is_not(cast: str) -> None:
    number = whole()
    take(number, at(3))
    with unit_of_work("ana", now=at(4)) as uow:
        incidents.reopen(uow, number, "It fails again.")
        uow.session.flush()
        seq = undoing.offer(uow, number)
    assert (review(number).next_at, take(number, at(9))) == (None, 0)
    with unit_of_work("ana", now=at(4)) as uow:
        undoing.undo(uow, number, seq or 0)
    assert (take(number, at(4)), reminders(), review(number).next_at) == (1, 1, at(5))  # only its record was looked at again
    do(number, "reopen", "ana", at(4))
    do(number, "resolve", now=at(4, 13))
    assert (take(number, at(7, 13)), reminders()) == (2, 2)


def test_nobody_is_reminded_of_what_he_resolved_himself_nor_of_a_major_one_that_stays_open(cast: str) -> None:
    mine, major = whole(), whole()
    with database.sessions().begin() as session:
        table = Incident.__table__
        session.execute(update(table).where(table.c.id == found(mine).id).values(resolved_by_id=person_id("ana")))
        session.execute(update(table).where(table.c.id == found(major).id).values(major="proposed"))
    assert (take(mine, at(3)), take(major, at(3)), take(major, at(6)), reminders(), found(major).state) == (2, 1, 0, 0, "resolved")
    assert review(major).next_at == at(6, 13)
    with database.sessions().begin() as session:
        session.execute(update(table).where(table.c.id == found(major).id).values(major="rejected"))
    assert (take(major, at(6, 13)), found(major).state) == (1, "closed")


def test_what_is_incomplete_is_returned_to_its_owner_and_holds_until_it_is_complete(cast: str) -> None:
    number = brought("resolved")
    take(number, NOON + SOON)
    assert (review(number).state, review(number).missing, found(number).state) == ("returned", ["category"], "resolved")
    assert {each for each in letters() if each[1] == "closure_returned"} == {("bo", "closure_returned")}
    assert (take(number, at(6)), found(number).state) == (0, "resolved")
    with unit_of_work("bo", now=at(6)) as uow:
        incident_details.change(uow, number, category="software")
    assert (review(number).state, take(number, at(6)), found(number).state) == ("complete", 1, "closed")
    with database.sessions()() as session:
        told = session.scalars(select(Notice.person_id).where(Notice.name == "closure_returned")).all()
        assert (told, session.scalars(select(Event.after["missing"]).where(Event.name == "incident.review").order_by(Event.id)).all()) == (
            [person_id("bo")], [["category"], []])  # fmt: skip


def test_the_owner_says_the_cause_or_links_it_and_a_lead_may_let_it_go(cast: str) -> None:
    numbers = [reported(category="software") for _ in range(3)]
    for number in numbers:
        do(number, "take")
        with unit_of_work("bo", now=NOON) as uow:
            incidents.resolve(uow, number, "workaround", "Ok.")
        take(number, NOON + SOON)
        assert review(number).missing == ["notes", "cause"]
    said, linked, waived = numbers
    with unit_of_work("bo") as uow:
        closure_reviews.correct(uow, said, "workaround", "Started it from the other menu.", "A file is missing after the update.")
        relations.add(uow, linked, "problem", problem())
        closure_reviews.correct(uow, linked, "solved", "Started it from the other menu.")
    assert [review(number).state for number in numbers] == ["complete", "complete", "returned"]
    for who in ("ana", "bo"):
        with pytest.raises(Forbidden), unit_of_work(who) as uow:
            closure_reviews.waive(uow, waived, "It is known.")
    role("caro", "team_lead")
    with unit_of_work("caro") as uow:
        closure_reviews.waive(uow, waived, "It is known.")
    with pytest.raises(ActionNotAllowed, match="nothing to complete"), unit_of_work("bo") as uow:
        closure_reviews.correct(uow, waived, "solved")
    assert (review(waived).state, take(waived, at(6)), found(waived).state) == ("waived", 1, "closed")
    assert {letter for who, letter in letters() if who == "ana"} == {"incident_opened", "incident_resolved", "survey"}
    assert audit.verify().findings == []


def test_only_what_the_review_returned_is_changed_after_the_resolution_and_never_its_priority(cast: str) -> None:
    complete, returned = whole(), brought("resolved")
    for number in (complete, returned):
        take(number, NOON + SOON)
    with pytest.raises(ActionNotAllowed), unit_of_work("bo") as uow:
        incident_details.change(uow, complete, category="mail")
    with pytest.raises(ActionNotAllowed), unit_of_work("bo") as uow:
        incident_details.change(uow, returned, impact=1, urgency=1, note="Now.")


@pytest.mark.parametrize(("more", "missing"), [
    ({}, []), ({"code": None}, [Check.CODE]), ({"notes": " Resolved. "}, [Check.NOTES]), ({"notes": "All good now!"}, [Check.NOTES]),
    ({"notes": None}, []), ({"category": None}, [Check.CATEGORY]), ({"code": "workaround"}, [Check.CAUSE]), ({"open_tasks": 1}, [Check.TASKS]),
    ({"category": "hardware/printer"}, [Check.AFFECTED]), ({"category": "hardware/printer", "affected": 1}, []), ({"category": "hardwares"}, []),
])  # fmt: skip
def test_what_the_review_asks_for(more: dict[str, object], missing: list[Check]) -> None:
    facts: dict[str, object] = {"code": "solved", "notes": "The cable was loose.", "category": "mail", "has_cause": False, "open_tasks": 0, "affected": 0}
    assert rules.missing(closure.closing(), Facts(**{**facts, **more})) == missing  # type: ignore[arg-type]


def test_working_days_count_in_the_calendar_that_was_chosen_and_a_changed_policy_counts_anew(cast: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = (ROOT / "config" / "closure.toml").read_text("utf-8")
    (tmp_path / "closure.toml").write_text(shipped.replace('count = "calendar" ', 'count = "working" ').replace("# calendar =", "calendar ="), "utf-8")
    terms, _ = closure.load(tmp_path / "closure.toml", practice())
    thursday = datetime.fromisoformat("2026-11-19T16:00:00-03:00")  # the next day is a holiday
    assert rules.closes_at(thursday, terms.window) == datetime.fromisoformat("2026-11-27T16:00:00-03:00")
    assert rules.closes_at(thursday, closure.closing().window) - thursday == timedelta(hours=120)
    number = whole()
    take(number, at(3))
    monkeypatch.setattr("app.services.closure_reviews.closing", lambda: terms)
    with database.sessions()() as session:
        assert not queries.is_due(session, closure.closing().policy)
        assert queries.is_due(session, terms.policy)
        assert queries.due(session, terms.policy) == [number]
    take(number, at(3, 13))
    assert (review(number).policy, review(number).next_at) == (terms.policy, rules.closes_at(NOON, terms.window))


@pytest.mark.parametrize(("old", "new", "said"), [
    ('count = "calendar"', 'count = "days"', "allowed: calendar, working"), ("remind_days = 3", "remind_days = 5", "closure.toml:8: [closing] remind_days is 5"),
    ('# calendar = "business"', 'calendar = "business"', "goes with count"), ('"affected"]', '"colour"]', "write a list of: affected, category"),
    ('"workaround", ', '"magic", ', "cause_codes is"), ('"network/wifi"', '"moon"', "affected_categories is"), ("percent = 5", "percent = 101", "from 0 to 100"),
    ("text_pt = ", "text_br = ", "unknown text_br"), ('key = "priority"', 'key = "understood"', "two questions have the same key"),
])  # fmt: skip
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    shipped = (ROOT / "config" / "closure.toml").read_text("utf-8")
    assert old in shipped
    (tmp_path / "closure.toml").write_text(shipped.replace(old, new, 1), "utf-8")
    with pytest.raises(ClosureFault) as refused:
        closure.load(tmp_path / "closure.toml", practice())
    assert said in str(refused.value)


def test_each_step_comes_in_its_order_and_what_is_returned_or_closed_waits_for_nothing() -> None:
    terms = Closing(Window(5), remind_days=3)
    coming = rules.times(terms, Standing(NOON))
    assert (list(coming), coming[Step.CLOSE]) == ([Step.REVIEW, Step.REMIND, Step.CLOSE], NOON + timedelta(hours=120))
    assert rules.next_at(terms, Standing(NOON, is_reviewed=True, is_returned=True), NOON) is None
    assert rules.next_at(terms, Standing(NOON, is_reviewed=True, is_closed=True), NOON) is None


def test_the_flow_takes_what_is_due_and_nothing_that_another_desk_resolved(cast: str, tmp_path: Path) -> None:
    number = whole()
    play_here(log(tmp_path, *LIFE[:4]))
    is_due = SEEKERS["review_closure"].is_due
    with database.sessions().begin() as session:
        row = update(Incident.__table__).where(Incident.__table__.c.id == found(number).id)
        session.execute(row.values(resolved_at=func.desk_now() - timedelta(days=5)))
        mine = update(ClosureReview).where(ClosureReview.record_id == found(number).id)
        session.execute(mine.values(next_at=func.desk_now() + timedelta(minutes=1), resolved_at=func.desk_now() - timedelta(days=5)))
        assert not is_due(session)
        session.execute(mine.values(next_at=func.desk_now()))
        assert is_due(session)
    assert review_closure.fn() == 2
    assert review_closure.fn() == 0
    assert (found(number).state, found("INC0000045").state) == ("closed", "resolved")


def test_what_is_due_is_found_by_an_index(cast: str) -> None:
    with database.sessions()() as session:
        session.execute(text("set local enable_seqscan = off"))
        now = session.execute(text("explain select record_id from closure_reviews where next_at <= desk_now() limit 1")).scalars().all()
        stale = session.execute(text("explain select record_id from closure_reviews where next_at is not null and (policy < 'x' or policy > 'x') limit 1")).scalars().all()
    assert "ix_closure_reviews_next" in str(now)
    assert "ix_closure_reviews_policy" in str(stale)
