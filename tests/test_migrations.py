"""The schema that the migrations make is the one the models describe, and each migration can be undone."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import app.models  # noqa: F401  the tables join Base.metadata when imported
from app import database
from app.models.base import Base
from app.rules.lifecycle import RecordKind
from app.settings import ROOT


def migrate(connection: Connection, to: str) -> None:
    """Take the database up or down over an open connection."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["connection"] = connection
    (command.downgrade if to == "base" else command.upgrade)(config, to)


def tables(connection: Connection) -> set[str]:
    rows = connection.execute(text("select tablename from pg_tables where schemaname = 'public'"))
    return {name for (name,) in rows} - {"alembic_version"}


def test_the_upgraded_schema_equals_the_models(db: str) -> None:
    with database.engine().connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_down_to_nothing_and_up_again(db: str) -> None:
    with database.engine().connect() as connection:
        before = tables(connection)
        migrate(connection, "base")
        assert tables(connection) == set()
        migrate(connection, "head")
        assert tables(connection) == before


def test_every_kind_has_its_numbers(db: str) -> None:
    with database.engine().connect() as connection:
        for kind in RecordKind:
            assert connection.scalar(text(f"select nextval('number_{kind.value}')")) == 1


def test_the_desks_clock_goes_forward_only(db: str) -> None:
    with database.engine().begin() as connection:
        connection.execute(text("update desk_clock set \"offset\" = interval '1 day'"))
        ahead = connection.scalar(text("select desk_now() - now()"))
        assert ahead.days == 1
    with database.engine().connect() as connection, pytest.raises(DBAPIError, match="forward only"):
        connection.execute(text("update desk_clock set \"offset\" = interval '1 hour'"))


def test_events_can_be_neither_changed_nor_deleted(cast: str) -> None:
    from tests.services.test_requests import submitted

    submitted()
    for statement in ("update events set name = 'x'", "delete from events", "truncate events cascade"):
        with database.engine().connect() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(statement))
