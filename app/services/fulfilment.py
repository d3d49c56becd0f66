"""How an item is carried out: its plan, its steps in order, its end (domain.md 3, 4). Flows call this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app import calendars
from app.models.people import Team
from app.models.requests import Check, Item, Step
from app.models.tasks import Task
from app.queries import catalog, progress
from app.rules import fulfilment, hours
from app.rules.catalog import conditions, templates
from app.rules.catalog.items import Item as Offer
from app.rules.errors import Invalid
from app.rules.lifecycle import Action
from app.rules.words import t
from app.services import (
    access,
    asking,
    extensions,
    messages,
    records,
    requests,
    rounds,
    step_rows,
    summaries,
    tasks,
    waits,
)
from app.settings import settings
from app.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class BoundStep:
    """An automatic step with its placeholders filled: what an action plans, runs, verifies and undoes."""

    item: str
    key: str
    action: str
    params: Mapping[str, str]
    state: str = "pending"
    plan: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None

    @property
    def token(self) -> str:
        """The name of the effect, the same at every attempt."""
        return f"{self.item}:{self.key}"


def bound_steps(uow: UnitOfWork, number: str) -> list[BoundStep]:
    """Return the automatic steps of an item as its version and answers say, for flow plan_item."""
    item = uow.get(Item, number, lock=False)
    offer = conditions.in_force(catalog.version(uow.session, item.catalog_hash), item.answers)
    values = progress.values_for(uow.session, item, offer)
    return [
        BoundStep(number, step.name, step.do, templates.bind(step, values)) for step in offer.steps if step.is_automatic
    ]


def store_plan(uow: UnitOfWork, number: str, plans: Mapping[str, Mapping[str, Any]], *, drift: bool = False) -> Item:
    """Keep what each automatic step would do (by step name), then ask the approvers, who are bound to exactly that.

    With `drift` it is asked again, in a new round, of an item whose plan no longer holds. Otherwise only a new item is
    planned: the event that asks for it may come twice, and what is carried out by then is no drift.
    """
    item = requests.locked(uow, number)
    if item.state not in ({"approved", "fulfilling"} if drift else {"requested"}):
        return item
    offer = conditions.in_force(catalog.version(uow.session, item.catalog_hash), item.answers)
    values = progress.values_for(uow.session, item, offer)
    digest = fulfilment.plan_hash(item.catalog_hash, item.answers, plans)
    was, item.plan_hash, item.planned_at = item.plan_hash, digest, uow.now
    item.plan = [{"step": key, **plan} for key, plan in plans.items()]
    with uow.session.no_autoflush:  # item and record are written once, with the state that follows
        _lay_out_steps(uow, item, offer, values, plans)
        extensions.note(uow, item, offer, values)
    uow.record_event(item, "item.plan", before={"plan": was}, after={"plan": digest, "catalog": item.catalog_hash})
    asked = asking.of(uow, item, offer, values)
    if not asked:
        if item.state == "requested":
            item.approved_at = uow.now
            item.promised_at = _promise(uow, offer)
            records.move(uow, item, Action.PASS, consequence=True)
        return item
    action = Action.ASK if item.state == "requested" else Action.DRIFT
    records.move(uow, item, action, consequence=True)
    rounds.begin(uow, item, asked, digest, asking.shape(item))
    return item


def begin(uow: UnitOfWork, number: str) -> Item:
    """Start fulfilling an approved item; its promised date counts from the approval."""
    item = requests.locked(uow, number)
    if item.state == "approved":
        item.promised_at = item.promised_at or _promise(uow, catalog.version(uow.session, item.catalog_hash))
        records.move(uow, item, Action.START, consequence=True)
        requests.settle_request(uow, item)
    return item


def ready_steps(uow: UnitOfWork, number: str) -> list[BoundStep]:
    """Take in what people ended, open the manual steps whose turn it is, and return the automatic ones to run."""
    item = requests.locked(uow, number)
    if item.state != "fulfilling":
        return []
    offer = conditions.in_force(catalog.version(uow.session, item.catalog_hash), item.answers)
    steps = {step.key: step for step in step_rows.of(uow, item)}
    _take_in_tasks(uow, list(steps.values()))
    waits.take_in(uow, steps.values())
    requests.order_parts(uow, item, offer, frozenset(key for key, step in steps.items() if step.state in fulfilment.OVER))
    after = {step.name: step.after for step in offer.steps}
    states = [fulfilment.StepState(step.key, step.state, after.get(step.key, ())) for step in steps.values()]
    found: list[BoundStep] = []
    for key in fulfilment.ready(states):
        step = steps[key]
        if step.kind == "manual":
            _open_task(uow, item, offer, step)
        elif step.kind == "wait" and waits.start(uow, item, offer, step):
            return ready_steps(uow, number)  # it was over already: what waited for it may be ready now
        elif step.kind == "automatic":
            step.state = "ready"
    for step in steps.values():
        if step.state in {"ready", "retrying"} and step.action:
            found.append(BoundStep(item.number, step.key, step.action, step.params, step.state, step.plan))
    return found


def advance(uow: UnitOfWork, number: str) -> Item:
    """See where the item stands after its steps: fulfilled, incomplete, failed, or still on its way."""
    item = requests.locked(uow, number)
    if item.state != "fulfilling":
        return item
    steps = step_rows.of(uow, item)
    _take_in_tasks(uow, steps)
    states = [step.state for step in steps]
    failed = [step for step in steps if step.state == "failed"]
    if failed and not any(state in {"running", "ready", "retrying"} for state in states):
        _stop(uow, item, failed[0])
    elif steps and all(state == "skipped" for state in states):
        _end(uow, item, Action.SKIP)
    elif fulfilment.is_over(states):
        item.fulfilled_at = uow.now
        records.move(uow, item, Action.FULFIL, consequence=True)
    return item


def close(uow: UnitOfWork, number: str) -> Item:
    """Close a fulfilled item after its last check, tell the people, and roll up into the request."""
    item = requests.locked(uow, number)
    if item.state == "fulfilled":
        _end(uow, item, Action.CLOSE)
    return item


def verified(uow: UnitOfWork, number: str) -> Item:
    """Every effect was seen to be there: look again later, or close at once where the settings ask for no later look."""
    item = requests.locked(uow, number)
    if item.state != "fulfilled":
        return item
    lengths = [length.strip() for length in settings().checks_after.split(",") if length.strip()]
    if not lengths or not item.plan:
        return close(uow, number)
    for length in lengths:
        days, hours_, minutes = hours.target_parts(length)
        uow.session.add(Check(item_id=item.id, due_at=uow.now + timedelta(days=days, hours=hours_, minutes=minutes)))
    requests.tell_owners(uow, item, "item_fulfilled")
    uow.record_event(item, "item.verify", after={"checks": len(lengths)})
    return item


def undo_fulfilled(uow: UnitOfWork, number: str, keys: Sequence[str]) -> Item:
    """A check found that these steps no longer hold: they run again."""
    item = requests.locked(uow, number)
    if item.state == "fulfilled":
        for step in step_rows.of(uow, item):
            if step.key in keys:
                step.state, step.attempt, step.done_at, step.verified_at = "pending", 0, None, None
        records.move(uow, item, Action.REOPEN, consequence=True, after={"steps": list(keys)})
    return item


def retry(uow: UnitOfWork, number: str, *, version: int | None = None) -> Item:
    """Try the failed steps of an item again, at somebody's word."""
    item = uow.get(Item, number)
    records.expect(item, version)
    records.move(uow, item, Action.RETRY)
    for step in step_rows.of(uow, item):
        if step.state == "failed":
            step.state, step.attempt, step.error, step.next_at = "ready", 0, None, None
    return item


