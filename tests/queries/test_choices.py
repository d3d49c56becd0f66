"""What an item's form offers: people and groups the desk knows."""

import pytest
from sqlalchemy import select, update

from app import database
from app.models.directory import DirectoryGroup
from app.models.people import Person
from app.queries.choices import Choices
from tests.cast import NOON

pytestmark = pytest.mark.usefixtures("cast")


def people(words: str) -> list[str]:
    with database.sessions()() as session:
        return [login for login, _ in Choices(session).people(words)]


def groups(*among: str) -> list[str]:
    with database.sessions()() as session:
        return [name for name, _ in Choices(session).groups(among)]


def test_a_login_or_a_whole_mail_address_means_one_person():
    assert people("bo") == ["bo"]
    assert people(" BO@aurora.example ") == ["bo"]


def test_a_part_of_a_name_means_all_that_it_fits():
    assert people("Ana Li") == ["ana"]
    assert len(people("r")) >= 1
    assert people("nobody at all") == []


def test_nobody_fishes_for_addresses_or_with_wildcards():
    assert people("aurora.example") == []
    assert people("%") == []
    assert people("_") == []
    assert people("") == []


def test_who_has_left_cannot_be_chosen():
    with database.sessions()() as session:
        session.execute(update(Person).where(Person.login == "bo").values(active=False))
        session.commit()
    assert people("bo") == []


def test_groups_come_by_name_and_only_those_asked_for():
    assert groups() == ["crm-users", "finance-ro", "finance-rw", "vpn-users", "wiki-editors"]
    assert groups("wiki-editors", "crm-users", "domain-admins") == ["crm-users", "wiki-editors"]


def test_a_group_that_is_gone_from_the_directory_is_not_offered():
    with database.sessions()() as session:
        group = session.scalars(select(DirectoryGroup).where(DirectoryGroup.name == "crm-users")).one()
        group.gone_at = NOON
        session.commit()
    assert "crm-users" not in groups()
