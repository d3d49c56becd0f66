"""Queues and one incident whole: only what the asker may see, in keyset pages."""


import pytest

from app import database
from app.queries import incident_page, queues
from app.queries import incidents as queries
from app.rules.errors import NotFound
from app.rules.queues import Wanted
from app.services import incidents, relations, tags, watching
from app.unit_of_work import unit_of_work
from app.visibility import Actor
from tests.cast import person_id
from tests.services.incidents_scene import brought, problem, reported


def actor(login: str) -> Actor:
    with unit_of_work(login) as uow:
        return uow.actor


def test_a_queue_comes_in_pages_and_shows_nobody_what_is_not_theirs(cast: str) -> None:
    numbers = [reported(f"Fault {count}") for count in range(5)]
    hers = reported("Zeca's", who="zeca", category="network/wifi")
    with database.sessions()() as session:
        new = Wanted(states=("new",))
        first = queues.listed(session, actor("bo"), new, per_page=4)
        second = queues.listed(session, actor("bo"), new, bookmark=first.next, per_page=4)
        assert [row.number for row in (*first.rows, *second.rows)] == [hers, *reversed(numbers)]
        assert (first.rows[0].requester, first.rows[0].assignee, first.rows[0].team) == ("Zeca Dias", None, "network")
        assert hers not in [row.number for row in queues.listed(session, actor("ana"), Wanted()).rows]
        assert [row.number for row in queries.mine(session, actor("zeca"), only_open=True).rows] == [hers]


def test_one_incident_whole_keeps_work_notes_and_foreign_records_inside(cast: str) -> None:
    number, cause = brought("in_progress"), problem()
    with unit_of_work("bo") as uow:
        relations.add(uow, number, "problem", cause)
        tags.add(uow, number, "vpn")
        incidents.hand_over(uow, number, "network", "Between us: the router.")
    with unit_of_work("ana") as uow:
        watching.invite(uow, number, person_id("zeca"))
    with database.sessions()() as session:
        seen = incident_page.of(session, actor("bo"), number)
        inside = incident_page.parts(session, actor("bo"), seen, inside=True)
        assert "Between us: the router." in [moment.note for moment in incident_page.moments(session, seen, inside=True)]
        assert [(link.type, link.onward, link.number) for link in inside.links] == [("problem", True, cause)]
        assert ([person.login for person in inside.watchers], list(inside.tags)) == (["zeca"], ["vpn"])
        outside = incident_page.parts(session, actor("ana"), seen, inside=False)
        told = [(moment.name, moment.note) for moment in incident_page.moments(session, seen, inside=False)]
        assert (list(outside.links), list(outside.members)) == ([], [])
        assert told == [("incident.create", None), ("incident.start", None)]
        with pytest.raises(NotFound):
            incident_page.of(session, actor("davi"), number)
