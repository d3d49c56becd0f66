"""`desk bench submit`: orders through the page at an even rate; how long the server takes, and until work begins.

The first step is the flow that plans the item. What is measured ends a little later, when it has asked the directory
and writes the plan down: both instants are the database's own, on record as events. The page's time is the server's
own, from its log.
"""

import math
import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import event, select
from sqlalchemy.orm import aliased

from app import database
from app.models.events import Event
from app.models.records import Record
from app.models.requests import Item
from flows.cli import doing, visiting
from flows.cli.installation import demonstration, until

LIMIT_MS: Final = {"submit": 50.0, "started": 2000.0}
QUERIES: Final = 12
FROM_TO: Final = ("item.create", "item.plan")
FORM: Final = f"/catalog/{doing.GROUP_ACCESS}"
WARM: Final = 10  # orders before the measured ones: each web process has read the catalogue by then


def measure(requests: int, rate: float) -> dict[str, Any]:
    """Order at this rate and measure; the warm-up before it is not counted."""
    with demonstration() as trial, visiting.signed_in(trial, "ana") as ana:
        doing.publish()
        for _ in range(WARM):
            _order(ana)
        queries = _queries()
        _until_begun()
        began, sent = time.time(), []
        for position in range(requests):
            time.sleep(max(0.0, began + position / rate - time.time()))
            sent.append(_order(ana))
        _until_begun()
        begun = spread(_started(sent))
        submit = spread(visiting.milliseconds(trial, "POST", f"{FORM}/send")[-requests:])
    ok = submit["p95"] <= LIMIT_MS["submit"] and begun["p95"] <= LIMIT_MS["started"] and queries <= QUERIES
    return {"ok": ok, "requests": requests, "rate": rate, "submit_ms": submit, "submit_queries": queries,
            "submit_to_first_step_ms": begun, "allowed_ms": LIMIT_MS, "allowed_queries": QUERIES}  # fmt: skip


def _order(ana: visiting.Visitor) -> str:
    """Order through the page, check and send, and return the request's number."""
    checked = ana.checked(FORM, ana.fields(FORM, for_whom="me", answer_group="finance-ro"))
    return ana.send(f"{FORM}/send", checked).rpartition("/")[2].partition("?")[0]


def _queries() -> int:
    """Return how many statements the use case takes; tests/web/test_ordering.py counts those of the whole page."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    doing.order("ana", doing.GROUP_ACCESS, {"group": "finance-ro"}, f"warm-{time.time_ns()}")
    event.listen(database.engine(), "before_cursor_execute", note)
    doing.order("ana", doing.GROUP_ACCESS, {"group": "finance-ro"}, f"counted-{time.time_ns()}")
    event.remove(database.engine(), "before_cursor_execute", note)
    return len(seen)


def _until_begun() -> None:
    def all_planned() -> bool:
        with database.sessions()() as session:
            return session.scalar(select(Item.id).where(Item.planned_at.is_(None)).limit(1)) is None

    until(all_planned, "every order is worked on")


def _started(requests: Sequence[str]) -> list[float]:
    """Return the milliseconds from each order to the flow's first word about its item."""
    request = aliased(Record, flat=True)
    with database.sessions()() as session:
        items = select(Item.number).join(request, request.id == Item.request_id).where(request.number.in_(requests))
        numbers = session.scalars(items).all()
        rows = session.execute(
            select(Event.stream, Event.name, Event.at).where(Event.stream.in_(numbers), Event.name.in_(FROM_TO))
        )
        at = {(stream, name): instant for stream, name, instant in rows}
    return [(at[number, FROM_TO[1]] - at[number, FROM_TO[0]]).total_seconds() * 1000 for number in numbers]


def spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = {f"p{share}": ordered[math.ceil(share / 100 * len(ordered)) - 1] for share in (50, 95, 99)}
    return {name: round(value, 1) for name, value in {**at, "max": ordered[-1]}.items()}
