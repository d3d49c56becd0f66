"""`desk scenario | faults | bench`: try the desk out on real parts, in an installation of their own that leaves nothing.

Each prints what it did and saw; with --json for machines. The exit code is 1 when something was not as it must be.
"""

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

JSON = click.option("--json", "as_json", is_flag=True, help="The evidence for machines.")


def answer(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what was found and end with its exit code."""
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    else:
        for name, value in found.items():
            shown = "\n".join(f"  {line}" for line in value) if isinstance(value, list) else f"  {value}"
            click.echo(f"{name.replace('_', ' ')}\n{shown}")
    sys.exit(0 if found["ok"] else 1)


@click.group()
def scenario() -> None:
    """Play a story through on real parts and show the evidence."""


@scenario.command()
@JSON
@click.option("--ldif", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Another company's tree.")
def access(as_json: bool, ldif: Path | None) -> None:
    """Somebody orders access, two people approve, the directory gets it, everybody is told."""
    from flows.cli import scenario_access

    answer(scenario_access.play(ldif), as_json=as_json)


def _story(name: str, words: str) -> None:
    """Add a scenario that needs to know nothing: `play()` in scenario_<name>.py plays it and returns the evidence."""

    @scenario.command(name, help=words)
    @JSON
    def story(as_json: bool) -> None:
        answer(import_module(f"{__name__}.scenario_{name}").play(), as_json=as_json)


_story("joiner", "A colleague starts: one order makes the account, orders the rest, and the first day comes.")
_story("drift", "The directory changes behind the desk's back after a yes: the step stops, and is asked again in a new round.")
_story("empowerment", "Twenty orders at once, each just under the limit: their sum stays within it, the rest is asked for.")
_story("expire", "Access until a day: reminded, kept longer by one, refused to another, and ended by the flow.")
_story("recertify", "The owner of a group is asked who still needs it: one stays, one ends, one is left without an answer.")
_story("compensate", "The last step fails for good: what was done is undone, the last first; a mail stays sent, on record.")
_story("leaver", "A colleague leaves: until the last day nothing changes; that evening the account and every access end.")


@click.group()
def faults() -> None:
    """Break what can break, and see that nothing is lost and nothing happens twice."""


@faults.command()
@JSON
@click.option("--items", default=200, show_default=True, type=click.IntRange(1, 600), help="How many are ordered.")
@click.option("--seed", type=int, help="Kill as in an earlier run (it prints its seed).")
@click.option("--every", default=4.0, show_default=True, help="Seconds between two kills, on average.")
def kills(as_json: bool, items: int, seed: int | None, every: float) -> None:
    """kill -9 worker, relay, Prefect's server and web at random while requests are ordered and approved."""
    from flows.cli import fault_kills

    answer(fault_kills.run(items, seed, every), as_json=as_json)


@faults.command()
@JSON
@click.option("--items", default=60, show_default=True, type=click.IntRange(3, 600), help="How many are ordered.")
def outage(as_json: bool, items: int) -> None:
    """Prefect's server is away while requests are ordered and approved; then all is carried out, once."""
    from flows.cli import fault_outage

    answer(fault_outage.run(items), as_json=as_json)


@click.group()
def bench() -> None:
    """Measure."""


@bench.command()
@JSON
@click.option("--requests", default=60, show_default=True, type=click.IntRange(5, 2000), help="How many are submitted.")
@click.option("--rate", default=1.0, show_default=True, help="How many a second.")
def submit(as_json: bool, requests: int, rate: float) -> None:
    """From submit to the first step: how long the transaction takes, and how long until a flow works on it."""
    from flows.cli import bench_submit

    answer(bench_submit.measure(requests, rate), as_json=as_json)


@bench.command()
@click.option("--log", "file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="An event log to replay first; left out: incidents are made up.")
@click.option("--mapping", "mapping", default="config/imports/servicenow.toml", show_default=True, help="What the log's columns mean.",
              type=click.Path(path_type=Path, dir_okay=False))  # fmt: skip
@click.option("--visits", default=60, show_default=True, type=click.IntRange(10, 5000), help="How often each page is opened.")
@JSON
def pages(file: Path | None, mapping: Path, visits: int, as_json: bool) -> None:
    """Open queues, records, search and palette of a desk full of incidents; how long the server takes, how much it asks."""
    from flows.cli import bench_pages

    answer(bench_pages.measure(file, mapping, visits), as_json=as_json)


@bench.command()
@click.option("--streams", default=200, show_default=True, type=click.IntRange(2, 2000), help="How many browsers listen.")
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1, 500), help="How often somebody comes, writes and answers.")
@JSON
def live(streams: int, rounds: int, as_json: bool) -> None:
    """Let many browsers look at one record; how long until all hear who came, who writes and what is new."""
    from flows.cli import bench_live

    answer(bench_live.measure(streams, rounds), as_json=as_json)


@bench.command()
@JSON
@click.option("--items", default=500, show_default=True, type=click.IntRange(60, 2000), help="How many wait at once.")
def fulfil(as_json: bool, items: int) -> None:
    """From order to effect: how long, how many a second, and what it costs beside empty runs of Prefect."""
    from flows.cli import bench_fulfil

    answer(bench_fulfil.measure(items), as_json=as_json)


@bench.command()
@click.option("--clocks", default=1_000_000, show_default=True, type=click.IntRange(1000, 20_000_000), help="How many clocks run.")
@click.option("--due", default=10_000, show_default=True, type=click.IntRange(10, 100_000), help="How many reach a threshold within one minute.")
@JSON
def timers(clocks: int, due: int, as_json: bool) -> None:
    """Let very many clocks run and many be due at once; how late each step is taken, and what looking costs when nothing is due."""
    from flows.cli import bench_timers

    answer(bench_timers.measure(clocks, due), as_json=as_json)


@click.group()
def catalog() -> None:
    """Check the files of catalog/, which say what can be ordered."""


@catalog.command()
@JSON
@click.option("--language", default="en", show_default=True, help="In which language: en or pt.")
def rehearse(as_json: bool, language: str) -> None:
    """Plan every item in service, without doing it, against the directory as it is; exit 1 when one is broken."""
    from app.language import translate
    from flows import rehearse_catalog

    found = rehearse_catalog.rehearse_all()
    told = [
        {"item": each.slug, "outcome": each.outcome, "why": translate(each.why, language) if each.why else ""} for each in found
    ]
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for one in told:
            click.echo(f"{one['outcome']:8}{one['item']}{': ' if one['why'] else ''}{one['why']}")
    sys.exit(1 if any(each.outcome == "broken" for each in found) else 0)


commands: list[click.Command] = [scenario, faults, bench, catalog]
