"""Who is told of what, in which ways and when: the inbox and mail fall out of one call."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from app import database, escalations, sla
from app.models.people import Membership, Person, Team
from app.models.records import Record
from app.models.sla import Notice
from app.practice import practice
from app.queries import inbox as queries
from app.queries.inbox import Part
from app.rules import news
from app.rules.errors import Invalid, NotFound
from app.services import accounts, conversations, inbox, incidents, messages, undoing
from app.settings import ROOT, matrix
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work
from tests.cast import NOON, person_id
from tests.channels.outgoing import rows
from tests.services.incidents_scene import do, letters, reported, role

NIGHT = datetime(2026, 11, 24, 1, tzinfo=UTC)  # 22:00 in São Paulo
MORNING = datetime(2026, 11, 24, 10, tzinfo=UTC)


def told(login: str, part: Part = Part.OPEN) -> list[str]:
    """Return the letters whose news somebody has there, the newest first."""
    with unit_of_work(login) as uow:
        return [row[0].name for row in queries.listed(uow.session, uow.actor, part).rows]


def unread(login: str) -> int:
    with unit_of_work(login) as uow:
        return int(uow.session.scalar(select(queries.unread(uow.actor))) or 0)


def write(number: str, who: str, words: str, now: datetime = NOON) -> None:
    with unit_of_work(who, now=now) as uow:
        conversations.reply(uow, number, words)


def hear(login: str, **ways: str) -> None:
    with unit_of_work(login) as uow:
        accounts.hear(uow, {kind.value: ways.get(kind, news.USUALLY.get(kind, news.Way.BOTH)) for kind in news.Kind}, None)


@contextmanager
def own(login: str = "bo") -> Iterator[tuple[UnitOfWork, int]]:
    """Yield a unit of somebody, and that person's newest news."""
    with unit_of_work(login) as uow:
        yield uow, uow.session.scalars(select(Notice.id).where(Notice.person_id == uow.actor.id).order_by(Notice.id.desc())).first() or 0


def test_what_others_do_is_in_the_inbox_and_in_the_mail_and_what_one_does_oneself_is_nowhere(cast: str) -> None:
    number = reported()
    do(number, "take")
    write(number, "ana", "It still does not connect.")
    write(number, "bo", "Which address?")
    assert told("bo") == ["incident_reply"]
    assert told("ana") == ["incident_reply"]
    with unit_of_work("caro", now=NOON) as uow:
        incidents.assign(uow, number, person_id("caro"))
    with unit_of_work("caro", now=NOON) as uow:
        incidents.assign(uow, number, person_id("bo"))
    assert told("bo") == ["incident_assigned", "incident_reply"]
    assert told("caro") == []
    assert {("bo", "incident_reply"), ("bo", "incident_assigned"), ("ana", "incident_reply"), ("ana", "incident_opened")} <= letters()


def test_news_of_what_one_may_not_see_any_more_is_not_there_and_not_counted(cast: str) -> None:
    number = reported()
    do(number, "take")
    write(number, "ana", "It still does not connect.")
    assert unread("bo") == 1
    with database.sessions().begin() as session:
        session.execute(update(Record).where(Record.number == number).values(restricted=True, assignee_id=None, team_id=None))
    assert (told("bo"), unread("bo")) == ([], 0)


def test_the_ways_are_ones_own_and_the_usual_ones_are_sane(cast: str) -> None:
    hear("bo", answers="mail")
    hear("ana", answers="inbox", own="inbox")
    number = reported()
    do(number, "take")
    write(number, "ana", "It still does not connect.")
    write(number, "bo", "Which address?")
    assert (told("bo"), told("ana")) == ([], ["incident_reply"])
    assert {each for each in letters() if each[1] == "incident_reply"} == {("bo", "incident_reply")}
    assert "incident_for_team" not in told("caro")  # the queue shows it, and the whole team was told
    with pytest.raises(Invalid) as wrong, unit_of_work("bo") as uow:
        accounts.hear(uow, {"answers": "pigeon"}, {"from": "x", "until": "07:00", "weekends": False})
    assert set(wrong.value.fields) == {"answers", "from"}


def test_mail_waits_for_the_end_of_quiet_hours_and_the_inbox_does_not(cast: str) -> None:
    with unit_of_work("bo") as uow:
        accounts.hear(uow, {}, {"from": "20:00", "until": "07:00", "weekends": False})
    number = reported()
    do(number, "take")
    write(number, "ana", "It still does not connect.", NIGHT)
    write(number, "bo", "Which address?", NIGHT)  # ana chose no hours
    with unit_of_work(SYSTEM, now=NIGHT) as uow:
        bo = uow.session.get_one(Person, person_id("bo"))
        messages.tell(uow, bo, "clock_over", uow.get(Record, number), uow.latest, wakes=True, clock="x", percent=100, due="x", reached="x")
    soon = NIGHT + timedelta(seconds=60)
    assert [(each.template, each.next_at > soon, each.held_until) for each in rows() if each.person_id == person_id("bo") and each.created_at == NIGHT] == [
        ("incident_reply", True, MORNING), ("clock_over", False, None)]
    assert all(each.next_at < soon for each in rows() if each.person_id == person_id("ana"))
    assert unread("bo") == 2


