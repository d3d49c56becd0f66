"""`desk config show | check`: what the desk is set to, and whether that can work; and two pages of docs/ from their sources."""

import tomllib
from collections.abc import Iterator

import click


@click.group()
def config() -> None:
    """Show or check the settings (config/default.toml, DESK_* and DESK_*_FILE)."""


@config.command()
def show() -> None:
    """Print every setting and where it comes from; secrets are not shown."""
    from app import settings_check
    from app.settings import settings

    for row in settings_check.rows(settings()):
        click.echo(f"{row.variable:<34} {row.shown:<44} {row.source}")


@config.command()
def check() -> None:
    """Check every setting and every file of config/; exit 1 when one is wrong, warn of names that nothing reads."""
    from app import config_files, settings_check
    from app.reports import goals
    from app.settings import Settings, settings

    for line in settings_check.warnings(Settings.model_fields):
        click.secho(f"warning: {line}", fg="yellow", err=True)
    count = len(settings_check.rows(settings()))
    click.echo(f"{count} settings, all of them possible.")
    for line in (faults := config_files.faults(goals.goals)):
        click.secho(line, fg="red", err=True)
    if faults:
        raise SystemExit(1)
    click.echo("Every file of config/ can be used.")


@config.command()
def reference() -> None:
    """Print docs/operator/settings.md, made of config/default.toml."""
    click.echo("\n".join(_settings_page()))


@config.command()
def permissions() -> None:
    """Print docs/permissions.md, made of config/roles.toml: who may do what."""
    click.echo("\n".join(_permissions_page()))


@config.command()
def reports() -> None:
    """Print docs/reports.md, made of app/reports/: what each number means."""
    click.echo("\n".join(_reports_page()))


def _reports_page() -> Iterator[str]:
    from app.reports import all_of_them

    found = all_of_them()
    yield "# What each number means"
    yield ""
    yield "Made of `app/reports/` by `desk config reports`; do not edit. Each page of `/reports/` says the same."
    yield ""
    yield "A number counts only records that its reader may see, and each leads to them. `desk verify --reports` computes all of them a second"
    yield "time, from events alone, and compares. Goals over them stand in [config/goals.toml](../config/goals.toml): the number of the last 30 days,"
    yield "a target, from when until when, and a counter-metric that must not pay for it; `/reports/goals` shows how they stand."
    for report in found.values():
        yield from ("", f"## {report.title}", "", f"`{report.key}`, made of {report.rows}.", "")
        yield from (str(each) for each in report.definition)
        yield ""
        yield f"Read it beside: [{found[report.counter].title}](#{str(found[report.counter].title).lower().replace(' ', '-')})."
        if report.by:
            yield f"Split by: {', '.join(report.by)}."
        yield from ("", "| measure | name | of | how | better |", "|---|---|---|---|---|")
        for each in report.measures:
            yield f"| `{each.key}` | {each.label} | {each.unit} | {each.how} | {({1: 'more', -1: 'less'}).get(each.wants, '')} |"


def _settings_page() -> Iterator[str]:
    from app.settings import ROOT, Settings
    from app.settings_check import possible, variable

    yield "# Settings"
    yield ""
    yield "Made of `config/default.toml` by `desk config reference`; do not edit."
    yield ""
    yield "The environment overrides the file. For each variable there is one more that ends in `_FILE` and names a file whose"
    yield "content is the value: for secrets. `desk config show` prints what is in force and where it comes from,"
    yield "`desk config check` finds wrong values and names that nothing reads. An empty value means: not set."
    yield ""
    yield "| variable | takes | when not set | meaning |"
    yield "|---|---|---|---|"
    lines = (ROOT / "config" / "default.toml").read_text("utf-8").splitlines()
    for line in lines:
        entry, _, meaning = line.partition(" # ")
        for name, value in tomllib.loads(entry).items():
            default = f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else ""
            yield f"| `{variable(name)}` | {possible(Settings.model_fields[name])} | {default} | {meaning.strip()} |"
    yield f"| `{variable('config_dir')}` | {possible(Settings.model_fields['config_dir'])} | | " \
        "where `default.toml` and the other files of `config/` are; it cannot stand in `default.toml` itself |"


def _permissions_page() -> Iterator[str]:
    from app.rules.permissions import Relation
    from app.settings import ROOT, matrix

    found = matrix()
    yield "# Who may do what"
    yield ""
    yield "Made of `config/roles.toml` by `desk config permissions`; do not edit. Services, queries, pages and tests read the same file."
    yield ""
    yield "A permission belongs to roles, which a person holds everywhere, and to relations, which a person has to one record."
    yield "On one's own record roles count for looking only; on a restricted record they do not count at all."
    yield ""
    yield "## Roles"
    yield ""
    yield "| role | name | nome | staff |"
    yield "|---|---|---|---|"
    for role in found.roles.values():
        yield f"| `{role.key}` | {role.name} | {role.name_pt} | {'yes' if role.is_staff else ''} |"
    yield ""
    yield "Over https everybody with a staff role needs a second factor."
    heading = ""
    source = (ROOT / "config" / "roles.toml").read_text("utf-8").partition("[permissions]")[2].partition("\n[")[0]
    for line in source.splitlines():
        if line.startswith("#"):
            heading = line.removeprefix("#").strip()
            yield from ("", f"## {heading}", "", "| permission | roles | relations |", "|---|---|---|")
        for permission, who in tomllib.loads(line).items():
            roles = ", ".join(one for one in who if one in found.roles)
            yield f"| `{permission}` | {roles} | {', '.join(one for one in who if one in set(Relation))} |"


commands: list[click.Command] = [config]
