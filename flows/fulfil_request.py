"""Carry out approved items: their steps in order, a task for people where it takes people, a last check, the end.

An item that is given up, or was canceled after something was done, is taken back: the last step first.
"""

from datetime import datetime

from prefect import flow
from sqlalchemy import select

from app.models.records import Record
from app.models.requests import Step
from app.models.tasks import Task
from app.rules.errors import ActionNotAllowed, Unavailable
from app.services import fulfilment, steps
from app.services.deliveries import Hold
from app.services.fulfilment import BoundStep
from app.unit_of_work import SYSTEM, UnitOfWork, unit_of_work
from flows import actions, taking
from flows.ledger import Outcome, carry_out


@flow(name="fulfil_request")
def fulfil_request(deliveries: list[str]) -> int:
    """Take approved items as far as they go now."""
    return taking.work_off(deliveries, fulfil)


def fulfil(hold: Hold) -> datetime | None:
    """Take one item as far as it goes; return when a step of it is due again."""
    with unit_of_work(SYSTEM) as uow:
        number = _item(uow, hold)
        if not number:
            return None
        state = fulfilment.begin(uow, number).state
    try:
        if state in {"compensating", "canceled"}:
            _take_back(number)
            return None
        return _go_on(number)
    except Unavailable:  # what is outside a step's own retries: a new plan, a last check, taking back
        return taking.later(hold)


def _item(uow: UnitOfWork, hold: Hold) -> str:
    """Return the item that is meant: the record itself, or the parent of a task that a person ended."""
    parent = select(Task.parent_id).where(Task.id == hold.record_id).scalar_subquery()
    found = uow.session.execute(select(Record.number, Record.kind).where(Record.id == parent)).one_or_none()
    if found is None:
        return hold.number
    return found.number if found.kind == "item" else ""


def _go_on(number: str) -> datetime | None:
    """Carry out every step whose turn it is, until nothing moves; then see where the item stands."""
    moved = True
    while moved:
        with unit_of_work(SYSTEM) as uow:
            steps.free(uow, number)
            ready = fulfilment.ready_steps(uow, number)
            if not ready:
                break
        outcomes = [carry_out(step) for step in ready]
        moved = _ask_again(number) if Outcome.DRIFTED in outcomes else Outcome.DONE in outcomes
    with unit_of_work(SYSTEM) as uow:
        state = fulfilment.advance(uow, number).state
        done = [_bound(number, step) for step in steps.standing(uow, number)] if state == "fulfilled" else []
        next_at = steps.next_at(uow, number) if state == "fulfilling" else None
    if state == "fulfilled":
        _check(number, done)
    return next_at


def _ask_again(number: str) -> bool:
    """What would happen is no longer what was approved: plan anew; False when approvers must decide on that first."""
    with unit_of_work(SYSTEM) as uow:
        done = {step.key: step.plan or {} for step in steps.done(uow, number)}
        bound = fulfilment.bound_steps(uow, number)
    plans = {step.key: done.get(step.key) or actions.plan(step) for step in bound}
    with unit_of_work(SYSTEM) as uow:
        return fulfilment.store_plan(uow, number, plans, drift=True).state == "fulfilling"


def _check(number: str, done: list[BoundStep]) -> None:
    """Look at every effect once more; what is not there is done anew."""
    missing = [step.key for step in done if not actions.named(step.action).verify(step)]
    with unit_of_work(SYSTEM) as uow:
        if missing:
            fulfilment.undo_fulfilled(uow, number, missing)
        else:
            steps.verified(uow, number)
            fulfilment.verified(uow, number)


def _take_back(number: str) -> None:
    """Undo what was done, the last step first, and end the item."""
    with unit_of_work(SYSTEM) as uow:
        to_undo = fulfilment.to_undo(uow, number)
    for step in to_undo:
        try:
            actions.named(step.action).undo(step)
            possible = True
        except ActionNotAllowed:  # it cannot be taken back: on record, and the rest is
            possible = False
        with unit_of_work(SYSTEM) as uow:
            fulfilment.undone(uow, number, step.key, possible=possible)
    with unit_of_work(SYSTEM) as uow:
        fulfilment.given_up(uow, number)


def _bound(number: str, step: Step) -> BoundStep:
    return BoundStep(number, step.key, step.action or "", step.params, step.state, step.plan, step.result)
