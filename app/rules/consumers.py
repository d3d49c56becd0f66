"""Which flows hear of which event: the unit of work writes one delivery for each, in the same transaction.

A flow that listens to an event is one row here and one file in flows/; the relay does the rest.
"""

from collections.abc import Mapping
from typing import Final

PLAN_ITEM: Final = "plan_item"
FULFIL_REQUEST: Final = "fulfil_request"
SYNC_DIRECTORY: Final = "sync_directory"

# event name → the flows that act on it
LISTENERS: Final[Mapping[str, tuple[str, ...]]] = {
    # an item is new or was changed: work out what would be done, then its approvers are asked
    "item.create": (PLAN_ITEM,),
    "item.resubmit": (PLAN_ITEM,),
    "item.change": (PLAN_ITEM,),
    # an item may go on: its next steps are carried out
    "item.pass": (FULFIL_REQUEST,),
    "item.approve": (FULFIL_REQUEST,),
    "item.resume": (FULFIL_REQUEST,),
    "item.retry": (FULFIL_REQUEST,),
    "item.reopen": (FULFIL_REQUEST,),
    # an item is given up: what was done is undone, last step first
    "item.compensate": (FULFIL_REQUEST,),
    "item.cancel": (FULFIL_REQUEST,),
    # a person ended a task: the steps that waited for it are carried out
    "task.complete": (FULFIL_REQUEST,),
    "task.incomplete": (FULFIL_REQUEST,),
    "task.skip": (FULFIL_REQUEST,),
    # an administrator wants the directory read now
    "directory.ask": (SYNC_DIRECTORY,),
}

# every flow that takes deliveries, in the order in which the relay serves them
CONSUMERS: Final = tuple(dict.fromkeys(name for names in LISTENERS.values() for name in names))


def of(event: str) -> tuple[str, ...]:
    """Return the flows that must hear of an event of this name."""
    return LISTENERS.get(event, ())
