"""`desk import` and `desk replay`: what another desk knew comes in; its history runs through ours (docs: import)."""

import json
from pathlib import Path
from typing import Any

import click

FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
MAPPING = click.option("--mapping", "mapping_file", required=True, help="What the file's columns mean (config/imports/NAME.toml).",
                       type=click.Path(path_type=Path, dir_okay=False, exists=True))  # fmt: skip
PROCESSES = click.option("--processes", type=click.IntRange(1, 16), default=2, show_default=True, help="Processes that play records beside each other.")


@click.command("import")
@FILE
@MAPPING
@PROCESSES
def bring_in(file: Path, mapping_file: Path, processes: int) -> None:
    """Bring a CSV or CSV.gz FILE in: incidents, people, teams or CIs, as the mapping says."""
    from app.cli import _bringing_in

    _tell(_bringing_in.run(file, mapping_file, processes))


@click.command()
@FILE
@MAPPING
@PROCESSES
@click.option("--figures", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Where to write the figures of these records (JSON).")
@click.option("--at", "instants", multiple=True, metavar="'YYYY-MM-DD HH:MM'", help="Count states at this instant; may be given several times.")
def replay(file: Path, mapping_file: Path, processes: int, figures: Path | None, instants: tuple[str, ...]) -> None:
    """Play the event log FILE through the desk, each record in its order. A second run adds nothing."""
    from app import database, imports
    from app.cli import _bringing_in
    from app.queries import replays

    outcome = _bringing_in.run(file, mapping_file, processes)
    _tell(outcome)
    if figures is not None:
        columns = imports.mapping(mapping_file)
        columns = imports.mapping(mapping_file)
        with database.sessions()() as session:
            found = replays.figures(session, columns, outcome.keys, instants or columns.instants)
        figures.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
        click.echo(f"Figures of {found['expected']['incidents']} incidents: {figures}")


def _tell(outcome: Any) -> None:
    for line, key, reason in outcome.rejected:
        click.secho(f"line {line}{f' ({key})' if key else ''}: {reason}", fg="yellow")
    pace = f", {outcome.added / outcome.seconds:.0f} a second" if outcome.added and outcome.seconds else ""
    click.echo(f"{outcome.added} added in {outcome.seconds:.1f} s{pace}; {outcome.known} known already; {len(outcome.rejected)} rejected.")


commands: list[click.Command] = [bring_in, replay]
