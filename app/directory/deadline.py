"""One deadline for everything a sign-in does."""

import time

from app.directory.errors import DirectoryUnavailable

SHORTEST = 0.05         # nothing useful is done in less


class Deadline:
    """Gives each operation what is left of the whole, and never more than its own limit."""

    def __init__(self, seconds: float, each: float) -> None:
        """Start now: `seconds` for all, `each` for one operation."""
        self._end = time.monotonic() + seconds
        self._each = each

    def left(self) -> float:
        """Return the seconds the next operation may take, or raise DirectoryUnavailable when none are left."""
        left = min(self._each, self._end - time.monotonic())
        if left < SHORTEST:
            raise DirectoryUnavailable
        return left
