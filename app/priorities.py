"""Read config/priorities.toml: the priority of each impact and urgency."""

import tomllib
from functools import cache
from pathlib import Path

from app.rules.incidents import MATRIX_KEYS, Matrix
from app.settings import settings

FILE = "priorities.toml"


class PriorityFault(ValueError):
    """A matrix that cannot be used: the message names the file and what is missing."""


def matrix() -> Matrix:
    """Return the organisation's matrix."""
    return _matrix(settings().config_dir / FILE)


def load(path: Path) -> Matrix:
    """Read a file; PriorityFault says what is wrong with it."""
    try:
        read = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as fault:
        raise PriorityFault(f"{path.name}: {fault}") from fault
    found = read.get("matrix", {})
    if set(found) != set(MATRIX_KEYS) or any(value not in range(1, 6) for value in found.values()):
        raise PriorityFault(f'{path.name}: [matrix] must give a priority from 1 to 5 for each of {", ".join(MATRIX_KEYS)}')
    return dict(found)


@cache
def _matrix(path: Path) -> Matrix:
    return load(path)
