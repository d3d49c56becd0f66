"""How messages go out: one file per channel; `console` is the twin for development (architecture.md).

A channel opens a line to its server for a whole batch and sends letter by letter. What goes wrong is said by one of
a few errors, and the outbox (app/services/outbox.py) knows what each means for the message.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from app.channels.letters import Letter

__all__ = ["Away", "Channel", "Letter", "Line", "Lost", "NotNow", "Refused"]


class Away(Exception):
    """The server does not serve anybody now: nothing is wrong with the message, nothing of the batch goes out."""


class Lost(Away):
    """The line broke while a message was handed over; it may have been the message, so it counts against it."""


class NotNow(Exception):
    """The server does not take this message now and may later."""


class Refused(Exception):
    """The server will never take this message as it is."""


class Line(Protocol):
    """An open connection."""

    def send(self, letter: Letter) -> None:
        """Hand one letter over; return only when the server is answerable for it. Raises Away, NotNow or Refused."""


class Channel(Protocol):
    """A way out."""

    name: str

    def connect(self) -> AbstractContextManager[Line]:
        """Open a line for a batch; raises Away."""
