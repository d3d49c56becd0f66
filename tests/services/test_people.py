"""People, teams, roles and delegates: who may change what, and what stays impossible."""

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select

from app import database
from app.models.people import Delegation, Membership, Person, RoleGrant, Team
from app.queries import people as found
from app.rules.directory import DirectoryPerson
from app.rules.errors import ActionNotAllowed, Forbidden, Invalid, NotFound
from app.services import people, teams
from app.unit_of_work import SYSTEM, unit_of_work
from tests.cast import NOON, person_id
from tests.signing import PASSWORD, happened, names


def test_an_administrator_brings_somebody_into_the_desk(cast: str) -> None:
    with unit_of_work("eva") as uow:
        made = people.create(uow, " Zoe.K ", "  Zoe   Klein ", email="Zoe@Aurora.Example", title="Clerk")
    assert (made.login, made.name, made.given_name, made.email) == ("zoe.k", "Zoe Klein", "Zoe", "zoe@aurora.example")
    assert happened(f"people:{made.id}") == [("person.create", {"source": "local", "manager": None})]


def test_nobody_else_administers_people(cast: str) -> None:
    ana, eva = person_id("ana"), person_id("eva")
    for act, login in product((
        lambda uow: people.create(uow, "zoe", "Zoe"),
        lambda uow: people.change(uow, ana, name="Anna"),
        lambda uow: people.set_manager(uow, ana, None),
        lambda uow: people.disable(uow, ana),
        lambda uow: people.enable(uow, ana),
        lambda uow: people.grant(uow, uow.actor.id, "administrator"),
        lambda uow: people.revoke(uow, eva, "administrator"),
        lambda uow: people.end_sessions(uow, ana),
        lambda uow: teams.create(uow, "new", "New", "Nova"),
        lambda uow: teams.add_member(uow, "identity", uow.actor.id),
        lambda uow: people.first_administrator_link(uow),
    ), ("ana", "bo", "helena", "caro")):  # fmt: skip
        with pytest.raises(Forbidden), unit_of_work(login) as uow:
            act(uow)


