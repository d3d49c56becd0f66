"""`desk hours add | between | check`: working time of any calendar, one case or many, and proof that it is right (docs: calendars)."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import click

CALENDARS = click.option("--calendars", "file", type=click.Path(path_type=Path, dir_okay=False, exists=True),
                         help="A file of calendars; left out: the organisation's (config/calendars.toml).")  # fmt: skip
BATCH = click.option("--batch", type=click.File(encoding="utf-8"), help="One case a line (JSON), one answer a line; - reads from standard input.")
CALENDAR = click.option("--calendar", help="Which calendar; left out: the one the settings choose.")
FROM = click.option("--from", "from_", metavar="TIME", help='Such as "2026-03-02 09:00" on the calendar\'s clock, or with a zone: 2026-03-02T12:00Z.')
JSON = click.option("--json", "as_json", is_flag=True, help="The answer for machines.")


@click.group(invoke_without_command=True)
@CALENDARS
@BATCH
@click.pass_context
def hours(context: click.Context, file: Path | None, batch: IO[str] | None) -> None:
    """Add working time to a time, or measure it between two."""
    if context.invoked_subcommand is None:
        if batch is None:
            click.echo(context.get_help())
            return
        _answer_all(batch, file, "")


@hours.command()
@CALENDAR
@FROM
@click.option("--minutes", type=click.IntRange(0), help="How much working time.")
@click.option("--length", metavar="LENGTH", help='The same in words, such as "2d 4h": 1d is one working day of the calendar.')
@CALENDARS
@BATCH
@JSON
def add(calendar: str | None, from_: str | None, minutes: int | None, length: str | None, file: Path | None, batch: IO[str] | None, as_json: bool) -> None:
    """Say when so much working time has passed: the due time."""
    if batch is not None:
        _answer_all(batch, file, "add")
        return
    how_long = {"seconds": minutes * 60} if minutes is not None else {"length": length}
    _answer_one({"op": "add", "calendar": calendar, "from": from_, **how_long}, file, as_json=as_json)


@hours.command()
@CALENDAR
@FROM
@click.option("--to", metavar="TIME", help="Until when; before --from the answer is negative.")
@CALENDARS
@BATCH
@JSON
def between(calendar: str | None, from_: str | None, to: str | None, file: Path | None, batch: IO[str] | None, as_json: bool) -> None:
    """Say how much working time lies between two times."""
    if batch is not None:
        _answer_all(batch, file, "between")
        return
    _answer_one({"op": "between", "calendar": calendar, "from": from_, "to": to}, file, as_json=as_json)


@hours.command()
@click.option("--cases", default=100_000, show_default=True, type=click.IntRange(1), help="How many random cases.")
@click.option("--seed", type=int, help="Draw the cases of an earlier run (it prints its seed).")
@JSON
def check(cases: int, seed: int | None, as_json: bool) -> None:
    """Compare random cases with a count of every minute; exit 1 when they do not all agree."""
    import secrets
    import time

    from app.rules import hours_oracle

    seed = secrets.randbelow(10**9) if seed is None else seed
    began = time.monotonic()
    odd = list(hours_oracle.differences(cases, seed))
    found = {"ok": not odd, "cases": cases, "agree": cases - len(odd), "seed": seed, "seconds": round(time.monotonic() - began, 1),
             "differences": [f"{each.case}: {each.expected} expected, {each.found} found, in {each.calendar}" for each in odd[:20]]}  # fmt: skip
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo(f"{found['agree']} of {cases} cases agree with a count of every minute (seed {seed}, {found['seconds']} s).")
        for line in odd[:20]:
            click.secho(f"{line.case}: {line.expected} expected, {line.found} found, in {line.calendar}", fg="red")
    sys.exit(1 if odd else 0)


@click.group()
def bench() -> None:
    """Measure."""


@bench.command("hours")
@click.option("--times", default=200_000, show_default=True, type=click.IntRange(1000), help="How many due times.")
@CALENDAR
@JSON
def measure(times: int, calendar: str | None, as_json: bool) -> None:
    """Compute due times in one process; how many a second."""
    from app.cli import _hours

    found = _hours.pace(times, calendar)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo(f"{found['due_times_per_second']:,} due times a second, {found['measured_per_second']:,} lengths a second, in one process ({found['calendar']}).")
    sys.exit(0 if found["ok"] else 1)


def _answer_one(case: dict[str, Any], file: Path | None, *, as_json: bool) -> None:
    from app.cli import _hours

    given = {name: value for name, value in case.items() if value is not None}
    try:
        found = _hours.answer(_hours.book(file), given)
    except _hours.Odd as odd:
        raise click.ClickException(str(odd)) from odd
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif found["op"] == "add":
        click.echo(f"{found['due_local']}  ({found['due']})")
    else:
        sign, length = ("-" if found["seconds"] < 0 else ""), timedelta(seconds=abs(found["seconds"]))
        click.echo(f"{sign}{length // timedelta(hours=1)}:{length // timedelta(minutes=1) % 60:02d} h of working time ({found['minutes']} minutes)")


def _answer_all(batch: IO[str], file: Path | None, op: str) -> None:
    from app.cli import _hours

    try:
        calendars = _hours.book(file)
    except _hours.Odd as odd:
        raise click.ClickException(str(odd)) from odd
    bad = 0
    for found in _hours.answers(calendars, batch, op):
        bad += "error" in found
        click.echo(json.dumps(found, ensure_ascii=False))
    sys.exit(1 if bad else 0)


commands: list[click.Command] = [hours, bench]
