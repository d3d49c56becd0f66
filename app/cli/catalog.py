"""`desk catalog check`: every fault of the catalogue's files with file, line and mend; and the reference of the keys."""

import json
from pathlib import Path

import click


@click.group()
def catalog() -> None:
    """Check the files of catalog/, which say what can be ordered."""


@catalog.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="The folder (default: catalog_dir).")
@click.option("--language", default="en", show_default=True, help="In which language the faults are told: en or pt.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for other programs.")
@click.pass_context
def check(ctx: click.Context, folder: Path | None, language: str, as_json: bool) -> None:
    """Check every file; exit 1 when one is wrong. Needs no database."""
    from app.catalog import load
    from app.language import translate
    from app.settings import settings

    folder = folder or settings().catalog_dir
    try:
        found = load(folder)
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror}") from error
    faults = [
        {
            "file": fault.file,
            "line": fault.line,
            "what": translate(fault.what, language),
            "mend": translate(fault.mend, language),
        }
        for fault in found.all_faults()
    ]
    good = f"{len(found.items)} items in {len(found.categories)} categories are good"
    if as_json:
        click.echo(json.dumps({"good": sorted(found.items), "faults": faults}, ensure_ascii=False, indent=2))
    else:
        for fault in faults:
            click.echo(f"{fault['file']}:{fault['line']}: {fault['what']} {fault['mend']}")
        click.echo(f"{good}; {len(faults)} faults." if faults else f"{good}.")
    ctx.exit(1 if faults else 0)


@catalog.command()
def keys() -> None:
    """Print the reference of every key and action, as it stands in docs/catalogue-item.md."""
    from app.rules.catalog.schema import reference

    click.echo(reference(), nl=False)


commands: list[click.Command] = [catalog]
