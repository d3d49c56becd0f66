"""Fills the demonstration: a slapd with the company's tree, then the desk with its people, teams and roles, once."""

import secrets
from pathlib import Path
from typing import Final

from sqlalchemy import exists, select

from app import database
from app.directory import DirectoryError, sync
from app.directory.twin import entry_of
from app.models.directory import TwinEntry
from app.models.events import Event
from app.models.people import Person, Team
from app.platform import company, company_ldif, demo_desk
from app.platform.company import BASE, CAST, MORE_ROLES, PEOPLE, TEAMS
from app.platform.company_ldif import EVERYBODY_ELSE
from app.platform.demo_directory import Player
from app.platform.slapd import Slapd
from app.platform.slapd_setup import password_hash
from app.rules.errors import ActionNotAllowed
from app.services import accounts, people, teams
from app.settings import settings
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work

STREAM: Final = "config"
SEEDED: Final = "demo.seed"
AS_BEFORE: Final = "(as on the first start)"
CONSONANTS, VOWELS = "bcdfgklmnprstvz", "aeiou"


class CompanySlapd(Slapd):
    """The company's directory; `passwords` are known in the start that made them, and stored nowhere in clear."""

    def __init__(self, folder: Path) -> None:
        """Describe it; nothing is made yet."""
        super().__init__(folder, BASE, self._tree)
        self.passwords: dict[str, str] = {}

    def prepare(self) -> None:
        """Make the tree; one whose passwords nobody was ever told, because the start did not finish, is made anew."""
        if not (self.directory / "told").is_file() and not self.is_running():
            (self.directory / "complete").unlink(missing_ok=True)
        super().prepare()

    def told(self) -> None:
        """Remember that the passwords are on somebody's screen."""
        (self.directory / "told").touch()

    def _tree(self) -> str:
        self.passwords = new_passwords()
        return company_ldif.ldif(self.passwords, password_hash)


def seed(data: Path, server: Slapd | None) -> list[Player]:
    """Fill the desk unless that was done before; return whom a visitor may be, or nobody when nothing was to do.

    The directory is ours (`server`), the twin, or one of the operator's; with the last two the cast signs in with local
    accounts.
    """
    with database.sessions()() as session:
        was_seeded = session.scalar(select(exists().where(Event.stream == STREAM, Event.name == SEEDED)))
    passwords = server.passwords if isinstance(server, CompanySlapd) else {}
    if not was_seeded:
        passwords = _fill(server) or passwords
    if isinstance(server, CompanySlapd):
        server.told()
    return [] if was_seeded and not passwords else _players(passwords)


def _fill(server: Slapd | None) -> dict[str, str]:
    """Fill the desk; return the passwords of the local accounts it made. What an earlier start began is gone on with."""
    is_twin = settings().ldap_url.startswith("twin:")
    passwords = {} if isinstance(server, CompanySlapd) else _local_accounts(is_twin=is_twin)
    try:
        sync.sync()
    except (DirectoryError, ActionNotAllowed):
        if server is not None or is_twin:
            raise                                   # ours must work; the operator's own may be away: its page says so
    with unit_of_work(SYSTEM) as uow:
        _teams_and_roles(uow)
    demo_desk.fill()
    with unit_of_work(SYSTEM) as uow:
        uow.record_event(STREAM, SEEDED)
    return passwords


def new_passwords() -> dict[str, str]:
    """Make a password for each of the cast, and one that everybody else of the company shares."""
    return {login: new_password() for login in (*company_ldif.cast_logins(), EVERYBODY_ELSE)}


def new_password() -> str:
    """Make a password that is easy to type and that nobody guesses (about 53 bits)."""
    def part() -> str:
        return "".join(secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(2))

    return "-".join((part(), part(), part(), part(), str(10 + secrets.randbelow(90))))


def _local_accounts(*, is_twin: bool) -> dict[str, str]:
    """Make the company's people in the desk itself, and in the twin where that is the directory; the cast may sign in."""
    passwords = {login: new_password() for login in company_ldif.cast_logins()}
    entries = {person.login: person for person in company_ldif.twin_people()} if is_twin else {}
    if is_twin:
        with database.sessions().begin() as session:
            for row in (*map(entry_of, entries.values()), *map(entry_of, company_ldif.twin_groups())):
                if session.get(TwinEntry, row.dn) is None:
                    session.add(row)
    for each in PEOPLE:
        with unit_of_work(SYSTEM) as uow:
            person = uow.session.scalars(select(Person).where(Person.login == each.login)).one_or_none()
            if person is None:
                found = entries.get(each.login)
                person = people.create(
                    uow, each.login, each.name, email=f"{each.login}@{company.MAIL_DOMAIN}", title=each.title,
                    department=each.department, language=each.language[:2], active=not each.has_left,
                    directory_uid=found.uid if found else None, directory_dn=found.dn if found else None,
                )  # fmt: skip
            if each.login in passwords:
                accounts.set_password(uow, person, passwords[each.login])
    if not is_twin:
        with unit_of_work(SYSTEM) as uow:
            ids = _ids(uow)
            for each in PEOPLE:
                people.set_manager(uow, ids[each.login], ids.get(each.manager))
    return passwords


def _teams_and_roles(uow: UnitOfWork) -> None:
    ids = _ids(uow)
    for team in TEAMS:
        members = [ids[login] for login in team.members if login in ids]
        if uow.session.scalar(select(Team.id).where(Team.key == team.key)) is None:
            teams.create(uow, team.key, team.name, team.name_pt, email=f"{team.key}@{company.MAIL_DOMAIN}",
                         lead_id=members[0] if members else None)
        for person_id in members:
            teams.add_member(uow, team.key, person_id)
    held = {part.login: part.roles for part in CAST} | MORE_ROLES
    for login, roles in held.items():
        for role in roles:
            people.grant(uow, ids[login], role)


def _ids(uow: UnitOfWork) -> dict[str, int]:
    return {row.login: row.id for row in uow.session.execute(select(Person.login, Person.id))}


def _players(passwords: dict[str, str]) -> list[Player]:
    names = {each.login: each.name for each in PEOPLE}
    players = [Player(part.login, passwords.get(part.login, AS_BEFORE), names[part.login], part.plays) for part in CAST]
    if EVERYBODY_ELSE in passwords:
        players.append(Player("any other", passwords[EVERYBODY_ELSE], "forty colleagues", "such as rui, tiago, marta, joana, zeca"))
    return players
