"""What is restricted stays so in all that is made of it: each of these was told to every analyst, or to whoever had a part of it."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import database
from app.models.people import Membership, Team
from app.models.records import Note, Record
from app.rules.errors import NotFound
from app.services import assets, conversations, conversions, families, incident_details, incidents, merging, reporting
from app.services.reporting import Report
from app.services.requests import Line, Order
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON, person_id
from tests.services.incidents_scene import brought, letters, reported, role
from tests.services.test_baskets import publish
from tests.services.test_majors import accepted
from tests.web.pages import asked, browser_of
from tests.web.test_conversions import LAPTOP, SLUG

SECRET = "Somebody copies the payroll"


@pytest.fixture
def hidden(cast: str) -> str:
    """An incident of ana's that only its team, and bo in it, may see."""
    number = brought("in_progress", title=SECRET, description=f"{SECRET}, since May.")
    close(number)
    with database.sessions().begin() as session:
        team = session.scalars(select(Team.id).where(Team.key == "identity")).one()
        session.execute(update(Record).where(Record.number == number).values(team_id=team))
        if not session.get(Membership, {"person_id": person_id("bo"), "team_id": team}):
            session.add(Membership(person_id=person_id("bo"), team_id=team))
    return number


def close(number: str) -> None:
    with database.sessions().begin() as session:
        session.execute(update(Record).where(Record.number == number).values(restricted=True))


def restricted(number: str) -> bool:
    with database.sessions()() as session:
        return session.scalars(select(Record.restricted).where(Record.number == number)).one()


def sees(login: str, number: str) -> bool:
    with unit_of_work(login) as uow:
        try:
            uow.get(Record, number, lock=False)
        except NotFound:
            return False
        return True


def test_what_is_split_off_follows_or_is_a_task_of_something_restricted_was_open_to_every_analyst(hidden: str) -> None:
    with unit_of_work("bo") as uow:
        made = [merging.split(uow, hidden, f"{SECRET}: his account").number, incidents.add_task(uow, hidden, f"Lock out who {SECRET}", "network", mandatory=False).number]
        inside = conversations.note_internally(uow, hidden, "He does not know.")
        uow.session.flush()
        with pytest.raises(NotFound):
            merging.split(uow, hidden, "A note", note_id=inside.id)
    with unit_of_work("bo") as uow:
        incidents.resolve(uow, hidden, "solved", "He was let go.")
    with unit_of_work("ana") as uow:
        incidents.close(uow, hidden)
    with unit_of_work("ana") as uow:
        made.append(reporting.follow_up(uow, hidden, "It goes on.").number)
    assert [restricted(number) for number in made] == [True] * 3
    assert (sees("caro", hidden), sees("caro", made[1]), [sees("ana", number) for number in made]) == (False, False, [True] * 3)


def test_what_replaces_something_restricted_was_open_to_every_analyst(hidden: str) -> None:
    publish(LAPTOP, SLUG)
    with unit_of_work("ana") as uow:
        conversations.reply(uow, hidden, "Please hurry.")
    with unit_of_work("bo") as uow:
        conversations.note_internally(uow, hidden, "Nobody of the payroll is told.")
    with unit_of_work("bo", now=NOON) as uow:
        line = Line(SLUG, catalog_hash(uow), {"reason": "For the evidence."})
        request = conversions.to_request(uow, hidden, Order("restricted-order-0001", [line]))
        made = [request.number, *(item.number for item in request.items)]
    other, _ = asked()
    close(other)
    with database.sessions().begin() as session:
        team = session.scalars(select(Team.id).where(Team.key == "identity")).one()
        session.execute(update(Record).where(Record.number == other).values(team_id=team))
    with unit_of_work("bo") as uow:
        made.append(conversions.to_incident(uow, other, person_id("ana"), Report("It is a fault")).number)
    assert ([restricted(number) for number in made], [sees("caro", number) for number in made[:2]]) == ([True] * 3, [False] * 2)
    with database.sessions()() as session:
        carried = session.scalars(select(Note.body).join(Record, Record.id == Note.record_id).where(Record.number == made[0])).all()
    assert ("Please hurry." in str(carried), "Nobody of the payroll" in str(carried)) == (True, False)


def test_a_merge_quoted_what_was_restricted_to_everybody_who_reads_the_other_one(hidden: str) -> None:
    open_ = reported("Payroll is slow", who="zeca")
    with unit_of_work("bo") as uow:
        merging.merge(uow, hidden, open_, "The same thing.")
    with unit_of_work(SYSTEM) as uow:
        notes = uow.session.scalars(select(Note.body).join(Record, Record.id == Note.record_id).where(Record.number == open_)).all()
    assert (notes, sees("caro", open_)) == ([hidden], True)


def test_the_page_of_a_part_told_the_title_of_what_its_reader_may_not_see(hidden: str, application: Flask) -> None:
    part, of_zecas = reported("My payslip is wrong", who="zeca"), reported("Somebody has cancer", who="helena")
    another = reported("The clinic does not answer", who="igor")
    with unit_of_work("bo") as uow:
        families.adopt(uow, part, hidden)
        families.adopt(uow, another, of_zecas)
    for login, number, above in (("zeca", part, hidden), ("caro", part, hidden), ("igor", another, of_zecas)):
        page = browser_of(application, login).get(f"/incidents/{number}?beside=1")
        assert (page.status_code, SECRET in page.text, "cancer" in page.text) == (200, False, False), (login, above)
    assert SECRET in browser_of(application, "bo").get(f"/incidents/{part}").text


def test_what_is_restricted_stands_beside_nothing_for_who_may_not_see_it(hidden: str, application: Flask) -> None:
    """What a caller has, what is open about a service, the parts of a major incident, the list of these; and nobody is let in by being named."""
    with unit_of_work(SYSTEM) as uow:
        assets.create(uow, "payroll", "Payroll", "service")
    outage = accepted()
    with unit_of_work("bo") as uow:
        incident_details.change(uow, hidden, cis=("payroll",))
        families.adopt(uow, hidden, outage)
        conversations.reply(uow, hidden, "Ask @caro about it.")
    assert ("caro", "incident_mention") not in letters()
    for page in ("/incidents/new/beside?caller=ana&title=copies+the+payroll", "/services/payroll", f"/incidents/{outage}/major"):
        assert [SECRET in browser_of(application, login).get(page).text for login in ("bo", "caro")] == [True, False], page
    role("igor", "analyst")
    igor, its = browser_of(application, "igor"), ("/incidents/major", f"/incidents/{outage}/major", f"/incidents/{outage}")
    assert [outage in igor.get(page).text for page in its] == [True] * 3
    close(outage)
    assert [(outage in answer.text, answer.status_code) for answer in map(igor.get, its[:1])] == [(False, 200)]
    assert [igor.get(page).status_code for page in its[1:]] == [404, 404]


def test_the_problem_of_a_restricted_major_incident_was_open_to_every_analyst(cast: str) -> None:
    number = accepted()
    close(number)
    with unit_of_work(SYSTEM) as uow:
        incidents.resolve(uow, number, "solved", "He was let go.")
        assert uow.session.scalars(select(Record.restricted).where(Record.number.like("PRB%"))).all() == [True]


def catalog_hash(uow: object) -> str:
    from app.queries import catalog

    return catalog.current(uow.session, SLUG).hash  # type: ignore[attr-defined]  # a unit of work
