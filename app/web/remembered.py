"""Answers of outside parts that a page may show and must not wait for: asked in the background, remembered here."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """The last answer to a question that may take its time; nobody who wants it ever waits."""

    def __init__(self, ask: Callable[[], T], *, good: Callable[[T], bool], every: float = 5.0, impatient: float = 0.5) -> None:
        """Ask again `every` seconds after a good answer, `impatient` seconds after any other."""
        self._ask = ask
        self._good = good
        self._every = every
        self._impatient = impatient
        self._lock = threading.Lock()
        self._asked_at = 0.0
        self._answer: T | None = None

    def now(self) -> T | None:
        """Return the last answer (None: not known yet) and see to it that it is renewed."""
        patience = self._every if self._answer is not None and self._good(self._answer) else self._impatient
        if time.monotonic() - self._asked_at > patience and self._lock.acquire(blocking=False):
            threading.Thread(target=self._renew, daemon=True, name="remembered").start()
        return self._answer

    def _renew(self) -> None:
        try:
            self._answer = self._ask()
        finally:
            self._asked_at = time.monotonic()
            self._lock.release()
