"""Who sees an incident and may not work on it is refused by each service, whatever page, form or bulk change leads there."""

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import select

from app import database
from app.models.events import Event
from app.rules.bulk import Act
from app.rules.errors import Forbidden
from app.services import (
    bulk,
    calls,
    conversations,
    families,
    incident_details,
    incidents,
    majors,
    merging,
    relations,
    reporting,
    tags,
    views,
    watching,
)
from app.services.reporting import Report
from app.unit_of_work import UnitOfWork, unit_of_work
from tests.cast import person_id
from tests.services.incidents_scene import brought, problem, reported, role
from tests.services.test_majors import IMPACT, WHY

Deed = Callable[[UnitOfWork, str, str], object]
WORK: Mapping[str, Deed] = {  # of an incident, and beside another
    "take": lambda uow, number, _: incidents.take(uow, number),
    "assign": lambda uow, number, _: incidents.assign(uow, number, person_id("caro")),
    "hand over": lambda uow, number, _: incidents.hand_over(uow, number, "network", "Yours."),
    "hold": lambda uow, number, _: incidents.hold(uow, number, "vendor"),
    "resolve": lambda uow, number, _: incidents.resolve(uow, number, "solved", "It works."),
    "cancel": lambda uow, number, _: incidents.cancel(uow, number, "mistake", "No."),
    "task": lambda uow, number, _: incidents.add_task(uow, number, "Look", "network"),
    "change": lambda uow, number, _: incident_details.change(uow, number, impact=1, note="All."),
    "note": lambda uow, number, _: conversations.note_internally(uow, number, "Inside."),
    "draft of a note": lambda uow, number, _: conversations.keep_draft(uow, number, "note", "Inside."),
    "call": lambda uow, number, _: calls.log(uow, number, "She rang."),
    "adopt": lambda uow, number, other: families.adopt(uow, number, other),
    "be adopted": lambda uow, number, other: families.adopt(uow, other, number),
    "release": lambda uow, number, _: families.release(uow, number),
    "merge": lambda uow, number, other: merging.merge(uow, number, other, "Twice."),
    "be merged into": lambda uow, number, other: merging.merge(uow, other, number, "Twice."),
    "split": lambda uow, number, _: merging.split(uow, number, "Another thing"),
    "link": lambda uow, number, other: relations.add(uow, number, "related", other),
    "unlink": lambda uow, number, other: relations.remove(uow, number, "related", other),
    "tag": lambda uow, number, _: tags.add(uow, number, "vpn"),
    "untag": lambda uow, number, _: tags.remove(uow, number, "vpn"),
    "propose as major": lambda uow, number, _: majors.propose(uow, number, WHY, IMPACT),
}
TALK: Mapping[str, Deed] = {  # what also those may do who have it
    "reply": lambda uow, number, _: conversations.reply(uow, number, "Hello."),
    "draft of a reply": lambda uow, number, _: conversations.keep_draft(uow, number, "reply", "Hello."),
    "invite": lambda uow, number, _: watching.invite(uow, number, person_id("zeca")),
    "take off": lambda uow, number, _: watching.remove(uow, number, person_id("ana")),
}
ELSE: Mapping[str, Deed] = {
    "open for others": lambda uow, _number, _: reporting.open_for(uow, person_id("ana"), Report("For her")),
    "many at once": lambda uow, number, _: bulk.begin(uow, [number], Act.TAG, {"tag": "mine"}),
    "keep a view": lambda uow, _number, _: views.save(uow, "Mine", {"show": "open"}),
}


def refused(who: str, deeds: Mapping[str, Deed], number: str, other: str) -> list[str]:
    """Return what was not refused."""
    done = []
    for name, deed in deeds.items():
        try:
            with unit_of_work(who) as uow:
                deed(uow, number, other)
            done.append(name)
        except Forbidden:
            pass
    return done


def written() -> int:
    with database.sessions()() as session:
        return len(session.scalars(select(Event.id)).all())


def test_whoever_sees_an_incident_and_does_not_work_on_it_is_refused_by_each_service(cast: str) -> None:
    number, other, over = brought("in_progress"), reported("The other", who="zeca"), brought("closed", title="Over")
    problem()
    role("ana", "analyst")  # her own is for others to judge; zeca's is hers to work on
    with unit_of_work("bo") as uow:
        relations.add(uow, number, "related", other)
        tags.add(uow, number, "vpn")
    before = written()
    assert refused("ana", WORK, number, other) == []
    helenas = {name: deed for name, deed in WORK.items() if "merge" not in name and "adopt" not in name and "link" not in name}  # the other one she does not see
    assert refused("helena", {**helenas, **TALK, **ELSE}, number, number) == []  # ana's manager
    assert refused("helena", {"follow": lambda uow, _number, _: reporting.follow_up(uow, over, "Again.")}, number, number) == []
    role("igor", "major_incident_manager")
    with unit_of_work("igor") as uow, pytest.raises(Forbidden):
        watching.watch(uow, number)
    assert written() == before
