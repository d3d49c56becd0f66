"""`desk sla recompute | what-if`: stored clocks are a copy of what events say; make it again, compare it, or ask another policy."""

import json
import sys
import time
from pathlib import Path

import click

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def sla() -> None:
    """Service levels: the clocks of records (config/sla.toml)."""


@sla.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when a stored clock is not what events say.")
@click.option("--json", "as_json", is_flag=True, help="The answer for machines.")
def recompute(check: bool, as_json: bool) -> None:
    """Compute every clock from the events of its record."""
    from app.services import sla as services

    began = time.monotonic()
    found = services.recompute(check=check)
    seconds = time.monotonic() - began
    ok = not (check and found.different)
    if as_json:
        click.echo(json.dumps({"ok": ok, "checked_only": check, "records": found.records, "clocks": found.clocks, "different": found.different,
                               "differences": found.differences, "seconds": round(seconds, 1)}, indent=2))  # fmt: skip
    else:
        click.echo(f"{found.clocks} clocks of {found.records} records, {found.different} records {'differ' if check else 'stored anew'} ({seconds:.1f} s).")
        for line in found.differences[:20] if check else ():
            click.secho(line, fg="red")
    sys.exit(0 if ok else 1)


@sla.command("what-if")
@click.option("--sla", "sla_file", type=FILE, help="Clocks and targets to try, written as config/sla.toml; left out: today's.")
@click.option("--calendars", "calendars_file", type=FILE, help="Calendars to try, written as config/calendars.toml; left out: today's.")
@click.option("--since", default="90d", show_default=True, help='Records opened since then: "90d", "12w", or a date such as 2026-01-31.')
@click.option("--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write every clock that differs to this file.")
@click.option("--json", "as_json", is_flag=True, help="The answer for machines.")
def what_if(sla_file: Path | None, calendars_file: Path | None, since: str, csv_file: Path | None, as_json: bool) -> None:
    """Play what happened under another policy and say which clocks would have been different; nothing is stored."""
    from rich.console import Console

    from app.cli import _what_if

    if sla_file is None and calendars_file is None:
        raise click.UsageError("Name a policy to try: --sla FILE, --calendars FILE, or both.")
    begin, found = _what_if.play(_what_if.policy(sla_file, calendars_file), since, csv_file)
    if as_json:
        click.echo(_what_if.machine(begin, found))
    else:
        _what_if.show(Console(), begin, found)


commands: list[click.Command] = [sla]
