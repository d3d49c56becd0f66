"""How long to wait before the next try of something that failed."""

from datetime import timedelta
from typing import Final

TRIES: Final = 5
_SECONDS: Final = (2, 10, 60, 300)


def pause(failures: int, luck: float) -> timedelta | None:
    """Return the wait after so many failures, or None when it is time to give up and tell somebody.

    `luck` in [0, 1) spreads the tries of many by up to a quarter, so that they do not all come back at once.
    """
    if failures >= TRIES:
        return None
    return timedelta(seconds=_SECONDS[max(failures, 1) - 1] * (1 + luck / 4))


MAIL_TRIES: Final = 6
_MAIL_SECONDS: Final = (60, 300, 900, 3600, 4 * 3600)  # greylisting lets a mail in after minutes; a full mailbox takes hours


def mail_pause(failures: int, luck: float) -> timedelta | None:
    """Return the wait after a mail server refused a message for now so many times, or None to give it up."""
    if failures >= MAIL_TRIES:
        return None
    return timedelta(seconds=_MAIL_SECONDS[max(failures, 1) - 1] * (1 + luck / 4))
