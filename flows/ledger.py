"""Carry out one claimed step: check for drift, act, commit (app/services/steps.py keeps the books)."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from app import logs
from app.rules.errors import DeskError, Stale, Unavailable
from app.rules.words import Text, t
from app.services import steps
from app.services.fulfilment import BoundStep
from app.services.steps import Claim, Superseded
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work
from flows import actions, failpoints

RENEW_SECONDS = 4.0
_OURS: Final = t("Something went wrong in the desk itself. The log of the worker says what.")

T = TypeVar("T")

log = logs.logger("ledger")


class Outcome(Enum):
    """What came of a step."""

    DONE = auto()
    NOT_OURS = auto()  # not ready, or somebody else has it
    DRIFTED = auto()  # it would do something else than what was approved
    FAILED = auto()  # it comes back by itself, or waits for its owner


@dataclass(frozen=True)
class Effect:
    """What came of causing an effect: it is there (and was seen to be), or not. It goes on record with `commit`."""

    outcome: Outcome
    result: Mapping[str, Any] = field(default_factory=dict)
    is_seen: bool = False


def carry_out(step: BoundStep, claim: Claim) -> Outcome:
    """Carry out a claimed step once, whatever dies on the way."""
    with kept(claim):
        effect = cause(step, claim)
        return commit(claim, effect, lambda *_: None)[0] if effect.outcome is Outcome.DONE else effect.outcome


def cause(step: BoundStep, claim: Claim, *, look: bool = False) -> Effect:
    """Cause the effect of a claimed step, outside of any transaction; what fails is kept with the step. Raises nothing."""
    failpoints.reach("step.claimed")
    try:
        return _act(step, claim, look)
    except Superseded:
        return _not_ours(claim)
    except DeskError as error:
        return Effect(_failed(claim, error.text, hopeless=not isinstance(error, Stale | Unavailable)))
    except Exception:  # whatever it is, it is logged, kept with the step and tried again; then its owner sees it
        log.exception("step failed", item=step.item, step=step.key, attempt=claim.attempt)
        return Effect(_failed(claim, _OURS))


def commit(claim: Claim, effect: Effect, then: Callable[[UnitOfWork, bool], T]) -> tuple[Outcome, T | None]:
    """Put an effect on record together with what follows from it."""
    try:
        following = _commit(claim, effect, then)
    except Superseded:
        return _not_ours(claim).outcome, None
    except Exception:
        log.exception("step failed", item=claim.item, step=claim.key, attempt=claim.attempt)
        return _failed(claim, _OURS), None
    failpoints.reach("step.committed")
    return Outcome.DONE, following


def _act(step: BoundStep, claim: Claim, look: bool) -> Effect:
    chosen = actions.named(step.action)
    result: dict[str, object] = {}
    if not actions.is_as_planned(step, actions.plan(step)):
        # A worker before us may have died between the effect and its commit; then what was approved is done.
        if claim.epoch == 1 or not chosen.verify(step):
            with unit_of_work(SYSTEM) as uow:
                steps.put_back(uow, claim)
            return Effect(Outcome.DRIFTED)
    else:
        result = dict(chosen.run(step))
        failpoints.reach("step.acted")
    return Effect(Outcome.DONE, result, look and _is_seen(chosen, step))


def _not_ours(claim: Claim) -> Effect:
    log.warning("another worker took over", item=claim.item, step=claim.key, epoch=claim.epoch)
    return Effect(Outcome.NOT_OURS)


def _is_seen(chosen: actions.Action, step: BoundStep) -> bool:
    try:
        return chosen.verify(step)
    except DeskError:  # it is done all the same; whether it holds is asked once more
        return False


def _commit(claim: Claim, effect: Effect, then: Callable[[UnitOfWork, bool], T]) -> T | None:
    try:
        with unit_of_work(SYSTEM) as uow:
            steps.commit(uow, claim, dict(effect.result))
            return then(uow, effect.is_seen)
    except Superseded:
        raise
    except Exception:  # what follows is not this step's fault: its effect goes on record, and the rest is asked for anew
        log.exception("what follows a step failed", item=claim.item, step=claim.key)
        with unit_of_work(SYSTEM) as uow:
            steps.commit(uow, claim, dict(effect.result))
        return None


def _failed(claim: Claim, error: Text, *, hopeless: bool = False) -> Outcome:
    try:
        with unit_of_work(SYSTEM) as uow:
            steps.fail(uow, claim, error, hopeless=hopeless)
    except Superseded:
        return Outcome.NOT_OURS
    return Outcome.FAILED


@contextmanager
def kept(*claims: Claim) -> Iterator[None]:
    """Renew the leases of these steps while the block runs."""
    ended = threading.Event()

    def renew() -> None:
        held = list(claims)
        while held and not ended.wait(RENEW_SECONDS):
            held = [claim for claim in held if _renewed(claim)]

    thread = threading.Thread(target=renew, daemon=True, name="step lease")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renewed(claim: Claim) -> bool:
    try:
        with unit_of_work(SYSTEM) as uow:
            steps.renew(uow, claim)
    except (Superseded, SQLAlchemyError, DeskError) as error:
        log.warning("lease of step not renewed", item=claim.item, step=claim.key, reason=type(error).__name__)
        return False
    return True
