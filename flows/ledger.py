"""Carry out one claimed step: check for drift, act, commit (app/services/steps.py keeps the books)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import TypeVar

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

T = TypeVar("T")

log = logs.logger("ledger")


class Outcome(Enum):
    """What came of a step."""

    DONE = auto()
    NOT_OURS = auto()  # not ready, or somebody else has it
    DRIFTED = auto()  # it would do something else than what was approved
    FAILED = auto()  # it comes back by itself, or waits for its owner


def carry_out(
    step: BoundStep, claim: Claim, then: Callable[[UnitOfWork, bool], T], *, look: bool = False
) -> tuple[Outcome, T | None]:
    """Carry out a claimed step once, whatever dies on the way.

    `then` acts in the transaction that commits the step, and its answer is returned too; None where it did not come to that.
    It hears whether the effect was seen to be there after the act, which is looked for where the caller asks to `look`.
    """
    failpoints.reach("step.claimed")
    try:
        with _kept(claim):
            return _act(step, claim, then, look)
    except Superseded:
        log.warning("another worker took over", item=step.item, step=step.key, epoch=claim.epoch)
        return Outcome.NOT_OURS, None
    except DeskError as error:
        return _failed(claim, error.text, hopeless=not isinstance(error, Stale | Unavailable)), None
    except Exception:  # whatever it is, it is logged, kept with the step and tried again; then its owner sees it
        log.exception("step failed", item=step.item, step=step.key, attempt=claim.attempt)
        return _failed(claim, t("Something went wrong in the desk itself. The log of the worker says what.")), None


def _act(step: BoundStep, claim: Claim, then: Callable[[UnitOfWork, bool], T], look: bool) -> tuple[Outcome, T | None]:
    chosen = actions.named(step.action)
    result: dict[str, object] = {}
    if not actions.is_as_planned(step, actions.plan(step)):
        # A worker before us may have died between the effect and its commit; then what was approved is done.
        if claim.epoch == 1 or not chosen.verify(step):
            with unit_of_work(SYSTEM) as uow:
                steps.put_back(uow, claim)
            return Outcome.DRIFTED, None
    else:
        result = dict(chosen.run(step))
        failpoints.reach("step.acted")
    is_seen = look and _is_seen(chosen, step)
    following = _commit(claim, result, lambda uow: then(uow, is_seen))
    failpoints.reach("step.committed")
    return Outcome.DONE, following


def _is_seen(chosen: actions.Action, step: BoundStep) -> bool:
    try:
        return chosen.verify(step)
    except DeskError:  # it is done all the same; whether it holds is asked once more
        return False


def _commit(claim: Claim, result: dict[str, object], then: Callable[[UnitOfWork], T]) -> T | None:
    try:
        with unit_of_work(SYSTEM) as uow:
            steps.commit(uow, claim, result)
            return then(uow)
    except Superseded:
        raise
    except Exception:  # what follows is not this step's fault: its effect goes on record, and the rest is asked for anew
        log.exception("what follows a step failed", item=claim.item, step=claim.key)
        with unit_of_work(SYSTEM) as uow:
            steps.commit(uow, claim, result)
        return None


def _failed(claim: Claim, error: Text, *, hopeless: bool = False) -> Outcome:
    try:
        with unit_of_work(SYSTEM) as uow:
            steps.fail(uow, claim, error, hopeless=hopeless)
    except Superseded:
        return Outcome.NOT_OURS
    return Outcome.FAILED


@contextmanager
def _kept(claim: Claim) -> Iterator[None]:
    """Renew the step's lease while the block runs."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_SECONDS):
            try:
                with unit_of_work(SYSTEM) as uow:
                    steps.renew(uow, claim)
            except (Superseded, SQLAlchemyError, DeskError) as error:
                log.warning("lease of step not renewed", item=claim.item, step=claim.key, reason=type(error).__name__)
                return

    thread = threading.Thread(target=renew, daemon=True, name="step lease")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
