"""The database's schema: bring it to the newest migration, and say where it stands."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app import database
from app.settings import ROOT


def configuration() -> Config:
    """Return Alembic's configuration; `migrations/env.py` connects through `app.database`."""
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def upgrade(revision: str = "head") -> None:
    """Apply every migration up to `revision`; a schema that is there already is left as it is."""
    command.upgrade(configuration(), revision)


def revisions() -> tuple[str | None, str | None]:
    """Return the revision the database has and the newest one there is."""
    with database.engine().connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory.from_config(configuration()).get_current_head()
