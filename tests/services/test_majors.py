"""Major incidents: who may do what, what follows what, what proposes by itself (domain.md 2)."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from sqlalchemy import select

from app import database
from app.models.assets import CiRelation, ConfigurationItem
from app.models.majors import Major, MajorService
from app.rules.errors import ActionNotAllowed, DeskError, Forbidden, Invalid
from app.services import audit, families, incident_details, majors, reporting
from app.services.majors import Terms
from app.unit_of_work import unit_of_work
from tests.cast import NOON, event_names, person_id
from tests.services.incidents_scene import brought, do, found, letters, reported, role

WHY, IMPACT = "Nobody reads mail.", "Orders by mail do not come in."


def terms(**more: object) -> Terms:
    """Return caro in command, bo telling people, davi writing it down."""
    return Terms(person_id("caro"), person_id("bo"), person_id("davi"), **more)  # type: ignore[arg-type]


def accepted(*, cis: tuple[str, ...] = (), **more: object) -> str:
    """Return a major incident in bo's hands, accepted by caro at noon."""
    number = brought("in_progress", cis=cis)
    role("caro", "major_incident_manager")
    with unit_of_work("bo", now=NOON) as uow:
        majors.propose(uow, number, WHY, IMPACT)
    with unit_of_work("caro", now=NOON) as uow:
        majors.accept(uow, number, terms(**more))
    return number


def row(number: str) -> Major:
    with database.sessions()() as session:
        return session.get_one(Major, found(number).id)


def items(*made: tuple[str, str, int]) -> None:
    """Make configuration items (key, class, criticality); each stands on the next."""
    with database.sessions().begin() as session:
        rows = [ConfigurationItem(key=key, name=key.title(), kind=kind, criticality=level, owner_id=person_id("igor")) for key, kind, level in made]
        session.add_all(rows)
        session.flush()
        session.add_all(CiRelation(source_id=one.id, target_id=other.id, type="runs_on") for one, other in pairwise(rows))


def test_proposed_by_the_desk_and_decided_by_the_manager_alone(cast: str) -> None:
    number = brought("in_progress")
    with pytest.raises(Forbidden), unit_of_work("ana") as uow:
        majors.propose(uow, number, WHY, IMPACT)
    with pytest.raises(Invalid) as refused, unit_of_work("bo") as uow:
        majors.propose(uow, number, "", " ")
    assert set(refused.value.fields) == {"reason", "impact"}
    role("caro", "major_incident_manager")
    with unit_of_work("bo") as uow:
        majors.propose(uow, number, WHY, IMPACT)
    assert (found(number).major, row(number).business_impact, ("caro", "major_proposed") in letters()) == ("proposed", IMPACT, True)
    for act in (lambda uow: majors.accept(uow, number, terms()), lambda uow: majors.reject(uow, number, "No."), lambda uow: majors.demote(uow, number, "No.")):
        with pytest.raises(Forbidden), unit_of_work("bo") as uow:
            act(uow)
    with pytest.raises(ActionNotAllowed, match="proposed"), unit_of_work("bo") as uow:
        majors.propose(uow, number, WHY, IMPACT)
    with unit_of_work("caro") as uow:
        majors.reject(uow, number, "Three people only.")
    assert (found(number).major, ("bo", "major_rejected") in letters()) == ("rejected", True)
    with pytest.raises(ActionNotAllowed, match="rejected"), unit_of_work("caro") as uow:
        majors.accept(uow, number, terms())
    assert event_names(number)[-2:] == ["incident.propose_major", "incident.reject_major"]
    assert audit.verify().findings == []


