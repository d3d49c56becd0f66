"""A circuit breaker: after a few failures in a row, a dead directory costs a sign-in no time at all."""

import threading
import time
from collections.abc import Callable

from app.directory.errors import DirectoryUnavailable
from app.rules.words import t


class Breaker:
    """Opens after `limit` failures in a row; then one call each `rest` seconds tries whether it is better."""

    def __init__(self, limit: int = 3, rest: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        """Start closed; the clock is an argument for tests only."""
        self.limit = limit
        self.rest = rest
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_again_at = 0.0

    @property
    def is_open(self) -> bool:
        """Are calls refused without asking the directory?"""
        return self._failures >= self.limit

    def check(self) -> None:
        """Pass, or raise at once while open; the one that passes when the rest is over is the trial for all."""
        with self._lock:
            if not self.is_open:
                return
            if self._clock() < self._closed_again_at:
                raise DirectoryUnavailable(
                    t("The company's directory did not answer several times; it is asked again in a few seconds.")
                )
            self._closed_again_at = self._clock() + self.rest

    def succeeded(self) -> None:
        """The directory answered, whatever it said."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """The directory did not answer."""
        with self._lock:
            self._failures += 1
            self._closed_again_at = self._clock() + self.rest
