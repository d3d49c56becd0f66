"""`desk scenario empowerment`: twenty orders at once, each just under the limit; together they cannot slip past it."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from sqlalchemy import select

from app import database
from app.models.people import Person
from app.models.spending import Spending, SpendingEntry
from flows.cli import doing
from flows.cli.installation import demonstration, until

WHO: Final = "bo"
WHAT: Final = "hardware/monitor"
ORDERS: Final = 20
STARTED: Final = {"fulfilling", "awaiting_approval"}


def play() -> dict[str, Any]:
    """Play it in an installation of its own; returns the evidence."""
    with demonstration():
        doing.publish()
        return _play()


def _play() -> dict[str, Any]:
    mark, before = time.time_ns(), doing.person(WHO)
    with ThreadPoolExecutor(ORDERS) as pool:
        orders = list(pool.map(lambda nth: doing.order(WHO, WHAT, {"size": "24", "room": "B-3-17"}, f"scenario-{mark}-{nth}"), range(ORDERS)))
    items = [item for _, item in orders]
    until(lambda: set(doing.states(items).values()) <= STARTED and doing.is_at_rest(*items), "each is begun, or its approvers are asked")
    states = Counter(doing.states(items).values())
    through = states["fulfilling"]
    with database.sessions()() as session:
        spent = session.execute(select(Spending.spent, Spending.limit).join(Person, Person.id == Spending.person_id).where(Person.login == WHO)).one()
        taken = session.scalars(select(SpendingEntry.amount)).all()
    found, after = doing.evidence(*items), doing.person(WHO)
    asked = [item for item in items if doing.asked(item)]
    return {
        "ok": bool(found["verify"]["ok"] and spent.spent <= spent.limit and sum(taken) == spent.spent
                   and through == len(taken) == spent.limit // taken[0] and len(asked) == ORDERS - through and before == after),
        "scenario": "empowerment", "who": WHO, "orders": ORDERS, "each": str(taken[0]), "limit": str(spent.limit),
        "spent": str(spent.spent), "let_through": through, "asked": len(asked), "states": dict(states),
        "directory_before": before, "directory_after": after, **found,
    }  # fmt: skip
