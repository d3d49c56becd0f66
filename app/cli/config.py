"""`desk config show` and `desk config check`: what the desk is set to, and whether that can work."""

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
    """Check every setting; exit 1 when one is wrong, warn of names that nothing reads."""
    from app import settings_check
    from app.settings import Settings, settings

    for line in settings_check.warnings(Settings.model_fields):
        click.secho(f"warning: {line}", fg="yellow", err=True)
    count = len(settings_check.rows(settings()))
    click.echo(f"{count} settings, all of them possible.")


commands: list[click.Command] = [config]
