"""Carry out approved items: their steps in order, a task for people where it takes people, a last check, the end."""

from datetime import datetime

from prefect import flow
from sqlalchemy import select

from app.models.records import Record
from app.models.requests import Step
from app.models.tasks import Task
from app.rules.errors import Unavailable
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
        fulfilment.begin(uow, number)
    while _run_ready(number):
        pass
    try:
        _end(number)
    except Unavailable:  # the last check could not be made
        return taking.later(hold)
    with unit_of_work(SYSTEM) as uow:
        return steps.next_at(uow, number)


def _item(uow: UnitOfWork, hold: Hold) -> str:
    """Return the item that is meant: the record itself, or the parent of a task that a person ended."""
    parent = select(Task.parent_id).where(Task.id == hold.record_id).scalar_subquery()
    found = uow.session.execute(select(Record.number, Record.kind).where(Record.id == parent)).one_or_none()
    if found is None:
        return hold.number
    return found.number if found.kind == "item" else ""


def _run_ready(number: str) -> bool:
    """Carry out every step whose turn it is; True when something moved, so that others may be ready now."""
    with unit_of_work(SYSTEM) as uow:
        steps.free(uow, number)
        ready = fulfilment.ready_steps(uow, number)
    outcomes = []
    for step in ready:
        outcomes.append(carry_out(step))
        if outcomes[-1] is Outcome.DRIFTED:
            return _ask_again(number)
    return Outcome.DONE in outcomes


def _ask_again(number: str) -> bool:
    """What would happen is no longer what was approved: plan anew; False when approvers must decide on that first."""
    with unit_of_work(SYSTEM) as uow:
        done = {step.key: step.plan or {} for step in steps.done(uow, number)}
        bound = fulfilment.bound_steps(uow, number)
    plans = {step.key: done.get(step.key) or actions.plan(step) for step in bound}
    with unit_of_work(SYSTEM) as uow:
        return fulfilment.store_plan(uow, number, plans, drift=True).state == "fulfilling"


def _end(number: str) -> None:
    """See whether the item is carried out; if so check every effect once more, and close it."""
    with unit_of_work(SYSTEM) as uow:
        if fulfilment.advance(uow, number).state != "fulfilled":
            return
        done = [_bound(number, step) for step in steps.done(uow, number)]
    missing = [step.key for step in done if not actions.named(step.action).verify(step)]
    with unit_of_work(SYSTEM) as uow:
        if missing:
            fulfilment.undo_fulfilled(uow, number, missing)
        else:
            steps.verified(uow, number)
            fulfilment.close(uow, number)


def _bound(number: str, step: Step) -> BoundStep:
    return BoundStep(number, step.key, step.action or "", step.params, step.state, step.plan)
