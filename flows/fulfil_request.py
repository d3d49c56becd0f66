"""Carry out approved items: their steps in order, a task for people where it takes people, a last check, the end.

An item that is given up, or was canceled after something was done, is taken back: the last step first.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prefect import flow
from sqlalchemy import select

from app import logs
from app.models.records import Record
from app.models.requests import Step
from app.models.tasks import Task
from app.rules.errors import ActionNotAllowed, Unavailable
from app.rules.lifecycle import NUMBER_PREFIX, RecordKind
from app.services import fulfilment, requests, steps
from app.services.deliveries import Hold
from app.services.fulfilment import BoundStep
from app.services.steps import Claim
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work
from flows import actions, failpoints, taking
from flows.ledger import Effect, Outcome, carry_out, cause, commit, kept

AT_ONCE: Final = 4  # steps of one item beside each other

log = logs.logger("flows")


@flow(name="fulfil_request")
def fulfil_request(deliveries: list[str]) -> int:
    """Take approved items as far as they go now."""
    return taking.work_off(deliveries, fulfil, fulfil_together)


@dataclass(frozen=True)
class Standing:
    """Where an item stands: what of it is ours to carry out now, what is to be looked at, or when to come back."""

    ready: Sequence[tuple[BoundStep, Claim]] = ()
    is_last: bool = False  # nothing of the item follows what is ready
    to_check: Sequence[BoundStep] | None = None
    next_at: datetime | None = None


def fulfil(hold: Hold) -> datetime | None:
    """Take one item as far as it goes; return when a step of it is due again."""
    with unit_of_work(SYSTEM) as uow:
        number = _item(uow, hold)
        if not number:
            return None
        is_over = fulfilment.begin(uow, number).state in {"compensating", "canceled"}
        standing = Standing() if is_over else _stand(uow, number)
    try:
        if is_over:
            _take_back(number)
        return _go_on(number, standing)
    except Unavailable:  # what is outside a step's own retries: a new plan, a last check, taking back
        return taking.later(hold)


def fulfil_together(holds: Sequence[Hold], progress: Callable[[], None]) -> Sequence[Hold]:
    """Take several items as far as one step of each goes, in two transactions; the rest of their way, each alone."""
    mine = [hold for hold in holds if hold.number.startswith(NUMBER_PREFIX[RecordKind.ITEM])]
    with unit_of_work(SYSTEM) as uow:
        requests.lock(uow, [hold.number for hold in mine])
        going = [hold for hold in mine if fulfilment.begin(uow, hold.number).state not in {"compensating", "canceled"}]
        standings = {hold: _stand(uow, hold.number) for hold in going}
    steps_ = {hold: standing for hold, standing in standings.items() if len(standing.ready) == 1}
    with kept(*(claim for standing in steps_.values() for _, claim in standing.ready)):
        standings |= _one_step_of_each(steps_, progress)
    done = []
    for hold, standing in standings.items():
        progress()
        if _go_on(hold.number, standing) is None:
            done.append(hold)
    return done


def _one_step_of_each(standings: Mapping[Hold, Standing], progress: Callable[[], None]) -> dict[Hold, Standing]:
    """Carry out the one ready step of each of these items; return where they stand then."""
    effects: dict[Hold, Effect] = {}
    for hold, standing in standings.items():
        progress()
        effects[hold] = cause(*standing.ready[0], look=standing.is_last)
    done = {hold: effect for hold, effect in effects.items() if effect.outcome is Outcome.DONE}
    claims = {hold: standings[hold].ready[0][1] for hold in done}
    try:
        with unit_of_work(SYSTEM) as uow:
            requests.lock(uow, [hold.number for hold in done])
            for hold, effect in done.items():
                steps.commit(uow, claims[hold], dict(effect.result))
            found = {hold: _stand_after(uow, claims[hold], effect.is_seen) for hold, effect in done.items()}
        failpoints.reach("step.committed")
    except Exception:  # one of them does not go on record: the others do
        log.warning("not together", numbers=[hold.number for hold in done], exc_info=True)
        found = {}
    for hold, effect in effects.items():
        if hold not in found:
            found[hold] = _settle(hold.number, standings[hold].ready[0][1], effect)
    return found


def _settle(number: str, claim: Claim, effect: Effect) -> Standing:
    """Put the effect of an item's one step on record, or see to what came of it; return where the item stands then."""
    outcome, following = effect.outcome, None
    if outcome is Outcome.DONE:
        outcome, following = commit(claim, effect, lambda uow, is_seen: _stand_after(uow, claim, is_seen))
    if following is not None:
        return following
    if outcome is Outcome.DRIFTED:
        _ask_again(number)
    with unit_of_work(SYSTEM) as uow:
        return _stand(uow, number)