def test_only_steps_that_say_so_wake_somebody_and_those_of_major_incidents_do() -> None:
    ladders = escalations.load(ROOT / "config" / "escalations.toml", sla.agreement(), matrix().roles)
    assert {priority for ladder in ladders.ladders for step in ladder.steps for priority in step.wakes} == {1}
    assert all(step.wakes for step in practice().majors.plan.late)


def test_the_count_and_each_part_are_answered_from_partial_indexes(cast: str) -> None:
    with unit_of_work("bo") as uow:
        uow.session.execute(text("set local enable_seqscan = off"))
        questions = {"ix_notices_unread": select(queries.unread(uow.actor)), "ix_notices_open": queries._listed(matrix(), uow.actor, Part.OPEN),
                     "ix_notices_done": queries._listed(matrix(), uow.actor, Part.DONE)}  # fmt: skip
        for index, question in questions.items():
            bound = question.compile(uow.session.get_bind(), compile_kwargs={"literal_binds": True})
            found = "\n".join(uow.session.scalars(text(f"explain {bound}".replace(":", r"\:"))))
            assert index in found, found


def test_a_mailbox_hears_of_a_restricted_record_only_where_all_who_read_it_may_see_it(cast: str) -> None:
    number = reported()
    with database.sessions().begin() as session:
        desk, identity = (session.scalars(select(Team).where(Team.key == key)).one() for key in ("service-desk", "identity"))
        desk.email, identity.email = "desk@aurora.example", "identity@aurora.example"
        session.execute(update(Record).where(Record.number == number).values(restricted=True))
        if not session.get(Membership, (identity.id, person_id("zeca"))):
            session.add(Membership(team_id=identity.id, person_id=person_id("zeca")))
        ids = {"desk": desk.id, "identity": identity.id}
        session.execute(text("delete from messages"))
    with unit_of_work(SYSTEM, now=NOON) as uow:
        for team in ids.values():
            messages.tell_team(uow, team, "incident_for_team", uow.get(Record, number))
    assert ("desk", "incident_for_team") in letters()
    assert not {each for each in letters() if each[0] in {"identity", "zeca"}}


def test_a_step_that_is_taken_back_was_never_news(cast: str) -> None:
    number = reported()
    with unit_of_work("bo", now=NOON) as uow:
        incidents.take(uow, number)
    with unit_of_work("bo", now=NOON + timedelta(minutes=1)) as uow:
        incidents.resolve(uow, number, "solved", "The cable was loose.")
        step = undoing.offer(uow, number)
    assert "incident_resolved" in told("ana")
    with unit_of_work("bo", now=NOON + timedelta(minutes=1, seconds=3)) as uow:
        undoing.undo(uow, number, step or 0)
    assert "incident_resolved" not in told("ana")


def test_news_is_read_put_off_and_done_by_whoever_has_it_alone(cast: str) -> None:
    role("caro", "analyst")
    number = reported()
    do(number, "take")
    write(number, "ana", "It still does not connect.")
    with own() as (uow, notice):
        inbox.put_off(uow, notice, datetime(2999, 1, 1, tzinfo=UTC))
    assert (told("bo"), told("bo", Part.LATER), unread("bo")) == ([], ["incident_reply"], 0)
    with own() as (uow, notice):
        inbox.take_back(uow, notice)
    assert unread("bo") == 1
    with own() as (uow, notice):
        inbox.mark(uow, notice, read=True)
    assert (unread("bo"), told("bo")) == (0, ["incident_reply"])
    with own() as (uow, notice):
        inbox.mark(uow, notice, read=False)
        inbox.read_all(uow)
        inbox.finish(uow, notice)
    assert (told("bo"), told("bo", Part.DONE)) == ([], ["incident_reply"])
    acts: list[Any] = [lambda uow: inbox.finish(uow, notice), lambda uow: inbox.mark(uow, notice, read=False), lambda uow: inbox.take_back(uow, notice)]
    for act in acts:
        with pytest.raises(NotFound), unit_of_work("caro") as other:
            act(other)
    assert told("bo", Part.DONE) == ["incident_reply"]


def test_every_letter_that_people_are_told_by_is_of_a_kind_that_can_be_chosen() -> None:
    from app.channels import letters as written

    account = {"password_reset", "invitation", "password_changed", "second_factor_changed", "recovery_code_used", "step_message", "plain", "digest"}
    assert written.templates().keys() - account == news.KINDS.keys()