def test_accepted_with_those_who_lead_it_named_told_and_let_in(cast: str) -> None:
    items(("mail", "service", 1), ("exchange", "server", 3))
    number = brought("in_progress", cis=("exchange",))
    role("caro", "major_incident_manager")
    with pytest.raises(Invalid) as refused, unit_of_work("caro", now=NOON) as uow:
        majors.accept(uow, number, Terms(person_id("caro"), person_id("ana"), 0), reason=WHY, impact=IMPACT)
    assert set(refused.value.fields) == {"communicator", "scribe"}
    with pytest.raises(Invalid), unit_of_work("caro", now=NOON) as uow:
        majors.accept(uow, number, terms())  # nobody said why
    with unit_of_work("caro", now=NOON) as uow:
        majors.accept(uow, number, terms(headline="Mail is down"), reason=WHY, impact=IMPACT)
    major = row(number)
    assert (major.headline, major.headline_pt, (major.update_due_at - NOON).seconds if major.update_due_at else 0) == ("Mail is down", "Mail is down", 900)
    assert {("bo", "major_seat"), ("davi", "major_seat")} <= letters()
    with unit_of_work("davi") as uow:  # who is named sees it
        assert uow.get(type(found(number)), number, lock=False).major == "accepted"
    with database.sessions()() as session:
        hurt = session.scalars(select(ConfigurationItem.key).join(MajorService, MajorService.ci_id == ConfigurationItem.id)).all()
    assert set(hurt) == {"mail", "exchange"}
    with unit_of_work("bo") as uow:
        incident_details.change(uow, number, cis=())
    with database.sessions()() as session:
        assert session.scalars(select(MajorService)).all() == []
    with pytest.raises(ActionNotAllowed, match="demote"):
        do(number, "cancel")
    with unit_of_work("caro") as uow:
        majors.appoint(uow, number, Terms(person_id("caro"), person_id("eva"), person_id("davi"), everybody=True))
    assert (row(number).communicator_id, row(number).everybody, ("eva", "major_seat") in letters()) == (person_id("eva"), True, True)
    with unit_of_work("caro") as uow:
        majors.demote(uow, number, "It was one building.")
    major = row(number)
    assert (found(number).major, major.next_at, major.ended_at is not None, ("bo", "major_demoted") in letters()) == ("demoted", None, True, False)
    assert ("eva", "major_demoted") in letters()
    assert audit.verify().findings == []


def test_of_two_who_accept_at_once_one_is_told_that_it_is_done(cast: str) -> None:
    number = brought("in_progress")
    for login in ("caro", "eva"):
        role(login, "major_incident_manager")

    def accept(login: str) -> str:
        try:
            with unit_of_work(login) as uow:
                majors.accept(uow, number, terms(), reason=WHY, impact=IMPACT)
        except DeskError as error:
            return type(error).__name__
        return "accepted"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(accept, ("caro", "eva")))
    assert said == ["ActionNotAllowed", "accepted"]
    assert list(event_names(number)).count("incident.accept_major") == 1


def test_rules_propose_in_the_transaction_that_makes_them_true_and_once(cast: str) -> None:
    items(("mail", "service", 1), ("exchange", "server", 3))
    quiet, loud = reported(cis=("exchange",)), reported("Mail is down", cis=("exchange",))
    with unit_of_work("bo") as uow:
        incident_details.change(uow, loud, impact=1, urgency=1, note="All of us.")
    assert (found(quiet).major, found(loud).major, row(loud).trigger) == ("none", "proposed", "critical-service")
    assert event_names(loud)[-2:] == ["incident.change", "incident.propose_major"]
    role("caro", "major_incident_manager")
    with unit_of_work("caro") as uow:
        majors.reject(uow, loud, "A drill.")
    with unit_of_work("bo") as uow:
        incident_details.change(uow, loud, title="Mail is still down")
    assert found(loud).major == "rejected"
    with unit_of_work("bo") as uow:  # born so
        born = reporting.open_for(uow, person_id("zeca"), reporting.Report("All mail", urgency=1, cis=("mail",)), impact=1).number
    assert found(born).major == "proposed"


def test_more_children_than_allowed_propose_their_parent_which_none_follows_any_more(cast: str) -> None:
    parent = reported()
    children = [reported(f"No VPN {count}", who="zeca") for count in range(11)]
    for count, child in enumerate(children):
        assert found(parent).major == "none", count
        with unit_of_work("bo") as uow:
            families.adopt(uow, child, parent)
    assert (found(parent).major, row(parent).trigger) == ("proposed", "many-reports")
    do(parent, "take")
    assert {found(child).state for child in children} == {"new"}
    assert audit.verify().findings == []
