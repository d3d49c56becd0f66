"""The fixed cast of the tests: ana employee, bo analyst, caro problem manager, davi board member, eva administrator.

Helena is ana's manager, Igor owns the group finance-ro, Rui leads Helena.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app import database
from app.models.catalog import CatalogItem, CatalogVersion
from app.models.directory import DirectoryGroup, GroupOwner
from app.models.events import Event
from app.models.people import Membership, Person, RoleGrant, Team
from app.rules.catalog.items import Item, to_json
from app.rules.catalog.parsing import parse
from tests.databases import CAST, Scene

NOON = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # Monday noon in São Paulo

PEOPLE = (  # login, name, manager, roles, teams
    ("rui", "Rui Prado", None, (), ()),
    ("helena", "Helena Souza", "rui", (), ()),
    ("igor", "Igor Nunes", "rui", (), ()),
    ("ana", "Ana Lima", "helena", (), ()),
    ("bo", "Bo Andersen", "rui", ("analyst",), ("service-desk", "identity")),
    ("caro", "Caro Mendes", "rui", ("problem_manager",), ("service-desk",)),
    ("davi", "Davi Rocha", "rui", ("board_member",), ()),
    ("eva", "Eva Castro", "rui", ("administrator",), ()),
    ("zeca", "Zeca Dias", "rui", (), ()),
)
TEAMS = ("service-desk", "identity", "workplace", "network", "applications")
GROUPS = ("finance-ro", "finance-rw", "vpn-users", "crm-users", "wiki-editors")

GROUP_ITEM = """
name = "Access to a shared group"
name_pt = "Acesso a um grupo compartilhado"
summary = "Read and write access to a team's folder."
summary_pt = "Acesso de leitura e escrita à pasta de uma equipe."
owner = "identity"
target = "8h"

[[fields]]
name = "group"
label = "Which group?"
label_pt = "Qual grupo?"
kind = "directory-group"
required = true

[[approvals]]
who = "manager-of-beneficiary"

[[approvals]]
who = "owner-of-group"
group = "{group}"

[[steps]]
do = "directory.add_member"
with = { person = "{beneficiary}", group = "{group}" }

[[steps]]
task = "Check that the folder opens with {beneficiary.name}"
task_pt = "Confira com {beneficiary.name} se a pasta abre"
team = "service-desk"
"""

MAIL_ITEM = """
name = "Visitor badge"
name_pt = "Crachá de visitante"
summary = "Reception expects your guest."
summary_pt = "A recepção espera seu convidado."
owner = "workplace"
target = "4h"

[[fields]]
name = "guest"
label = "Who comes?"
label_pt = "Quem vem?"
kind = "text"
required = true

[[steps]]
do = "mail.send"
with = { to = "{requester.mail}", subject = "Guest", subject_pt = "Convidado", text = "{guest}", text_pt = "{guest}" }
"""


def parsed(text: str, slug: str) -> Item:
    """Return the item of a text, or fail with its faults."""
    item = parse(text, f"catalog/{slug}.toml")
    assert isinstance(item, Item), item
    return item


@pytest.fixture
def cast(db: str, scene: Scene[None]) -> str:
    """People, teams, groups and two items in a clean database."""
    scene(CAST, _gather)
    return db


def _gather() -> None:
    with database.sessions()() as session:
        teams = {key: Team(key=key, name=key.title(), name_pt=key.title()) for key in TEAMS}
        session.add_all(teams.values())
        people: dict[str, Person] = {}
        for login, name, manager, roles, member in PEOPLE:
            person = Person(
                login=login, name=name, given_name=name.split()[0], email=f"{login}@aurora.example", created_at=NOON,
                manager=people.get(manager or ""), fs_uniquifier=f"test-{login}", language="en",
            )  # fmt: skip
            people[login] = person
            session.add(person)
            session.flush()
            session.add_all(RoleGrant(person_id=person.id, role=role, granted_at=NOON) for role in roles)
            session.add_all(Membership(person_id=person.id, team_id=teams[key].id) for key in member)
        for name in GROUPS:
            group = DirectoryGroup(uid=f"uid-{name}", dn=f"cn={name},ou=groups,dc=aurora,dc=example", name=name)
            session.add(group)
            session.flush()
            session.add(GroupOwner(group_id=group.id, person_id=people["igor"].id))
        for item in (parsed(GROUP_ITEM, "access/shared-group"), parsed(MAIL_ITEM, "workplace/visitor")):
            session.add(CatalogVersion(hash=item.hash, slug=item.slug, parsed=to_json(item), published_at=NOON))
            session.flush()
            session.add(CatalogItem(slug=item.slug, hash=item.hash, updated_at=NOON))
        session.commit()


def event_names(number: str | None = None) -> Sequence[str]:
    """Return the names of all events (of one record), oldest first."""
    query = select(Event.name).order_by(Event.id)
    with database.sessions()() as session:
        return session.scalars(query.where(Event.stream == number) if number else query).all()


def person_id(login: str) -> int:
    """Return somebody's id."""
    with database.sessions()() as session:
        return session.scalars(select(Person.id).where(Person.login == login)).one()
