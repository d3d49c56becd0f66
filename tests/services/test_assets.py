"""Services and what they stand on: made, related without rings, imported; and what is hurt when one fails."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app import database
from app.cli.imports import bring_in
from app.queries import assets as queries
from app.rules.errors import Forbidden, Invalid, NotFound
from app.services import assets, audit, incident_details
from app.settings import ROOT
from app.unit_of_work import unit_of_work
from tests.cast import NOON, event_names
from tests.services.incidents_scene import found, reported

MAPPINGS = ROOT / "config" / "imports"
CIS = """key,name,class,criticality,owner,team,description,depends_on,runs_on
erp,ERP,service,vital,rui,applications,Money,ERP web;payments,
payments,Payments,service,important,,,,,db-1
erp-web,ERP web,application,,,applications,,db-1,srv-7
db-1,Database 1,database,,,,,,srv-7
srv-7,Server 7,server,,,network,,,
mail,Mail,service,normal,,,,,
"""


def run(file: Path, mapping: str) -> str:
    result = CliRunner().invoke(bring_in, [str(file), "--mapping", str(MAPPINGS / f"{mapping}.toml")])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def cmdb(cast: str, tmp_path: Path) -> Path:
    (tmp_path / "cis.csv").write_text(CIS, "utf-8")
    assert "6 added" in run(tmp_path / "cis.csv", "cis")
    return tmp_path / "cis.csv"


def column(sql: str) -> list[object]:
    with database.sessions()() as session:
        return list(session.execute(text(sql)).scalars())


def test_a_file_brings_them_in_with_owner_team_and_relations_and_twice_is_once(cmdb: Path) -> None:
    assert column("select p.login || ' ' || t.key || ' ' || c.criticality from configuration_items c join people p on p.id = c.owner_id"
                  " join teams t on t.id = c.team_id") == ["rui applications 1"]  # fmt: skip
    assert column("select count(*) from ci_relations") == [6]
    events = len(event_names())
    output = run(cmdb, "cis")
    assert "0 added" in output
    assert "6 known already" in output
    assert len(event_names()) == events
    assert audit.verify().findings == []


def test_what_is_hurt_is_everything_that_stands_on_it_by_the_shortest_way(cmdb: Path) -> None:
    with database.sessions()() as session:
        server = queries.whole(session, "srv-7")
        hurt = queries.impact(session, [server.item.id])
        assert [(each.key, each.steps) for each in hurt] == [("srv-7", 0), ("db-1", 1), ("erp-web", 1), ("erp", 2), ("payments", 2)]
        assert {each.key: each.type for each in hurt}["erp"] == "depends_on"
        assert [item.key for _, item in server.carries] == ["db-1", "erp-web"]
        assert [(type_, item.key) for type_, item in queries.whole(session, "erp").stands_on] == [("depends_on", "payments"), ("depends_on", "erp-web")]
        assert [row.key for row in queries.listed(session, class_="service", words="e").rows] == ["erp", "payments"]
        assert queries.counted(session)["service"] == 3
        assert queries.impact(session, []) == []


def test_an_incident_says_which_services_are_hurt_and_carries_the_most_critical(cmdb: Path) -> None:
    number = reported(cis=["db-1"])
    with database.sessions()() as session:
        assert [each.key for each in queries.services_hurt(session, found(number).id)] == ["erp", "payments"]
    with unit_of_work("bo") as uow:
        incident_details.change(uow, number, cis=["mail", "erp"])
    assert found(number).service == "erp"
    with unit_of_work("bo") as uow, database.sessions()() as session:
        item = queries.whole(session, "mail").item
        assert [record.number for record in queries.open_records(session, uow.actor, [item.id])] == [number]
    with unit_of_work("zeca") as uow:
        assert queries.open_records(uow.session, uow.actor, [item.id]) == []


def test_no_ring_and_nothing_unknown(cmdb: Path) -> None:
    for key, type_, target in (("srv-7", "runs_on", "erp"), ("erp", "runs_on", "erp"), ("mail", "loves", "erp")):
        with pytest.raises(Invalid), unit_of_work("eva") as uow:
            assets.relate(uow, key, type_, target)
    with pytest.raises(NotFound), unit_of_work("eva") as uow:
        assets.relate(uow, "mail", "runs_on", "moon")
    with pytest.raises(Forbidden), unit_of_work("bo") as uow:
        assets.relate(uow, "mail", "runs_on", "srv-7")
    with unit_of_work("eva") as uow:
        assets.relate(uow, "mail", "runs_on", "srv-7")
        assets.unrelate(uow, "mail", "runs_on", "srv-7")
        assets.unrelate(uow, "mail", "runs_on", "srv-7")
    assert event_names()[-2:] == ["ci.relate", "ci.unrelate"]


@pytest.mark.parametrize(
    ("values", "field"), [({"class": "dream"}, "class"), ({"name": ""}, "name"), ({"criticality": 9}, "criticality"), ({"team_id": 999}, "team_id"), ({"colour": "x"}, "colour")]
)
def test_what_does_not_fit_is_refused_by_its_field(cmdb: Path, values: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused, unit_of_work("eva", now=NOON) as uow:
        assets.change(uow, "mail", **values)
    assert list(refused.value.fields) == [field]


def test_people_and_teams_come_in_and_each_wrong_line_is_told_alone(cast: str, tmp_path: Path) -> None:
    people, teams = tmp_path / "people.csv", tmp_path / "teams.csv"
    people.write_text(
        "login,name,email,title,department,manager,vip\nlia,Lia Reis,lia@aurora.example,Buyer,Purchase,otto,yes\notto,Otto Braun,,,Purchase,rui,\n"
        "ana,Ana Other,,,,,\n,Nobody,,,,,\numa,Uma,not-a-mail,,,,\nleo,Leo,,,,nobody,\nshort\n", "utf-8")  # fmt: skip
    output = run(people, "people")
    assert "3 added" in output
    assert "1 known already" in output
    assert "line 5: it says no login" in output
    assert "line 6: email: This is not a mail address." in output
    assert "line 7 (leo): there is no person called “nobody”" in output
    assert "line 8: it has 1 values, and the heading has 7" in output
    assert column("select m.login from people p join people m on m.id = p.manager_id where p.login in ('lia', 'otto') order by p.login") == ["otto", "rui"]
    assert column("select login from people where vip") == ["lia"]
    teams.write_text("key,name,name_pt,email,lead,members\nPurchase,Purchase,Compras,,otto,lia;otto\nnetwork,Network,Rede,,,\n", "utf-8")
    assert "1 added" in run(teams, "teams")
    assert column("select count(*) from memberships m join teams t on t.id = m.team_id where t.key = 'purchase'") == [2]
    assert audit.verify().findings == []
