"""`desk user create` makes an account that can sign in, with its roles, or says why not."""

from click.testing import CliRunner

from app import cli
from app.models.people import Person
from app.services import accounts, passwords
from app.unit_of_work import SYSTEM, unit_of_work


def create(*arguments: str, stdin: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(cli.desk, ["user", "create", *arguments], input=stdin)
    return result.exit_code, result.output + str(result.exception or "")


def found(login: str) -> Person | None:
    with unit_of_work(SYSTEM) as uow:
        return accounts.named(uow, login)


def test_an_account_gets_a_password_that_is_shown_once(db: str) -> None:
    code, output = create("eva", "--name", "Eva Prado", "--email", "eva@balcao.test", "--role", "administrator")
    assert code == 0, output
    assert "eva may sign in as administrator." in output
    person = found("eva")
    assert person is not None
    assert passwords.is_right(output.rsplit(": ", 1)[1].strip(), person.password)


def test_an_unknown_role_makes_no_account(db: str) -> None:
    code, output = create("eva", "--name", "Eva Prado", "--role", "emperor")
    assert code != 0
    assert "emperor" in output
    assert found("eva") is None


def test_a_weak_password_is_refused(db: str) -> None:
    code, output = create("eva", "--name", "Eva Prado", "--password-stdin", stdin="12345\n")
    assert (code, "password" in output) == (1, False), output
    assert found("eva") is None
