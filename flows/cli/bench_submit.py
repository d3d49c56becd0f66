"""`desk bench submit`: orders at an even rate against a whole desk; how long the use case takes, and until work begins.

The first step is the flow that plans the item. What is measured ends a little later, when it has asked the directory
and writes the plan down: both instants are the database's own, on record as events.
"""

import math
import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import event, select

from app import database
from app.models.events import Event
from app.models.requests import Item
from flows.cli import doing
from flows.cli.installation import demonstration, until

LIMIT_MS: Final = {"submit": 50.0, "started": 2000.0}
QUERIES: Final = 12
FROM_TO: Final = ("item.create", "item.plan")


def measure(requests: int, rate: float) -> dict[str, Any]:
    """Order at this rate and measure; the warm-up before it is not counted."""
    with demonstration():
        doing.publish()
        for position in range(3):
            _order(f"warm-{position}")
        _until_begun()
        counted = Counted()
        taken, began = [], time.time()
        numbers = []
        for position in range(requests):
            time.sleep(max(0.0, began + position / rate - time.time()))
            start = time.perf_counter()
            numbers.append(_order(f"bench-{position}"))
            taken.append((time.perf_counter() - start) * 1000)
        counted.stop()
        _until_begun()
        started = _started(numbers)
    submit, begun, queries = spread(taken), spread(started), counted.statements / requests
    ok = submit["p95"] <= LIMIT_MS["submit"] and begun["p95"] <= LIMIT_MS["started"] and queries <= QUERIES
    return {"ok": ok, "requests": requests, "rate": rate, "submit_ms": submit, "submit_queries": round(queries, 1),
            "submit_to_first_step_ms": begun, "allowed_ms": LIMIT_MS, "allowed_queries": QUERIES}  # fmt: skip


class Counted:
    """Counts the statements that this process sends."""

    def __init__(self) -> None:
        """Begin to count."""
        self.statements = 0
        event.listen(database.engine(), "before_cursor_execute", self._one)

    def _one(self, *_: Any) -> None:
        self.statements += 1

    def stop(self) -> None:
        """Count no more."""
        event.remove(database.engine(), "before_cursor_execute", self._one)


def _order(key: str) -> str:
    return doing.order("ana", doing.GROUP_ACCESS, {"group": "finance-ro"}, f"{key}-{time.time_ns()}")[1]


def _until_begun() -> None:
    def all_planned() -> bool:
        with database.sessions()() as session:
            return session.scalar(select(Item.id).where(Item.planned_at.is_(None)).limit(1)) is None

    until(all_planned, "every order is worked on")


def _started(numbers: Sequence[str]) -> list[float]:
    """Return the milliseconds from each order to the flow's first word about it."""
    with database.sessions()() as session:
        rows = session.execute(
            select(Event.stream, Event.name, Event.at).where(Event.stream.in_(numbers), Event.name.in_(FROM_TO))
        )
        at = {(stream, name): instant for stream, name, instant in rows}
    return [(at[number, FROM_TO[1]] - at[number, FROM_TO[0]]).total_seconds() * 1000 for number in numbers]


def spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = {f"p{share}": ordered[math.ceil(share / 100 * len(ordered)) - 1] for share in (50, 95, 99)}
    return {name: round(value, 1) for name, value in {**at, "max": ordered[-1]}.items()}
