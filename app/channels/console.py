"""The twin of mail for development: DESK_SMTP_HOST=console writes every letter to the log's own stream."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from app.channels import Letter, Line, mime

HOST: Final = "console"


class Console:
    """A line that takes everything."""

    name = "console"

    @contextmanager
    def connect(self) -> Iterator[Line]:
        """Open nothing."""
        yield self

    def send(self, letter: Letter) -> None:
        """Show the letter as its reader would; refuses what mail would refuse."""
        to = mime.recipient(letter)
        sys.stdout.write(f"--- mail to {to}\nSubject: {letter.subject}\nMessage-ID: {letter.message_id}\n\n{letter.text}---\n")
        sys.stdout.flush()