def hold(uow: UnitOfWork, number: str, reason: str, body: str, *, version: int | None = None) -> Item:
    """Put an item on hold, with the reason and what it waits for."""
    item = uow.get(Item, number)
    records.expect(item, version)
    if reason not in fulfilment.HOLD_REASONS:
        raise Invalid({"reason": t("Choose what the item waits for.")})
    note = records.write(uow, item, "reason", body)
    records.move(uow, item, Action.HOLD, hold_reason=reason, note=note)
    requests.tell_owners(uow, item, "item_on_hold", reason=reason)
    return item


def resume(uow: UnitOfWork, number: str, *, version: int | None = None) -> Item:
    """Go on with an item that was on hold."""
    item = uow.get(Item, number)
    records.expect(item, version)
    records.move(uow, item, Action.RESUME)
    return item


def compensate(uow: UnitOfWork, number: str, body: str, *, version: int | None = None) -> Item:
    """Give up a failed item: what was done is undone, last step first."""
    item = uow.get(Item, number)
    records.expect(item, version)
    note = records.write(uow, item, "reason", body)
    records.move(uow, item, Action.COMPENSATE, note=note)
    return item


def to_undo(uow: UnitOfWork, number: str) -> list[BoundStep]:
    """Return the steps of an item that is being given up or was canceled whose effect stands, last first.

    What people did is among them, without an action: nothing takes it back by itself, and that is on record too.
    """
    item = requests.locked(uow, number)
    if item.state not in {"compensating", "canceled"}:
        return []
    offer = catalog.version(uow.session, item.catalog_hash)
    stays = {step.name for step in offer.steps if not step.compensate}
    done = [step for step in step_rows.of(uow, item) if step.state == "done" and step.kind != "wait" and step.key not in stays]
    return [
        BoundStep(item.number, step.key, step.action or "", step.params, step.state, step.plan, step.result)
        for step in reversed(done)
    ]


