"""`desk up | demo | doctor | status | db`: the commands about the ground the desk stands on (they join by entry point)."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve pages on.")
PORT = click.option("--port", type=click.IntRange(1, 65535), help="The port of the pages (default: DESK_PORT, 8080).")
DATA = click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The data folder (default: var/).")
NO_BROWSER = click.option("--no-browser", is_flag=True, help="Do not open a browser.")


def _starts(command: Any) -> Any:
    for option in (HOST, PORT, DATA, NO_BROWSER):
        command = option(command)
    return command


@click.command()
@_starts
def up(**options: Any) -> None:
    """Start the desk on this machine; the first administrator gets a link."""
    _run(demo=False, **options)


@click.command()
@_starts
def demo(**options: Any) -> None:
    """Start the desk with a demonstration company, its directory and a mail sink."""
    _run(demo=True, **options)


def _run(*, demo: bool, host: str, port: int | None, data: Path | None, no_browser: bool) -> None:
    from app.platform.start import start

    if data is not None:
        os.environ["DESK_DATA_DIR"] = str(data.absolute())
    sys.exit(start(demo=demo, host=host, port=port, browser=not no_browser))


@click.command()
@DATA
@click.pass_obj
def doctor(look_into: Callable[[Path], None], data: Path | None) -> None:
    """Say what is missing or wrong here, each with the one line that mends it."""
    from app.platform import doctor as checks

    if data is not None:
        look_into(data)
    findings = checks.examine()
    for finding in findings:
        click.echo(click.style(f"{finding.sign} ", fg=finding.colour) + finding.text)
        if finding.mend:
            click.echo(f"    mend: {finding.mend}")
    sys.exit(1 if any(finding.is_essential_fault for finding in findings) else 0)


@click.command()
@DATA
@click.option("--json", "as_json", is_flag=True, help="One JSON object: state and pid by name.")
def status(data: Path | None, as_json: bool) -> None:
    """Show the processes of the desk that runs here; exit 1 when none does."""
    from app.platform.running import Running
    from app.platform.supervisor import SOCKET, states
    from app.settings import settings

    running = Running.read(data or settings().data_dir)
    if running is None:
        raise click.ClickException("The desk does not run from this data folder. Mend: ./desk up")
    found = states(Path(running.supervisor) / SOCKET)
    if as_json:
        click.echo(json.dumps({name: {"state": state.word, "pid": state.pid} for name, state in found.items()}))
        return
    click.echo(f"{running.address} (process {running.pid})")
    for name, state in found.items():
        click.echo(f"  {name:<10} {state.word:<9} {state.detail}")


@click.group()
def db() -> None:
    """Bring the database's schema up to date, or say where it stands."""


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Apply the migrations up to REVISION (default: the newest)."""
    from app.platform import schema

    before, _ = schema.revisions()
    schema.upgrade(revision)
    after, _ = schema.revisions()
    click.echo(f"schema: {before or 'empty'} -> {after}" if before != after else f"schema: {after}, nothing to do")


@db.command()
def current() -> None:
    """Print the schema's revision; exit 1 when it is not the newest."""
    from app.platform import schema

    found, newest = schema.revisions()
    click.echo(f"schema: {found or 'empty'}; newest: {newest}")
    sys.exit(0 if found == newest else 1)


commands: list[click.Command] = [up, demo, doctor, status, db]
