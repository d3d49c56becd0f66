"""A group of the directory in a trial: who is in it, and how somebody comes by it through an order."""

import time
from typing import Any, Final

from sqlalchemy import select

from app import database
from app.directory import directory
from app.models.directory import DirectoryGroup
from flows.cli import doing
from flows.cli.installation import until

GROUP: Final = "finance-ro"
ENDED: Final = frozenset({"fulfilled", "closed"})


def members(group: str = GROUP) -> list[str]:
    """Return who is in a group of the directory now, by their names there."""
    with database.sessions()() as session:
        dn = session.scalars(select(DirectoryGroup.dn).where(DirectoryGroup.name == group)).one()
    return sorted(directory().members(dn, nested=False))


def ordered(who: str, group: str = GROUP, **answers: Any) -> tuple[str, str]:
    """Order somebody's access to a group, up to where its approvers are asked; returns the numbers of request and item."""
    request, item = doing.order(who, doing.GROUP_ACCESS, {"group": group, **answers}, f"scenario-{time.time_ns()}")
    until(lambda: doing.state(item) == "awaiting_approval", "the order is planned and its approvers are asked")
    return request, item


def carried_out(item: str) -> None:
    """Let everybody who is asked say yes, and see the order carried out."""
    doing.approve(item)
    until(lambda: doing.state(item) in ENDED and doing.is_at_rest(item), "the order is carried out")


def given(who: str, group: str = GROUP, **answers: Any) -> tuple[str, str]:
    """Order it, approve it, and see it carried out."""
    request, item = ordered(who, group, **answers)
    carried_out(item)
    return request, item
