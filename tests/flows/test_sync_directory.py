"""The directory's flows on real parts: a reading that somebody asked for, and sessions that end with the account."""

import time

import ldap
import pytest
from sqlalchemy import func, select, update

from app import database
from app.directory import directory
from app.models.directory import DirectoryGroup, DirectorySync
from app.models.people import Person, SignInSession
from app.platform.slapd import Slapd
from app.services import directory_sync, sessions
from app.unit_of_work import unit_of_work
from flows import serve
from tests.flows.conftest import Engine, person_dn

pytestmark = pytest.mark.engine


def adopt() -> None:
    """Make the cast's people and groups those of the directory."""
    with database.sessions().begin() as session:
        for person in directory().people():
            known = {"source": "directory", "directory_uid": person.uid, "directory_dn": person.dn}
            session.execute(update(Person).where(Person.login == person.login).values(**known))
        for group in directory().groups():
            session.execute(update(DirectoryGroup).where(DirectoryGroup.name == group.name).values(uid=group.uid))


def outcome() -> str | None:
    with database.sessions()() as session:
        return session.scalar(select(DirectorySync.outcome).where(DirectorySync.finished_at.is_not(None)).limit(1))


def open_sessions(login: str) -> int:
    live = select(func.count()).select_from(SignInSession).join(Person, Person.id == SignInSession.person_id)
    with database.sessions()() as session:
        return session.scalars(live.where(Person.login == login, SignInSession.ended_at.is_(None))).one()


def test_a_reading_is_made_when_asked_and_a_disabled_person_is_signed_out_within_a_minute(engine: Engine, company: Slapd) -> None:
    adopt()
    serve.register(engine.client)
    engine.start("flows.relay_outbox")
    engine.start("flows.worker")
    with unit_of_work("eva") as uow:
        directory_sync.ask(uow)
    assert engine.until(outcome, seconds=180) == "done"
    for login in ("ana", "bo"):
        with unit_of_work(login) as uow:
            sessions.begin(uow, "directory", address="192.0.2.1", agent="test")
    admin = ldap.initialize(company.url)
    admin.simple_bind_s(company.admin_dn, company.admin_password)
    admin.modify_s(person_dn("ana"), [(ldap.MOD_ADD, "pwdAccountLockedTime", b"000001010000Z")])
    disabled = time.monotonic()
    engine.until(lambda: open_sessions("ana") == 0, seconds=60)
    assert time.monotonic() - disabled < 60
    assert open_sessions("bo") == 1
