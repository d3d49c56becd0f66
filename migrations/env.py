"""How Alembic reaches the database and what it compares with the models."""

from alembic import context

import app.models  # noqa: F401  the tables join Base.metadata when imported
from app import database
from app.models.base import Base


def run() -> None:
    """Upgrade or downgrade over the desk's own engine, one writer at a time."""
    given = context.config.attributes.get("connection")
    if given is not None:
        context.configure(connection=given, target_metadata=Base.metadata, compare_server_default=False)
        with context.begin_transaction():
            context.run_migrations()
        return
    with database.engine().connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            connection.exec_driver_sql("set local lock_timeout = '3s'")
            connection.exec_driver_sql("set local statement_timeout = 0")
            connection.exec_driver_sql("select pg_advisory_xact_lock(720001)")
            context.run_migrations()


run()
