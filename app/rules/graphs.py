"""Where the boxes of an impact graph stand: one column for each step away from what failed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

BOX_WIDTH: Final = 184
BOX_HEIGHT: Final = 44
GAP_X: Final = 56
GAP_Y: Final = 16


class Place(NamedTuple):
    """A thing, how many steps away it is, and on which other it stands (None: on none of these)."""

    id: int
    steps: int
    through: int | None


@dataclass(frozen=True)
class Drawing:
    """Size in user units, the upper left corner of each box by id, and a path for each line."""

    width: int
    height: int
    boxes: dict[int, tuple[int, int]]
    lines: list[str]


def drawing(places: Sequence[Place]) -> Drawing:
    """Lay the boxes out; each stands as near as it can to the one it is reached through."""
    rows: dict[int, int] = {}
    boxes: dict[int, tuple[int, int]] = {}
    for step in sorted({place.steps for place in places}):
        column = [place for place in places if place.steps == step]
        column.sort(key=lambda place: boxes.get(place.through or 0, (0, 0))[1])
        for place in column:
            row = rows[step] = rows.get(step, -1) + 1
            boxes[place.id] = (step * (BOX_WIDTH + GAP_X), row * (BOX_HEIGHT + GAP_Y))
    lines = [_line(boxes[place.through], boxes[place.id]) for place in places if place.through in boxes]
    return Drawing(
        max((x for x, _ in boxes.values()), default=0) + BOX_WIDTH, max((y for _, y in boxes.values()), default=0) + BOX_HEIGHT, boxes, lines
    )


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + BOX_HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
