"""A flow that breaks off in the ways that have ended workers before."""

from prefect import flow
from prefect.exceptions import Abort, Pause


@flow(name="nasty")
def nasty(how: str) -> None:
    """Raise what no `except Exception` catches."""
    raise {"abort": Abort, "pause": Pause, "exit": SystemExit}[how]("asked for")
