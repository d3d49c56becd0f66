"""Some closed incidents are read again by somebody else, and each resolution shows what solved the same before."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from app import closure, database
from app.models.assets import Affected, ConfigurationItem
from app.models.closure import QualityReview, SolvedBefore
from app.models.events import Event
from app.models.incidents import Incident
from app.models.records import Record
from app.queries import closure as queries
from app.queries import incident_page
from app.queries import quality as lists
from app.rules.closure import Quality
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid, NotFound
from app.services import audit, incidents, quality, undoing
from app.services import closure as steps
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON, event_names, person_id
from tests.services.incidents_scene import at, brought, do, found, role

EVERYTHING = Quality(100, majors=True, questions=closure.quality().questions)


@pytest.fixture
def all_of_them(cast: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closure, "quality", lambda: EVERYTHING)


def chosen(number: str) -> QualityReview | None:
    with database.sessions()() as session:
        return session.get(QualityReview, found(number).id)


def answers(**more: tuple[str, str]) -> dict[str, tuple[str, str]]:
    return {**dict.fromkeys(EVERYTHING.questions, ("yes", "")), **more}


def assess(number: str, who: str = "caro", **more: tuple[str, str]) -> None:
    with unit_of_work(who, now=NOON) as uow:
        quality.assess(uow, number, answers(**more))


def waiting(who: str) -> list[str]:
    with unit_of_work(who) as uow:
        return [row.number for row in lists.listed(uow.session, uow.actor, done=False).rows]


def test_the_share_is_chosen_by_number_the_same_each_time_and_majors_always() -> None:
    terms = Quality(5, majors=True, questions=EVERYTHING.questions)
    picked = [number for number in range(20_000) if terms.because(f"INC{number:07}", is_major=False)]
    assert 900 < len(picked) < 1100
    assert picked == [number for number in range(20_000) if terms.because(f"INC{number:07}", is_major=False)]
    assert (terms.because("INC1", is_major=True), Quality(0, questions=terms.questions).because("INC1", is_major=False)) == ("major", None)
    assert Quality(100, majors=True).because("INC1", is_major=True) is None


def test_whoever_resolved_it_does_not_review_it_and_it_is_reviewed_once(all_of_them: None) -> None:
    number = brought("closed")
    assert (review := chosen(number)) is not None
    assert (review.because, review.done_at) == ("sample", None)
    role("caro", "team_lead")
    role("bo", "team_lead")
    assert (waiting("caro"), waiting("bo"), waiting("ana")) == ([number], [], [])
    for who, refusal in (("bo", Forbidden), ("ana", Forbidden), ("davi", NotFound)):
        with pytest.raises(refusal):
            assess(number, who)
    with pytest.raises(Invalid) as wrong:
        assess(number, understood=("maybe", ""), solution=("no", "x" * 1001))
    assert sorted(wrong.value.fields) == ["solution", "understood"]
    assess(number, understood=("no", "Which cable?"), handovers=("not_applicable", ""))
    with pytest.raises(ActionNotAllowed, match="already"):
        assess(number)
    done = chosen(number)
    assert done is not None
    assert (done.reviewer_id, done.answers["understood"]) == (person_id("caro"), ["no", "Which cable?"])
    with database.sessions()() as session:
        told = session.scalars(select(Event.after).where(Event.name == "incident.assess")).one()
    assert {name: told[name] for name in ("yes", "no", "not_applicable")} == {"yes": 3, "no": 1, "not_applicable": 1}
    assert "Which cable?" not in str(told)
    assert audit.verify().findings == []


def test_a_closing_that_was_taken_back_leaves_nothing_to_review_until_it_closes_again(all_of_them: None) -> None:
    number = brought("resolved")
    with unit_of_work("ana", now=NOON) as uow:
        incidents.close(uow, number)
        uow.session.flush()
        seq = undoing.offer(uow, number)
    with unit_of_work("ana", now=NOON) as uow:
        undoing.undo(uow, number, seq or 0)
    role("caro", "team_lead")
    assert (found(number).state, waiting("caro")) == ("resolved", [])
    with pytest.raises(NotFound):
        assess(number)
    do(number, "close")
    assert (waiting("caro"), event_names(number).count("incident.sample")) == ([number], 1)


def about(number: str, key: str) -> None:
    with database.sessions().begin() as session:
        item = session.scalars(select(ConfigurationItem).where(ConfigurationItem.key == key)).one_or_none()
        if item is None:
            item = ConfigurationItem(key=key, name=key, kind="service")
            session.add(item)
            session.flush()
        session.add(Affected(record_id=found(number).id, ci_id=item.id))


def resolved_at(number: str, days: int) -> None:
    with database.sessions().begin() as session:
        session.execute(update(Incident.__table__).where(Incident.__table__.c.id == found(number).id).values(resolved_at=at(days)))


def test_what_solved_the_same_before_is_kept_and_shown_to_whoever_may_see_it(cast: str) -> None:
    same, hidden, other_thing, other_category, too_old, part = (brought("closed", category="mail" if each == 3 else "software") for each in range(6))
    for number, key in ((same, "erp"), (hidden, "erp"), (other_thing, "crm"), (other_category, "erp"), (too_old, "erp"), (part, "erp")):
        about(number, key)
        resolved_at(number, -91 if number == too_old else -1)
    now = brought("resolved", category="software")
    about(now, "erp")
    with database.sessions().begin() as session:
        session.execute(update(Incident.__table__).where(Incident.__table__.c.id == found(part).id).values(parent_id=found(now).id))
        session.execute(update(Record).where(Record.number == hidden).values(restricted=True, team_id=None, assignee_id=None))
    for _ in range(2):
        with unit_of_work(SYSTEM, now=NOON + timedelta(minutes=15)) as uow:
            steps.take(uow, now)
    with database.sessions()() as session:
        kept = set(session.scalars(select(SolvedBefore.earlier_id).where(SolvedBefore.record_id == found(now).id)))
    assert kept == {found(same).id, found(hidden).id}
    for who, seen, inside in (("bo", [same], True), ("ana", [], False)):
        with unit_of_work(who) as uow:
            parts = incident_page.parts(uow.session, uow.actor, incident_page.of(uow.session, uow.actor, now), inside=inside)
        assert [(row.number, row.total) for row in parts.earlier] == [(number, 1) for number in seen]


def test_an_index_finds_what_solved_the_same_before(cast: str) -> None:
    number = brought("resolved", category="software")
    about(number, "erp")
    with database.sessions()() as session:
        session.execute(text("set local enable_seqscan = off"))
        incident = session.merge(found(number))
        seen: list[str] = []
        original = session.scalars
        def explained(query: object) -> object:
            told = session.execute(text("explain " + str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))))  # type: ignore[attr-defined]
            seen.extend(told.scalars())
            return original(query)  # type: ignore[call-overload]
        session.scalars = explained  # type: ignore[method-assign, assignment]
        assert queries.solved_before(session, incident, at(-90)) == []
    assert "Seq Scan" not in "\n".join(seen)