def _stand_after(uow: UnitOfWork, claim: Claim, is_seen: bool) -> Standing:
    return _stand(uow, claim.item, claim.key if is_seen else "")


def _item(uow: UnitOfWork, hold: Hold) -> str:
    """Return the item that is meant: the record itself, or the parent of a task that a person ended."""
    if not hold.number.startswith(NUMBER_PREFIX[RecordKind.TASK]):
        return hold.number
    parent = select(Task.parent_id).where(Task.id == hold.record_id).scalar_subquery()
    found = uow.session.execute(select(Record.number, Record.kind).where(Record.id == parent)).one_or_none()
    return found.number if found and found.kind == RecordKind.ITEM else ""


def _stand(uow: UnitOfWork, number: str, seen: str = "") -> Standing:
    """Claim every step whose turn it is; where there is none, see where the item stands.

    `seen` is the step whose effect was just seen to be there: an item of which that is all needs no other last check.
    """
    steps.free(uow, number)
    if ready := fulfilment.ready_steps(uow, number):
        failpoints.reach("step.unclaimed")
        claims = [(step, steps.claim(uow, number, step.key)) for step in ready]
        if mine := [(step, claim) for step, claim in claims if claim]:
            return Standing(mine, is_last=len(mine) == 1 and steps.is_last(uow, number, mine[0][1].key))
    state = fulfilment.advance(uow, number).state
    if state == "fulfilling":
        return Standing(next_at=steps.next_at(uow, number))
    done = steps.done(uow, number)
    if state != "fulfilled" or (done and all(step.verified_at is not None for step in done)):
        return Standing()
    if seen and [step.key for step in done] == [seen]:
        _verified(uow, number)
        return Standing()
    return Standing(to_check=[_bound(number, step) for step in steps.standing(uow, number)])


def _go_on(number: str, standing: Standing) -> datetime | None:
    """Carry out step after step, until nothing of the item is ours to do; then look at every effect once more."""
    while standing.ready:
        standing = _carry_out(number, standing)
    if standing.to_check is not None:
        _check(number, standing.to_check)
    return standing.next_at


def _carry_out(number: str, standing: Standing) -> Standing:
    """Carry out steps that wait for nothing, beside each other where there are several; return where the item stands then."""
    if len(standing.ready) == 1:
        step, claim = standing.ready[0]
        with kept(claim):
            return _settle(number, claim, cause(step, claim, look=standing.is_last))
    with ThreadPoolExecutor(min(len(standing.ready), AT_ONCE), thread_name_prefix="step") as threads:
        outcomes = list(threads.map(lambda one: carry_out(*one), standing.ready))
    if Outcome.DRIFTED in outcomes:
        _ask_again(number)
    with unit_of_work(SYSTEM) as uow:
        return _stand(uow, number)


def _ask_again(number: str) -> None:
    """What would happen is no longer what was approved: plan anew, and ask the approvers where there are any."""
    with unit_of_work(SYSTEM) as uow:
        done = {step.key: step.plan or {} for step in steps.done(uow, number)}
        bound = fulfilment.bound_steps(uow, number)
    plans = {step.key: done.get(step.key) or actions.plan(step) for step in bound}
    with unit_of_work(SYSTEM) as uow:
        fulfilment.store_plan(uow, number, plans, drift=True)


def _check(number: str, done: Sequence[BoundStep]) -> None:
    """Look at every effect once more; what is not there is done anew."""
    missing = [step.key for step in done if not actions.named(step.action).verify(step)]
    with unit_of_work(SYSTEM) as uow:
        if missing:
            fulfilment.undo_fulfilled(uow, number, missing)
        else:
            _verified(uow, number)


def _verified(uow: UnitOfWork, number: str) -> None:
    steps.verified(uow, number)
    fulfilment.verified(uow, number)


def _take_back(number: str) -> None:
    """Undo what was done, the last step first, and end the item."""
    with unit_of_work(SYSTEM) as uow:
        to_undo = fulfilment.to_undo(uow, number)
    for step in to_undo:
        try:
            possible = bool(step.action)  # what people did stays as it is
            if possible:
                actions.named(step.action).undo(step)
        except ActionNotAllowed:  # it cannot be taken back: on record, and the rest is
            possible = False
        with unit_of_work(SYSTEM) as uow:
            fulfilment.undone(uow, number, step.key, possible=possible)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.given_up(uow, number)


def _bound(number: str, step: Step) -> BoundStep:
    return BoundStep(number, step.key, step.action or "", step.params, step.state, step.plan, step.result)
