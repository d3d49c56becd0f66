"""`desk up` and `desk demo`, from the options given to the exit code."""

import os
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from app import config_files, settings_check
from app.platform import demo_directory
from app.platform.installation import Installation
from app.platform.postgres import PostgresError
from app.platform.running import AlreadyRunning
from app.platform.slapd_setup import SlapdError
from app.platform.startup import StartError, Startup
from app.platform.supervisor import SupervisorError
from app.platform.terminal import step
from app.reports import goals
from app.rules.errors import Unavailable
from app.settings import Settings, settings

FAILURES = (PostgresError, SlapdError, SupervisorError, StartError, AlreadyRunning)


def start(*, demo: bool, host: str, port: int | None, browser: bool) -> int:
    """Run an installation until Ctrl-C; return the exit code."""
    console = Console(highlight=False)
    for line in settings_check.warnings(Settings.model_fields):
        console.print(f"  ! {line}", style="yellow")
    for line in (faults := config_files.faults(goals.goals)):
        console.print(f"desk: {line}", style="red", markup=False)
    if faults:
        return 1
    place = Installation(settings().data_dir.absolute(), host, port or settings().port, demo)
    console.print(f"Balcão starts; its data is in {place.data}", style="bold")
    try:
        session = Session(place, console)
        Startup(place, console).run(session.welcome, session.fill, browser)
    except FAILURES as error:
        console.print(f"desk: {error}", style="red", markup=False)
        return 1
    return 0


class Session:
    """What is particular to a demonstration or a real start: the first rows, and the words on the screen."""

    def __init__(self, place: Installation, console: Console) -> None:
        self._place = place
        self._console = console
        self._say: Callable[[], None] = lambda: None

    def fill(self) -> None:
        """Put the first rows into the database, once, and the catalogue into service: the first page offers it already."""
        self._publish_catalogue()
        if self._place.demo:
            self._fill_demo()
        else:
            self._say = self._first_administrator()

    def _publish_catalogue(self) -> None:
        from app.services import catalog
        from app.unit_of_work import SYSTEM, unit_of_work

        try:
            with step(self._console, "the catalogue"), unit_of_work(SYSTEM) as uow:
                catalog.refresh(uow)
        except Unavailable as away:             # the relay tries again every two seconds
            self._console.print(f"  ! {away}", style="yellow", markup=False)

    def _fill_demo(self) -> None:
        from app.platform import demo

        with step(self._console, "the demonstration company"):
            players = demo.seed(self._place.data, self._place.slapd)
        if players:
            self._who_is_who(players)           # now: were the start to fail later, nobody would ever see them again

    def _who_is_who(self, players: list[demo_directory.Player]) -> None:
        table = Table(title="Who is who (the passwords are shown this once)", title_justify="left")
        for column in ("sign in as", "password", "name"):
            table.add_column(column, no_wrap=True)          # to be copied whole from any screen
        table.add_column("plays", overflow="fold")
        for player in players:
            table.add_row(player.login, player.password, player.name, player.plays)
        self._console.print(table)

    def _first_administrator(self) -> Callable[[], None]:
        from app.services import people
        from app.unit_of_work import SYSTEM, unit_of_work

        with unit_of_work(SYSTEM) as uow:
            path = people.first_administrator_link(uow)
        if path is None:
            return lambda: None
        link = f"{os.environ['DESK_BASE_URL'].rstrip('/')}{path}"
        return lambda: self._console.print(f"There is no administrator yet. Become one here (works once): {link}",
                                           style="bold yellow", soft_wrap=True)

    def welcome(self) -> None:
        """Say where the desk is and how to stop it."""
        address = os.environ["DESK_BASE_URL"]
        self._say()
        if self._place.demo:
            self._console.print(f"Every mail of the company: {address}/dev/mail")
            if address.startswith("http://"):
                self._console.print("On plain http the demonstration asks for no second factor and sends no strict "
                                    "cookies; with an https address the desk does both.", style="yellow")
        self._console.print(f"Ready: {address}   (Ctrl-C stops everything)\n", style="bold green", soft_wrap=True)