def undone(uow: UnitOfWork, number: str, key: str, *, possible: bool = True) -> None:
    """Note that a step's effect was taken back, or that it cannot be."""
    item = requests.locked(uow, number)
    step = next(each for each in step_rows.of(uow, item) if each.key == key)
    step.state = "undone"
    if possible:
        access.note_undone(uow, item, step)
    uow.record_event(item, "item.undo", after={"step": key, "possible": possible})


def given_up(uow: UnitOfWork, number: str) -> Item:
    """End an item once all that could be undone is undone."""
    item = requests.locked(uow, number)
    if item.state == "compensating":
        _end(uow, item, Action.GIVE_UP)
    return item


def _stop(uow: UnitOfWork, item: Item, step: Step) -> None:
    """A person gave up a task: the item is incomplete. A failed automatic step is shown to the item's owner, who may retry."""
    if step.kind == "manual":
        _end(uow, item, Action.INCOMPLETE)
        return
    records.move(uow, item, Action.FAIL, consequence=True, after={"step": step.key, "attempts": step.attempt})
    messages.tell_team(uow, item.team_id, "step_failed", item, step=step.key)


def _end(uow: UnitOfWork, item: Item, action: Action) -> None:
    item.closed_at = uow.now
    summary = uow.record_event(item, "item.summary", note=summaries.write(uow, item))
    records.move(uow, item, action, consequence=True)
    requests.tell_owners(uow, item, "item_closed" if action is Action.CLOSE else "item_incomplete", event=summary)
    requests.settle_request(uow, item)


def _lay_out_steps(
    uow: UnitOfWork, item: Item, offer: Offer, values: templates.Values, plans: Mapping[str, Mapping[str, Any]]
) -> None:
    known = {step.key: step for step in step_rows.of(uow, item)}
    for position, step in enumerate(offer.steps, start=1):
        row = known.get(step.name)
        if row is None:
            row = Step(item_id=item.id, revision=item.revision, key=step.name, position=position, params={},
                       kind=waits.kind(step), action=step.do or None)  # fmt: skip
            uow.session.add(row)
        if row.state == "done":
            continue
        row.params = templates.bind(step, values) if step.is_automatic else {}
        row.plan = dict(plans[step.name]) if step.name in plans else None
        row.plan_hash = fulfilment.plan_hash(item.catalog_hash, row.params, {step.name: row.plan})
        row.state = "pending"


def _take_in_tasks(uow: UnitOfWork, steps: Sequence[Step]) -> None:
    """A task that a person ended ends its step."""
    waiting = {step.task_id: step for step in steps if step.state == "waiting" and step.task_id}
    if not waiting:
        return
    for task in uow.session.scalars(select(Task).where(Task.id.in_(waiting))):
        step = waiting[task.id]
        match task.state:
            case "closed_complete":
                step.state, step.done_at = "done", uow.now
            case "closed_skipped" | "canceled":
                step.state = "skipped"
            case "closed_incomplete":
                step.state, step.error = "failed", "task"


def _open_task(uow: UnitOfWork, item: Item, offer: Offer, step: Step) -> None:
    described = next(each for each in offer.steps if each.name == step.key)
    values = progress.values_for(uow.session, item, offer)
    team = uow.session.scalar(select(Team.id).where(Team.key == (described.team or offer.owner)))
    title, title_pt = (templates.task(described, values, each) for each in ("en", "pt"))
    task = tasks.open_for(uow, item, title, team, title_pt=title_pt, step=step.key)
    if described.due:
        calendar = calendars.calendar(settings().calendar)
        task.next_due_at = hours.add(calendar, uow.now, hours.parse_target(described.due, calendar))
        task.next_clock = "task"
    step.state, step.task_id, step.started_at = "waiting", task.id, uow.now


def _promise(uow: UnitOfWork, offer: Offer) -> Any:
    calendar = calendars.calendar(settings().calendar)
    return hours.add(calendar, uow.now, hours.parse_target(offer.target, calendar))
