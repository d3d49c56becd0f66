"""What everybody affected by a major incident is told, once each; late updates tell those above; what is learned is drafted."""

import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import database
from app.models.majors import MajorReport
from app.models.messages import Message
from app.models.people import Person
from app.models.problems import Problem
from app.queries import majors as queries
from app.rules.errors import ActionNotAllowed, Forbidden, Stale
from app.services import audit, closure, families, major_reports, major_updates, watching
from app.settings import ROOT
from app.unit_of_work import SYSTEM, unit_of_work
from app.visibility import actor
from flows.remind_majors import remind_majors
from flows.seekers import SEEKERS
from tests.cast import NOON, event_names, person_id
from tests.services.incidents_scene import do, found, letters, linked, reported
from tests.services.test_majors import accepted, items, row

WORDS, WORDS_PT = "The exchange server is down.", "O servidor de correio está fora do ar."
KILLED = """
import os, signal, sys
from app.services import major_updates, messages
from app.unit_of_work import SYSTEM, unit_of_work
tell, count = messages.tell, []
def dies(*args, **params):
    count.append(1)
    if len(count) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return tell(*args, **params)
messages.tell = dies
with unit_of_work(SYSTEM) as uow:
    major_updates.remind(uow, sys.argv[1])
"""


def mails(template: str) -> list[tuple[str, str]]:
    """Return (user name, what it says of time or language) of the mails of a template, oldest first."""
    with database.sessions()() as session:
        query = select(Message).where(Message.template == template).order_by(Message.id)
        return [(each.address.partition("@")[0], each.language) for each in session.scalars(query)]


def late_events(number: str) -> int:
    return list(event_names(number)).count("incident.update_late")


def concerned(number: str) -> set[str]:
    """Return whom a major incident concerns, asked from it and from each person: both are one."""
    with database.sessions()() as session:
        seen_from_it = set(session.scalars(select(Person.login).where(Person.id.in_(select(queries.affected(found(number).id).subquery().c.person_id)))))
        people = session.scalars(select(Person.login)).all()
        whos = {login: actor(session, Person.login == login) for login in people}
        seen_from_them = {login for login, who in whos.items() if who and any(each.number == number for each in queries.concerning(session, who[0]))}
        counted = {login for login, who in whos.items() if who and session.scalar(select(queries.count(who[0])))}
    assert seen_from_it == seen_from_them == counted
    return seen_from_it


def test_an_update_goes_to_everybody_affected_once_and_in_their_language(cast: str) -> None:
    items(("mail", "service", 1), ("exchange", "server", 3))  # igor answers for both
    number = accepted(cis=("exchange",), headline="Mail is down", headline_pt="O correio parou")
    child = reported("No mail", who="zeca")
    with unit_of_work("bo") as uow:
        families.adopt(uow, child, number)
        watching.invite(uow, child, person_id("rui"))
        watching.invite(uow, number, person_id("igor"))
    assert concerned(number) == {"ana", "igor", "zeca", "rui"}
    with database.sessions().begin() as session:
        session.execute(update(Person).where(Person.login == "zeca").values(language="pt"))
    with pytest.raises(Forbidden), unit_of_work("helena") as uow:
        major_updates.write(uow, number, WORDS, WORDS_PT)
    for _ in range(2):
        with unit_of_work("bo", now=NOON) as uow:
            major_updates.write(uow, number, WORDS, WORDS_PT, minutes=45, submission_key="once")
    assert sorted(mails("major_update")) == [("ana", "en"), ("igor", "en"), ("rui", "en"), ("zeca", "pt")]
    major = row(number)
    assert (major.update_due_at, major.next_at) == (NOON + timedelta(minutes=45), NOON + timedelta(minutes=40))
    with database.sessions()() as session:
        (said,) = queries.updates(session, found(number).id)
        quoted = {message.address.partition("@")[0]: message.event.note.body for message in session.scalars(select(Message).where(Message.template == "major_update"))}
    assert (said[1:], said[0].told, quoted["zeca"], quoted["ana"]) == ((WORDS, WORDS_PT, "Bo Andersen"), 4, WORDS_PT, WORDS)
    with unit_of_work("caro") as uow:
        major_updates.write(uow, number, "", WORDS_PT)  # only one language: everybody reads that
    assert len(mails("major_update")) == 8
    do(number, "resolve", now=NOON + timedelta(hours=1))
    assert concerned_now(number) == set()
    assert audit.verify().findings == []


def concerned_now(number: str) -> set[str]:
    with database.sessions()() as session:
        whos = [actor(session, Person.login == login) for login in session.scalars(select(Person.login)).all()]
        return {who[0].login for who in whos if who and queries.concerning(session, who[0])}


