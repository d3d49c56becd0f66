"""`desk ...`: one file per group of commands in this package, and those that join by entry point `balcao.commands`.

Each `app/cli/<group>.py` (but `_<name>.py`, which is for them) exposes `commands: list[click.Command]`. Such files import click at their top and everything
heavy inside their functions, so that `desk --help` stays quick.
"""

import json
import os
import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import click

from app.rules.errors import DeskError, Invalid


class Desk(click.Group):
    """The commands of this package first, then those of the entry points; a file is read when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name."""
        return sorted({command.name or "" for commands in _sources("") for command in commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command; the file that carries its name is asked first, and others may add to its group."""
        found = (one for commands in _sources(cmd_name) for one in commands if one.name == cmd_name)
        first = next(found, None)
        if isinstance(first, click.Group):
            for more in found:
                first.commands.update(more.commands if isinstance(more, click.Group) else {})
        return first


def _sources(wanted: str) -> Iterator[list[click.Command]]:
    groups = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    for name in sorted(groups, key=lambda name: name != wanted):
        yield import_module(f"{__name__}.{name}").commands
    for entry in sorted(entry_points(group="balcao.commands"), key=lambda entry: entry.name != "platform"):
        yield entry.load()


def attach() -> None:
    """Take DESK_* from the installation that runs in the data folder, for what this shell does not set itself."""
    data = Path(os.environ.get("DESK_DATA_DIR") or Path(__file__).resolve().parents[2] / "var")
    try:
        found = json.loads((data / "run.json").read_text())
        os.kill(found["pid"], 0)
    except (OSError, ValueError, KeyError):
        return
    for name, value in found["environment"].items():
        if not os.environ.get(f"{name}_FILE"):
            os.environ.setdefault(name, value)


@click.group(cls=Desk, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The data folder (default: var/).")
@click.version_option(package_name="balcao", prog_name="desk")
@click.pass_context
def desk(ctx: click.Context, data: Path | None) -> None:
    """Balcão, the service desk. Start with: desk demo"""
    ctx.obj = look_into  # commands that take the folder themselves look there too
    look_into(data)


def look_into(data: Path | None) -> None:
    """Work on the installation in this data folder; None: the one that is configured, or var/."""
    if data is not None:
        os.environ["DESK_DATA_DIR"] = str(data.absolute())
    attach()


def main() -> None:
    """Run the command line; a refusal is one sentence and exit code 1, never a stack of code lines."""
    try:
        desk(prog_name="desk")
    except DeskError as error:
        click.secho(f"desk: {error}", fg="red", err=True)
        for name, text in error.fields.items() if isinstance(error, Invalid) else ():
            click.secho(f"  {name}: {text}", fg="red", err=True)
        sys.exit(1)
