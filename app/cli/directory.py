"""`desk directory test | sync`: does the company's directory answer, and take over what it says now."""

import sys

import click


@click.group()
def directory() -> None:
    """Ask the company's directory."""


@directory.command("test")
@click.option("--login", help="Also look for this person, and show what the desk would know of them.")
def check(login: str | None) -> None:
    """Say whether the directory works, what is in it, and what is not safe; exit 1 when it does not work."""
    from app.directory import directory as chosen

    found = chosen()
    now = found.ping()
    click.echo(f"directory: {now.kind} {now.address} {now.vendor}".rstrip())
    if now.text:
        click.echo(f"  {now.text}")
    if not now.works:
        sys.exit(1)
    click.echo(f"  answers in {now.milliseconds} ms; {'private' if now.private else 'NOT ENCRYPTED: passwords can be read on the way'}")
    people, groups = found.people(), found.groups()
    click.echo(f"  {len(people)} people, {sum(not each.active for each in people)} of them disabled, "
               f"{sum(each.manager_dn is None for each in people)} without a manager, "
               f"{sum(each.mail is None for each in people)} without a mail address")
    click.echo(f"  {len(groups)} groups, {sum(not each.owner_dns for each in groups)} without an owner")
    if login is not None:
        click.echo(f"  {found.person(login) or f'nobody with the user name {login}'}")


@directory.command("sync")
@click.option("--force", is_flag=True, help="Also disable more than max(5 %, 3) people at once: only when it is true.")
def sync(force: bool) -> None:
    """Read all people and groups, and make the desk's so."""
    from app.directory import sync as reading

    counts = reading.sync(force=force)
    changed = ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in sorted(counts.items()) if number)
    click.echo(changed or "nothing to change")


commands: list[click.Command] = [directory]
