"""`desk catalog check`, `diff`, `keys`: faults with file, line and mend; what a change will mean; the reference of the keys."""

import json
from pathlib import Path

import click

from app.rules.words import t


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
@click.argument("revision")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="The folder (default: catalog_dir).")
@click.option("--language", default="en", show_default=True, help="In which language: en or pt.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for other programs.")
@click.pass_context
def diff(ctx: click.Context, revision: str, folder: Path | None, language: str, as_json: bool) -> None:
    """Say what the files as they are now will mean, compared with a REVISION of Git. Needs no database."""
    from app.catalog import load
    from app.catalog_history import NoHistory, at
    from app.language import translate
    from app.rules.catalog.differences import between
    from app.settings import settings

    folder = folder or settings().catalog_dir
    try:
        old, new = at(folder, revision), load(folder)
    except (NoHistory, OSError) as error:
        raise click.ClickException(str(error)) from error
    served = new.items | {slug: old.items[slug] for slug in new.faults if slug in old.items}
    told = [{"item": each.slug, "what": translate(each.what, language)} for each in between(old.items, served)]
    faulty = sorted(new.faults)
    if as_json:
        click.echo(json.dumps({"differences": told, "faulty": faulty}, ensure_ascii=False, indent=2))
    else:
        for one in told:
            click.echo(f"{one['item']}: {one['what']}")
        for slug in faulty:
            click.echo(f"{slug}: {translate(t('The file has a fault: its last good version stays. See desk catalog check.'), language)}")
        if not told and not faulty:
            click.echo(translate(t("Nothing changes."), language))
    ctx.exit(1 if faulty else 0)


@catalog.command()
def keys() -> None:
    """Print the reference of every key and action, as it stands in docs/catalogue-item.md."""
    from app.rules.catalog.schema import reference

    click.echo(reference(), nl=False)


commands: list[click.Command] = [catalog]
