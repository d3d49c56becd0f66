"""The ledger of automatic steps: who may cause an effect now, and what came of it (faults.md 5).

Claim (a new epoch) → cause the effect under its token, outside of any transaction → commit where the epoch is still
ours. Whoever was taken for dead and comes back with an old epoch is refused, and the token keeps the effect single.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app.models.requests import Item, Step
from app.rules import backoff, fulfilment
from app.rules.errors import ActionNotAllowed
from app.rules.words import Text, t
from app.services import access, requests, step_rows
from app.unit_of_work import UnitOfWork

LEASE_SECONDS = 12
_LEASE: Any = func.clock_timestamp() + timedelta(seconds=LEASE_SECONDS)  # the database's own clock, as the row is written


class Superseded(ActionNotAllowed):
    """Another worker has taken over this step; whatever ours did counts under the same token."""


@dataclass(frozen=True)
class Claim:
    """The right to carry out one step, as long as nobody claims it anew."""

    id: int
    item: str
    key: str
    epoch: int
    attempt: int


def claim(uow: UnitOfWork, number: str, key: str) -> Claim | None:
    """Take a step that is ready; None when it is not, or not yet, or somebody else has it."""
    step = _step(uow, number, key)
    if step is None or not _is_free(uow, step):
        return None
    step.state = "running"
    step.epoch += 1
    step.attempt += 1
    step.started_at = step.started_at or uow.now
    step.lease_until = _LEASE
    return Claim(step.id, number, key, step.epoch, step.attempt)


def free(uow: UnitOfWork, number: str) -> None:
    """Make those steps of an item ready again whose worker is dead."""
    for step in _steps(uow, number):
        if step.state == "running" and step.lease_until is not None and step.lease_until < _clock(uow):
            step.state, step.lease_until = "ready", None


def renew(uow: UnitOfWork, held: Claim) -> None:
    """Keep the step for another lease; raises Superseded when somebody else has it."""
    _held(uow, held).lease_until = _LEASE


def put_back(uow: UnitOfWork, held: Claim) -> None:
    """Give the step back undone: nothing was tried."""
    step = _held(uow, held)
    step.state, step.lease_until = "ready", None
    step.attempt -= 1


def commit(uow: UnitOfWork, held: Claim, result: dict[str, Any] | None = None) -> None:
    """Say that the effect is there; raises Superseded when somebody else has the step."""
    step = _held(uow, held)
    step.state, step.done_at, step.lease_until = "done", uow.now, None
    step.next_at, step.error, step.result = None, None, result
    access.note_effect(uow, _tell(uow, step, held), step)


def fail(uow: UnitOfWork, held: Claim, error: Text, *, hopeless: bool = False) -> datetime | None:
    """Plan the next try and return its time; None when it was the last one, or another would be `hopeless`.

    The words are kept twice: as a sentence, and in parts for a reader of another language.
    """
    step = _held(uow, held)
    wait = None if hopeless else backoff.pause(step.attempt, random.random())  # noqa: S311 - it spreads load only
    step.state = "retrying" if wait else "failed"
    step.next_at = uow.now + wait if wait else None
    step.lease_until, step.error = None, str(error)
    step.result = {"error": [error.msgid, {name: str(value) for name, value in error.params}]}
    _tell(uow, step, held)
    return step.next_at


def verified(uow: UnitOfWork, number: str) -> None:
    """Note that the effects of an item's steps were seen to be there."""
    for step in _steps(uow, number):
        if step.state == "done":
            step.verified_at = uow.now


def done(uow: UnitOfWork, number: str) -> Sequence[Step]:
    """Return the automatic steps of an item that are done."""
    return [step for step in _steps(uow, number) if step.state == "done" and step.action]


def is_last(uow: UnitOfWork, number: str, key: str) -> bool:
    """Say whether every other step of an item is over."""
    return fulfilment.is_over(step.state for step in _steps(uow, number) if step.key != key)


def standing(uow: UnitOfWork, number: str) -> Sequence[Step]:
    """Return those whose effect must be there now: an access that has ended since is not missed."""
    return [step for step in done(uow, number) if not access.is_over(uow, step)]


def next_at(uow: UnitOfWork, number: str) -> datetime | None:
    """Return when the next try of a step is due, or when the lease of a running one ends; None: nothing waits."""
    steps = _steps(uow, number)
    times = [step.next_at for step in steps if step.state in {"retrying", "waiting"}]
    if any(step.state == "running" for step in steps):
        times.append(uow.now + timedelta(seconds=LEASE_SECONDS))
    return min((time for time in times if time is not None), default=None)


def _is_free(uow: UnitOfWork, step: Step) -> bool:
    return step.state == "ready" or (step.state == "retrying" and (step.next_at is None or step.next_at <= uow.now))


def _held(uow: UnitOfWork, held: Claim) -> Step:
    mine = (step for step in _steps(uow, held.item) if step.id == held.id)
    step = next(mine, None)
    if step is None or step.epoch != held.epoch or step.state != "running":
        raise Superseded(t("Another worker carries out this step."))
    return step


def _step(uow: UnitOfWork, number: str, key: str) -> Step | None:
    return next((step for step in _steps(uow, number) if step.key == key), None)


def _steps(uow: UnitOfWork, number: str) -> Sequence[Step]:
    """Return the steps of an item's current revision, locked."""
    return step_rows.of(uow, requests.locked(uow, number))


def _tell(uow: UnitOfWork, step: Step, held: Claim) -> Item:
    item = uow.get(Item, held.item, lock=False)
    uow.record_event(item, "item.step", after={"step": step.key, "state": step.state, "attempt": step.attempt})
    return item


def _clock(uow: UnitOfWork) -> datetime:
    now: datetime = uow.session.scalars(select(func.clock_timestamp())).one()
    return now
