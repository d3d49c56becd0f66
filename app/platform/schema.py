"""The database's schema: bring it to the newest migration, and say where it stands."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from app.settings import ROOT


def configuration(url: str) -> Config:
    """Return Alembic's configuration for the database at `url`."""
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Apply every migration up to `revision`; a schema that is there already is left as it is."""
    command.upgrade(configuration(url), revision)


def revisions(url: str) -> tuple[str | None, str | None]:
    """Return the revision the database has and the newest one there is."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory.from_config(configuration(url)).get_current_head()
