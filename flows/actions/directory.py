"""Membership of the directory's groups."""

import time
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from app import database
from app.directory import DirectoryEntryMissing, directory
from app.models.directory import DirectoryGroup
from app.rules.words import t
from app.services.fulfilment import BoundStep
from flows.actions import Change, Plan, action

KNOWN_SECONDS: Final = 5.0  # each item asks four times for the name of its group, and it is written every 15 minutes
_known: dict[str, tuple[float, str]] = {}


def _group(name: str) -> str | None:
    """Return the name in the directory of a group, as the last reading of the directory found it."""
    at, dn = _known.get(name, (0.0, ""))
    if time.monotonic() - at < KNOWN_SECONDS and directory().exists(dn):
        return dn
    _known.pop(name, None)
    with database.sessions()() as session:
        mine = DirectoryGroup.name == name, DirectoryGroup.gone_at.is_(None)
        found = session.scalars(select(DirectoryGroup.dn).where(*mine)).first()
    if found is None or not directory().exists(found):
        return None
    _known[name] = time.monotonic(), found
    return found


def _dns(step: BoundStep) -> tuple[str, str]:
    """Return the group's and the person's names in the directory as it is now."""
    person = directory().person(step.params["person"])
    if person is None:
        raise DirectoryEntryMissing(step.params["person"])
    dn = _group(step.params["group"])
    if dn is None:
        raise DirectoryEntryMissing(step.params["group"])
    return dn, person.dn


class Membership:
    """What joining and leaving a group share; `joins` says which of the two it is."""

    joins: bool

    def plan(self, step: BoundStep) -> Plan:
        """Compare with the directory as it is now."""
        group, person = _dns(step)
        names = {"person": step.params["person"], "group": step.params["group"]}
        if directory().is_member(group, person) is self.joins:
            already = t("%(person)s is already a member of %(group)s: nothing is changed", **names)
            gone = t("%(person)s is not a member of %(group)s: nothing is changed", **names)
            return Plan(already if self.joins else gone)
        added, removed = t("Add %(person)s to the group %(group)s", **names), t("Remove %(person)s from the group %(group)s", **names)
        op = "add" if self.joins else "remove"
        return Plan(added if self.joins else removed, (Change(op, group, "member", person),))

    def run(self, step: BoundStep) -> Mapping[str, Any]:
        """Make the membership so."""
        return {"changed": self._change(step, joins=self.joins)}

    def verify(self, step: BoundStep) -> bool:
        """Ask the directory."""
        return directory().is_member(*_dns(step)) is self.joins

    def undo(self, step: BoundStep) -> None:
        """Make the membership as it was; one that was there before is not ours to take back."""
        if step.plan is None or step.plan.get("changes"):
            self._change(step, joins=not self.joins)

    def _change(self, step: BoundStep, *, joins: bool) -> bool:
        group, person = _dns(step)
        return directory().add_member(group, person) if joins else directory().remove_member(group, person)


@action("directory.add_member")
class AddMember(Membership):
    """Put a person into a group."""

    joins = True


@action("directory.remove_member")
class RemoveMember(Membership):
    """Take a person out of a group."""

    joins = False