def test_what_does_not_fit_is_named(cast: str) -> None:
    for login, name, email, wrong in (
        ("", "Zoe", None, {"login"}), ("zo e", "Zoe", None, {"login"}), ("zoe", " ", None, {"name"}),
        ("zoe", "Zoe", "no-address", {"email"}), ("zoe", "Zoe", "@x", {"email"}), ("z\x00e", "Zoe", None, {"login"}),
        ("zoe", "Zoe\r\nBcc: x@y", "a@b@c", {"email"}), ("ana", "Zoe", None, {"login"}),
        ("zoe", "Zoe", "ana@aurora.example", {"email"}), ("ana@aurora.example", "Zoe", None, {"login"}),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused, unit_of_work("eva") as uow:
            people.create(uow, login, name, email=email)
        assert set(refused.value.fields) == wrong


def test_a_change_names_the_fields_and_keeps_their_values_to_itself(cast: str) -> None:
    ana = person_id("ana")
    with unit_of_work("eva") as uow:
        people.change(uow, ana, name="Ana Lima", email="ana.lima@aurora.example", vip=True)
    assert happened(f"people:{ana}") == [("person.change", {"fields": ["email", "vip"]})]


def test_a_column_that_is_nobodys_business_cannot_be_changed(cast: str) -> None:
    for column in ("password", "active", "source", "fs_uniquifier", "id", "manager_id"):
        with pytest.raises(Invalid), unit_of_work("eva") as uow:
            people.change(uow, person_id("ana"), **{column: "x"})


def test_the_directory_decides_about_its_own_people(cast: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        dora = people.create(uow, "dora", "Dora", source="directory", directory_uid="uid-dora")
    with pytest.raises(ActionNotAllowed), unit_of_work("eva") as uow:
        people.change(uow, dora.id, name="Doris")
    with unit_of_work("eva") as uow:
        people.change(uow, dora.id, vip=True)
        people.set_manager(uow, dora.id, person_id("rui"))
    with unit_of_work(SYSTEM) as uow:
        assert people.change(uow, dora.id, name="Doris").name == "Doris"


def test_nobody_leads_their_own_manager(cast: str) -> None:
    for manager in ("ana", "helena"):
        with pytest.raises(Invalid), unit_of_work("eva") as uow:
            people.set_manager(uow, person_id("helena"), person_id("ana" if manager == "ana" else "helena"))
    with pytest.raises(Invalid), unit_of_work("eva") as uow:
        people.set_manager(uow, person_id("rui"), person_id("ana"))
    with unit_of_work("eva") as uow:
        people.set_manager(uow, person_id("ana"), person_id("bo"))
    assert happened(f"people:{person_id('ana')}") == [("person.lead", {"manager": person_id("bo")})]


def test_a_disabled_person_is_nobody_and_comes_back(cast: str) -> None:
    with unit_of_work("eva") as uow:
        people.disable(uow, person_id("ana"))
    with pytest.raises(Forbidden), unit_of_work("ana"):
        pass
    with unit_of_work("eva") as uow:
        people.enable(uow, person_id("ana"))
        people.enable(uow, person_id("ana"))
    with unit_of_work("ana"):
        pass
    assert names(f"people:{person_id('ana')}") == ["person.disable", "person.enable"]


def test_a_role_is_given_and_taken_back_once(cast: str) -> None:
    ana = person_id("ana")
    with unit_of_work("eva") as uow:
        people.grant(uow, ana, "analyst")
        people.grant(uow, ana, "analyst")
    with unit_of_work("ana") as uow:
        assert "analyst" in uow.actor.roles
    with unit_of_work("eva") as uow:
        people.revoke(uow, ana, "analyst")
        people.revoke(uow, ana, "analyst")
    with unit_of_work("ana") as uow:
        assert uow.actor.roles == {"employee"}
    assert names(f"people:{ana}") == ["role.grant", "role.revoke"]


def test_only_roles_of_the_matrix_are_given(cast: str) -> None:
    for role in ("king", "", "employee", "requester"):
        with pytest.raises(Invalid), unit_of_work("eva") as uow:
            people.grant(uow, person_id("ana"), role)


def test_a_role_of_a_group_is_taken_back_in_the_directory_only(cast: str) -> None:
    ana = person_id("ana")
    with unit_of_work(SYSTEM) as uow:
        people.grant(uow, ana, "analyst", source="uid-of-group")
    with pytest.raises(ActionNotAllowed), unit_of_work("eva") as uow:
        people.revoke(uow, ana, "analyst")
    with unit_of_work(SYSTEM) as uow:
        people.revoke(uow, ana, "analyst", source="uid-of-group")
    with database.sessions()() as session:
        assert session.scalars(select(RoleGrant).where(RoleGrant.person_id == ana)).all() == []


def test_the_last_administrator_stays(cast: str) -> None:
    eva = person_id("eva")
    for act in (lambda uow: people.revoke(uow, eva, "administrator"), lambda uow: people.disable(uow, eva)):
        with pytest.raises(ActionNotAllowed), unit_of_work("eva") as uow:
            act(uow)
    with unit_of_work("eva") as uow:
        people.grant(uow, person_id("bo"), "administrator")
    with unit_of_work("bo") as uow:
        people.revoke(uow, eva, "administrator")
    with pytest.raises(ActionNotAllowed), unit_of_work("bo") as uow:
        people.disable(uow, person_id("bo"))


def test_a_disabled_administrator_does_not_count(cast: str) -> None:
    with unit_of_work("eva") as uow:
        people.grant(uow, person_id("bo"), "administrator")
        people.disable(uow, person_id("bo"))
    with pytest.raises(ActionNotAllowed), unit_of_work("eva") as uow:
        people.revoke(uow, person_id("eva"), "administrator")


def test_a_team_is_made_changed_and_peopled(cast: str) -> None:
    with unit_of_work("eva") as uow:
        team = teams.create(uow, "printers", "Printers", "Impressoras", lead_id=person_id("bo"))
        teams.add_member(uow, "printers", person_id("ana"))
        teams.add_member(uow, "printers", person_id("ana"))
        teams.change(uow, "printers", name="Printing", email="print@aurora.example")
        teams.set_lead(uow, "printers", person_id("caro"))
    with unit_of_work("ana") as uow:
        assert uow.actor.team_ids == {team.id}
    with unit_of_work("eva") as uow:
        teams.remove_member(uow, "printers", person_id("ana"))
        teams.change(uow, "printers", active=False)
    assert names("teams:printers") == ["team.create", "team.join", "team.change", "team.lead", "team.leave", "team.change"]
    with database.sessions()() as session:
        stored = session.scalars(select(Team).where(Team.key == "printers")).one()
        assert (stored.name, stored.active, stored.lead_id) == ("Printing", False, person_id("caro"))
        assert session.scalars(select(Membership).where(Membership.team_id == team.id)).all() == []


def test_a_teams_key_is_simple_and_its_own(cast: str) -> None:
    for key in ("", "Two Words", "-x", "x-", "é", "a/b", "identity"):
        with pytest.raises(Invalid), unit_of_work("eva") as uow:
            teams.create(uow, key, "Team", "Equipe")


def test_somebody_names_a_delegate_for_some_days(cast: str) -> None:
    ana, bo = person_id("ana"), person_id("bo")
    with unit_of_work("ana", now=NOON) as uow:
        row = people.delegate(uow, bo, NOON + timedelta(days=1), NOON + timedelta(days=8))
    assert happened(f"people:{ana}")[0][1]["delegate"] == bo
    with pytest.raises(NotFound), unit_of_work("bo", now=NOON) as uow:
        people.cancel_delegation(uow, row.id)
    with unit_of_work("ana", now=NOON + timedelta(days=2)) as uow:
        people.cancel_delegation(uow, row.id)
    with database.sessions()() as session:
        assert session.get_one(Delegation, row.id).ends_at == NOON + timedelta(days=2)
    assert names(f"people:{ana}") == ["delegation.set", "delegation.cancel"]


def test_a_delegation_that_never_began_leaves_no_row(cast: str) -> None:
    with unit_of_work("ana", now=NOON) as uow:
        row = people.delegate(uow, person_id("bo"), NOON + timedelta(days=1), NOON + timedelta(days=8))
    with unit_of_work("ana", now=NOON) as uow:
        people.cancel_delegation(uow, row.id)
    with database.sessions()() as session:
        assert session.get(Delegation, row.id) is None


def test_a_delegation_that_makes_no_sense_is_refused(cast: str) -> None:
    with unit_of_work("ana", now=NOON) as uow:
        people.delegate(uow, person_id("bo"), NOON + timedelta(days=2.5), NOON + timedelta(days=20))
    for delegate, starts, ends, wrong in (
        ("ana", 1, 2, "delegate"), ("bo", 2, 1, "ends_on"), ("bo", -3, -1, "ends_on"), ("bo", 1, 400, "ends_on"),
        ("caro", 2, 3, "starts_on"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused, unit_of_work("ana", now=NOON) as uow:
            people.delegate(uow, person_id(delegate), NOON + timedelta(days=starts), NOON + timedelta(days=ends))
        assert list(refused.value.fields) == [wrong]


def test_the_first_administrator_comes_in_by_one_link(db: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        old = people.first_administrator_link(uow)
    with unit_of_work(SYSTEM) as uow:
        path = people.first_administrator_link(uow)
    assert old is not None
    assert path is not None
    assert path != old
    for dead in (old, "/setup/" + "0" * 64, "/setup/%"):
        with pytest.raises(NotFound), unit_of_work(SYSTEM) as uow:
            people.set_up(uow, dead.rpartition("/")[2], "zoe", "Zoe", "zoe@x.example", PASSWORD)
    token = path.rpartition("/")[2]
    with pytest.raises(Invalid), unit_of_work(SYSTEM) as uow:
        people.set_up(uow, token, "zoe", "Zoe", "zoe@x.example", "too short")
    with unit_of_work(SYSTEM) as uow:
        people.set_up(uow, token, "zoe", "Zoe", "zoe@x.example", PASSWORD)
    with unit_of_work("zoe") as uow:
        assert "administrator" in uow.actor.roles
        assert people.first_administrator_link(uow) is None
    with pytest.raises(NotFound), unit_of_work(SYSTEM) as uow:
        people.set_up(uow, token, "zac", "Zac", "zac@x.example", PASSWORD)


def described(login: str, uid: str, mail: str = "", **more: object) -> DirectoryPerson:
    return DirectoryPerson(uid=uid, dn=f"uid={login},dc=x", login=login, name=login.title(), mails=(mail,) if mail else (), **more)  # type: ignore[arg-type]  # field by name


def test_somebody_of_the_directory_is_created_at_first_sight_and_known_by_the_stable_id(cast: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        first = people.from_directory(uow, described("dora", "uid-1", "dora@x.example", locale="pt-BR"))
        again = people.from_directory(uow, described("dora.new", "uid-1", "other@x.example"))
    assert first is not None
    assert again is not None
    assert (first.id, first.source, first.language) == (again.id, "directory", "pt")


def test_the_directory_never_takes_over_an_account_or_an_address_of_the_desk(cast: str) -> None:
    with unit_of_work(SYSTEM) as uow:
        assert people.from_directory(uow, described("eva", "uid-2", "evil@x.example")) is None
        thief = people.from_directory(uow, described("mallory", "uid-3", "eva@aurora.example"))
    assert thief is not None
    assert thief.email is None


def test_the_picker_finds_by_words_and_never_lists_addresses(cast: str) -> None:
    with database.sessions()() as session:
        assert [person.login for person in found.find(session, "sou hel")] == ["helena"]
        assert [person.login for person in found.find(session, "ANA")] == ["ana"]
        assert [person.login for person in found.find(session, "ana@aurora.example")] == ["ana"]
        assert [found.find(session, words) for words in ("ana@", "@aurora", "%", "_", "\\", "  ", "lim%a")] == [[]] * 7
        assert len(found.find(session, "a", limit=2)) == 2


def test_lists_are_paged_by_name(cast: str) -> None:
    with database.sessions()() as session:
        everybody = [person.id for person in session.scalars(select(Person).order_by(Person.name, Person.id))]
        page, seen = found.page(session, limit=4), []
        while True:
            seen += [person.id for person in page.people]
            if page.next is None:
                break
            page = found.page(session, limit=4, bookmark=page.next)
        assert seen == everybody
        assert page.previous is not None
        with pytest.raises(Invalid):
            found.page(session, bookmark=">s:%'; drop")
        assert [person.login for person in found.page(session, role="administrator").people] == ["eva"]
        assert [(row.team.key, row.members) for row in found.teams(session)][:2] == [("applications", 0), ("identity", 1)]
        assert [(grant.role, person.login) for grant, person in found.holders(session, "analyst")] == [("analyst", "bo")]
