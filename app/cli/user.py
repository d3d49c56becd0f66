"""`desk user create`: a local account, for a desk without a directory or for the hour in which it is away."""

import secrets
import sys

import click


@click.group()
def user() -> None:
    """Make local accounts."""


@user.command()
@click.argument("login")
@click.option("--name", required=True, help="The person's full name.")
@click.option("--email", help="Where the desk writes to.")
@click.option("--role", "roles", multiple=True, help="A role of config/roles.toml; may be given several times.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(login: str, name: str, email: str | None, roles: tuple[str, ...], password_stdin: bool) -> None:
    """Make the account LOGIN; without --password-stdin a password is made and printed once."""
    from app.services import people
    from app.settings import matrix
    from app.unit_of_work import SYSTEM, unit_of_work

    for role in roles:
        if role not in matrix().roles:
            raise click.BadParameter(f"no role {role}; there are {', '.join(sorted(matrix().roles))}", param_hint="--role")
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(16)
    with unit_of_work(SYSTEM) as uow:
        person = people.create(uow, login, name, email=email, password=password)
        for role in roles:
            people.grant(uow, person.id, role)
    click.echo(f"{login} may sign in" + (f" as {', '.join(roles)}" if roles else "") + ".")
    if not password_stdin:
        click.echo(f"password (shown this once): {password}")


commands: list[click.Command] = [user]
