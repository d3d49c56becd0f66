"""`desk sla recompute [--check]`: stored clocks are a copy of what events say; make it again, or compare it."""

import json
import sys
import time

import click


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


commands: list[click.Command] = [sla]
