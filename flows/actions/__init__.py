"""The automatic steps of the catalogue: plan, run, verify and undo of each (domain.md 3).

One class per action, in the file of its outside system, registered by name. Names and parameters stand in
app/rules/actions.py, which the catalogue's checker reads; the contract test runs on every class here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Protocol

from app.rules.audit import canonical
from app.rules.errors import DeskError
from app.rules.words import Text
from app.services.fulfilment import BoundStep


@dataclass(frozen=True)
class Change:
    """One line of the difference an action makes outside: what is added to, or taken from, which part of what."""

    op: str  # "add", "remove" or "send"
    of: str
    part: str
    value: str


@dataclass(frozen=True)
class Plan:
    """What an action would do now: words for the approver, and the exact difference; none means: it is so already.

    The difference of an `open` plan is that of today: what is there when it is carried out is meant, and is no drift.
    """

    words: Text
    changes: tuple[Change, ...] = ()
    fault: Text | None = None
    open: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored, shown and compared: two equal plans do the same."""
        return {
            "words": [self.words.msgid, {name: str(value) for name, value in self.words.params}],
            "changes": [vars(change) for change in self.changes],
            **({"open": True} if self.open else {}),
            **({"fault": [self.fault.msgid, {name: str(value) for name, value in self.fault.params}]} if self.fault else {}),
        }


class Action(Protocol):
    """The four sides of a step. Each raises a DeskError in plain words; Unavailable means: later, by itself."""

    def plan(self, step: BoundStep) -> Plan:
        """Say what would happen now; changes nothing."""

    def run(self, step: BoundStep) -> Mapping[str, Any]:
        """Make it so; doing it twice (the same token) is the same as once. Returns ids to keep."""

    def verify(self, step: BoundStep) -> bool:
        """Say whether it is so now."""

    def undo(self, step: BoundStep) -> None:
        """Take back what `run` changed; ActionNotAllowed where that cannot be."""


SYSTEMS: Final = ("access", "accounts", "directory", "mail", "webhook")  # the files of this package
_registered: dict[str, Callable[[], Action]] = {}


def action(name: str) -> Callable[[type], type]:
    """Register a class as the action of that name."""

    def register(kind: type) -> type:
        _registered[name] = kind
        return kind

    return register


def registered() -> Mapping[str, Callable[[], Action]]:
    """Return every action by its name."""
    for system in SYSTEMS:
        import_module(f"{__name__}.{system}")
    return _registered


def named(name: str) -> Action:
    """Return the action of that name."""
    return registered()[name]()


def plan(step: BoundStep) -> dict[str, Any]:
    """Return the plan of a step; what cannot be done is part of it, in words, unless it may be different later."""
    chosen = named(step.action)
    try:
        return chosen.plan(step).as_json()
    except DeskError as error:
        if error.status == 503:
            raise
        return Plan(error.text, fault=error.text).as_json()


def is_as_planned(step: BoundStep, now: Mapping[str, Any]) -> bool:
    """Say whether what a step would do now is what its approvers agreed to."""
    agreed = dict(step.plan or {})
    if agreed.get("open") and now.get("open"):
        return canonical({**agreed, "changes": []}) == canonical({**now, "changes": []})
    return canonical(agreed) == canonical(dict(now))