def test_a_late_update_tells_those_above_each_step_once_also_after_an_outage_and_a_kill(cast: str) -> None:
    number = accepted()
    is_due = SEEKERS["remind_majors"].is_due

    def at(minutes: int) -> int:
        with unit_of_work(SYSTEM, now=NOON + timedelta(minutes=minutes)) as uow:
            return major_updates.remind(uow, number)

    assert [at(9), at(10), at(11), at(20), at(20)] == [0, 1, 0, 1, 0]  # due after 15 minutes
    assert (mails("major_update_due"), mails("major_update_late")) == ([("bo", "en")], [("bo", "en"), ("caro", "en")])
    with unit_of_work("bo", now=NOON + timedelta(minutes=21)) as uow:
        major_updates.write(uow, number, WORDS, WORDS_PT)
    assert (row(number).next_step, row(number).next_at) == (0, NOON + timedelta(minutes=46))
    with database.sessions().begin() as session:  # a day without us
        past = session.scalars(select(func.desk_now())).one() - timedelta(days=1)
        session.execute(update(type(row(number))).values(update_due_at=past, next_at=past, next_step=0))
    killed = subprocess.run([sys.executable, "-c", KILLED, number], cwd=ROOT, check=False)
    assert (killed.returncode, late_events(number), len(mails("major_update_late"))) == (-signal.SIGKILL, 2, 2)
    assert [remind_majors.fn(), remind_majors.fn()] == [3, 0]
    assert (late_events(number), mails("major_update_due")[1:], mails("major_update_late")[2:]) == (5, [("bo", "en")], [("bo", "en"), ("caro", "en"), ("caro", "en")])
    with database.sessions()() as session:
        assert not is_due(session)
    with pytest.raises(Forbidden), unit_of_work("caro") as uow:
        major_updates.remind(uow, number)
    assert audit.verify().findings == []


def test_resolving_drafts_a_report_and_a_problem_once_and_only_what_is_filed_closes(cast: str) -> None:
    number = accepted()
    with unit_of_work("bo", now=NOON + timedelta(minutes=5)) as uow:
        major_updates.write(uow, number, WORDS, "")
    with unit_of_work("davi", now=NOON + timedelta(minutes=6)) as uow:  # the scribe, who is no analyst
        major_updates.log(uow, number, "Called the | supplier.")
    with pytest.raises(Forbidden), unit_of_work("helena") as uow:
        major_updates.log(uow, number, "Me too.")
    with pytest.raises(ActionNotAllowed, match="Resolve"), unit_of_work("caro") as uow:
        major_reports.file(uow, number)
    for _ in range(2):
        do(number, "resolve", now=NOON + timedelta(minutes=90))
        assert row(number).next_at is None
        do(number, "reopen", now=NOON + timedelta(minutes=91))
        assert row(number).update_due_at == NOON + timedelta(minutes=106)
    do(number, "resolve", now=NOON + timedelta(minutes=95))
    with database.sessions()() as session:
        versions = session.scalars(select(MajorReport).order_by(MajorReport.version)).all()
        assert session.scalar(select(func.count()).select_from(Problem.__table__)) == 1
    body = versions[-1].body
    for words in ("Orders by mail do not come in.", "1 h 35 min", "Commander: Caro Mendes", "> The exchange server is down.", "It was reopened.", "Root cause", "| Davi Rocha | Called the \\| supplier. |"):
        assert words in body, words
    assert [type_ for type_, _ in linked(number)] == ["problem"]
    last = versions[-1].version
    with unit_of_work("bo") as uow:
        major_reports.write(uow, number, "# What we learned", last)
    with pytest.raises(Stale), unit_of_work("davi") as uow:
        major_reports.write(uow, number, "# Mine", last)
    with pytest.raises(ActionNotAllowed, match="report"):
        do(number, "close", "caro")
    for who in ("bo", "ana"):
        with pytest.raises(Forbidden), unit_of_work(who) as uow:
            major_reports.file(uow, number)
    do(number, "reopen")
    do(number, "resolve")  # what people wrote stays
    with database.sessions()() as session:
        assert session.scalar(select(func.max(MajorReport.version))) == last + 1
    with unit_of_work("caro") as uow:
        major_reports.file(uow, number)
    with pytest.raises(ActionNotAllowed, match="filed"), unit_of_work("bo") as uow:
        major_reports.write(uow, number, "# Later", last + 1)
    with unit_of_work(SYSTEM, now=NOON + timedelta(days=90)) as uow:
        closure.take(uow, number)
    assert found(number).state == "resolved"
    do(number, "close", "caro")
    assert (found(number).state, row(number).ended_at is not None, ("ana", "incident_resolved") in letters()) == ("closed", True, True)
    assert audit.verify().findings == []
