"""What `desk up` shows: the steps of the start, then the logs of all processes as one readable stream."""

import itertools
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLOURS = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_green", "bright_magenta", "bright_blue")
LEVELS = {"warning": "yellow", "error": "bold red", "critical": "bold white on red"}
SHOWN_ELSEWHERE = {"event", "level", "timestamp", "process", "logger", "exception"}
WIDTH = 10


@contextmanager
def step(console: Console, what: str) -> Iterator[None]:
    """Show one step of the start and how long it took; a failed one is left without its mark."""
    started = time.monotonic()
    console.print(Text.assemble(("  · ", "dim"), what, (" ...", "dim")))
    yield
    console.print(Text.assemble(("  ✓ ", "green"), what, (f"  {time.monotonic() - started:.1f} s", "dim")))


@dataclass
class Follower:
    """One log file, read on from where it was when we began; survives rotation."""

    name: str
    file: Path
    position: int = 0
    inode: int = 0

    def new_lines(self) -> list[str]:
        """Return the lines written since the last call."""
        try:
            found = self.file.stat()
        except FileNotFoundError:
            return []
        if found.st_ino != self.inode or found.st_size < self.position:
            self.position = 0 if self.inode else self.position
            self.inode = found.st_ino
        with self.file.open("rb") as stream:
            stream.seek(self.position)
            whole, _, _ = stream.read().rpartition(b"\n")
        if not whole:
            return []
        self.position += len(whole) + 1
        return whole.decode("utf-8", "replace").splitlines()


class LogStream:
    """All processes' logs on one console, each with its name and colour."""

    def __init__(self, console: Console, files: dict[str, Path]) -> None:
        self._console = console
        colours = itertools.cycle(COLOURS)
        self._colours = {name: next(colours) for name in files}
        self._followers = [
            Follower(name, file, file.stat().st_size if file.is_file() else 0) for name, file in files.items()
        ]

    def skip(self) -> None:
        """Leave out what was written so far: the noise of the start is in the files."""
        for follower in self._followers:
            follower.new_lines()

    def show(self) -> None:
        """Print what is new."""
        for follower in self._followers:
            for line in follower.new_lines():
                self._console.print(readable(follower.name, line, self._colours[follower.name]), soft_wrap=True)


def readable(name: str, line: str, colour: str) -> Text:
    """Return a log line for people: JSON lines as `time name event key=value`, others as they are."""
    head = Text(f"{name:<{WIDTH}}", colour)
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return Text.assemble(head, "│ ", line)
    if not isinstance(entry, dict) or "event" not in entry:
        return Text.assemble(head, "│ ", line)
    level = str(entry.get("level", "info"))
    rest = " ".join(f"{key}={value}" for key, value in entry.items() if key not in SHOWN_ELSEWHERE)
    parts: list[Text | str | tuple[str, str]] = [head, "│ ", (str(entry.get("timestamp", ""))[11:19], "dim"), " ",
             (str(entry["event"]), LEVELS.get(level, "")), (f"  {rest}" if rest else "", "dim")]
    if exception := entry.get("exception"):
        parts.append((f"\n{exception}", "red"))
    return Text.assemble(*parts)


def has_screen() -> bool:
    """Say whether a browser could be opened here."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
