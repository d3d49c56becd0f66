"""Take over what the company's directory says: all of it now and then, and those who are signed in each 20 seconds."""

from prefect import flow

from app.directory import DirectoryError, DirectoryOff, sync
from app.rules.errors import ActionNotAllowed
from app.services.deliveries import Hold
from flows import taking


@flow(name="sync_directory")
def sync_directory(deliveries: list[str] | None = None) -> int:
    """Read the directory whole, by the clock or because somebody asked; return how much changed. Twice is once."""
    if deliveries:
        return taking.work_off(deliveries, sync_asked)
    try:
        return sum(sync.sync().values())
    except DirectoryOff:                    # there is none: nothing to do, and no failure
        return 0


@flow(name="check_sessions")
def check_sessions() -> int:
    """End the sessions of those whom the directory has disabled since; return of how many people."""
    return sync.check_signed_in()


def sync_asked(hold: Hold) -> None:
    """Read for whoever asked; what came of it is on the directory's page, also that it failed, and asking again is theirs."""
    try:
        sync.sync()
    except (DirectoryError, ActionNotAllowed):
        return
