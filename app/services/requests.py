"""Requests by employees: submit, cancel, write to, remind (domain.md 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import selectinload

from app.models.baskets import Draft
from app.models.people import Person, Team
from app.models.records import Note, Record
from app.models.requests import Item, Request, Step
from app.models.tasks import Task
from app.queries import catalog, progress, remembered
from app.queries.choices import Choices
from app.rules import lifecycle
from app.rules.actions import ACTIONS
from app.rules.approvals import Choice, Outcome
from app.rules.catalog import bundles, conditions, costs, templates
from app.rules.catalog.answers import validate
from app.rules.catalog.items import Field, Kind, Part
from app.rules.catalog.items import Item as Offer
from app.rules.errors import ActionNotAllowed, Invalid, NotFound
from app.rules.lifecycle import Action, RecordKind
from app.rules.words import t
from app.services import approvals, attachments, messages, records, rounds, spending, step_rows, surveys, tasks
from app.unit_of_work import UnitOfWork

# As text, on the connection: every transaction on an item begins with it, and nothing of it is kept.
_LOCK_REQUEST = text(
    "select id from records where id = (select request_id from items join records using (id) where number = :number) for update"
)


@dataclass(frozen=True)
class Line:
    """One thing of an order: the item's slug, the version that was on the screen, and the answers as typed."""

    slug: str
    catalog_hash: str
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class Order:
    """What somebody asks for; the same `submission_key` a second time is the same request."""

    submission_key: str
    lines: Sequence[Line]
    beneficiary_id: int | None = None
    requester_id: int | None = None  # whoever asked for it, where an analyst writes it down


def submit(uow: UnitOfWork, order: Order) -> Request:
    """Take an order: a request with an item for each line; Invalid names each answer that does not fit."""
    uow.check("request.submit")
    if not order.submission_key or not order.lines:
        raise Invalid({}, t("The order is empty. Start again from the catalogue."))
    requester = order.requester_id or uow.actor.id
    if requester != uow.actor.id:
        uow.check("request.open_for")
    earlier, teams, fresh = _take_in(uow, order)
    if earlier is not None:
        return _again(uow, earlier)
    beneficiary = _beneficiary(uow, order)
    request = Request(
        kind=RecordKind.REQUEST, number=fresh[0], state="submitted", title="", submission_key=order.submission_key,
        submitted_at=uow.now, requester_id=requester, opened_by_id=uow.actor.id, beneficiary_id=beneficiary,
    )  # fmt: skip
    request.items = [_item(uow, line, number, request, teams) for line, number in zip(order.lines, fresh[1:], strict=True)]
    request.title = " · ".join(dict.fromkeys(item.title for item in request.items))
    request.title_pt = " · ".join(dict.fromkeys(item.title_pt or item.title for item in request.items))
    request.team_id = request.items[0].team_id
    records.add(uow, request, after={"items": [item.number for item in request.items]})
    for item in request.items:
        records.add(uow, item, after={"catalog": item.catalog_hash, "slug": item.slug})
    for item in list(request.items):
        take_files(uow, item)
        offer = catalog.version(uow.session, item.catalog_hash)
        if offer.parts:
            uow.session.flush()
            order_parts(uow, item, conditions.in_force(offer, item.answers), frozenset())
    _tell_submitted(uow, request)
    uow.session.flush()  # whoever sent it may ask for its ids
    return request


def _tell_submitted(uow: UnitOfWork, request: Request) -> None:
    """Acknowledge to whoever asked, and tell the beneficiary when that is somebody else."""
    told = dict.fromkeys((request.requester_id, request.beneficiary_id))
    if uow.actor.id in told and uow.actor.email:
        messages.queue(uow, uow.actor.email, uow.actor.language, "request_submitted", request, person_id=uow.actor.id)
    for other in (id_ for id_ in told if id_ not in {None, uow.actor.id}):
        messages.tell(uow, uow.session.get_one(Person, other), "request_submitted", request)


def _take_in(uow: UnitOfWork, order: Order) -> tuple[int | None, dict[str, int], list[str]]:
    """Return the request this key already brought (a second post at the same moment waits for the first), the ids of
    the teams, and fresh numbers; drafts of what is ordered go. All in one statement: it is the desk's busiest door.
    """
    kinds = [RecordKind.REQUEST, *(RecordKind.ITEM for _ in order.lines)]
    own = order.requester_id in {None, uow.actor.id}
    drafts = delete(Draft).where(Draft.person_id == uow.actor.id, Draft.slug.in_({line.slug for line in order.lines} if own else set()))
    teams = select(func.jsonb_object_agg(Team.key, Team.id)).scalar_subquery()
    earlier, known, *drawn = uow.ask(
        func.request_of_submission(order.submission_key), teams, *records.drawn(kinds), after=drafts.cte("drafts_sent")
    )
    return earlier, known or {}, records.written(kinds, drawn)


def _again(uow: UnitOfWork, request_id: int) -> Request:
    found = uow.session.get_one(Request, request_id)
    if found.opened_by_id != uow.actor.id:
        raise NotFound("order")
    return found


def _beneficiary(uow: UnitOfWork, order: Order) -> int | None:
    requester = order.requester_id or uow.actor.id
    if order.beneficiary_id is None or order.beneficiary_id == requester:
        return requester
    found = uow.session.scalar(select(Person.id).where(Person.id == order.beneficiary_id, Person.active))
    if found is None:
        raise Invalid({"beneficiary": t("Choose somebody from the list.")})
    return found


def _item(uow: UnitOfWork, line: Line, number: str, request: Request, teams: Mapping[str, int]) -> Item:
    offer = catalog.orderable(uow.session, line.slug, request.requester_id)
    expect(uow, offer, line.catalog_hash)
    return _born(uow, offer, judged(uow, offer, line.answers), number, request, request.beneficiary_id, teams)


def expect(uow: UnitOfWork, offer: Offer, catalog_hash: str) -> None:
    """Raise ActionNotAllowed when answers were given to another version of an item's form than the one in service."""
    if catalog_hash != offer.hash:
        raise ActionNotAllowed(t("“%(name)s” was changed meanwhile. Check your answers again.", name=_named(uow, offer.name)))


def _born(
    uow: UnitOfWork, offer: Offer, cleaned: dict[str, Any], number: str, request: Request, beneficiary_id: int | None,
    teams: Mapping[str, int],
) -> Item:  # fmt: skip
    price = costs.of(offer, cleaned)
    return Item(
        kind=RecordKind.ITEM, number=number, state="requested", title=offer.name.to("en"), title_pt=offer.name.to("pt"), slug=offer.slug,
        catalog_hash=offer.hash, category=offer.category, answers=cleaned, submitted_at=uow.now,
        requester_id=request.requester_id, opened_by_id=request.opened_by_id, beneficiary_id=beneficiary_id,
        team_id=teams.get(offer.owner), cost=price.amount if price else None, currency=price.currency if price else None,
    )  # fmt: skip


def order_parts(uow: UnitOfWork, bundle: Item, offer: Offer, over: frozenset[str]) -> list[Item]:
    """Order those parts of a bundle whose turn it is: the steps they wait for are over. Each is ordered once.

    Raises Invalid where an answer of the bundle does not fit a part, or nobody has the user name a part is for.
    """
    if not offer.parts:
        return []
    values = progress.values_for(uow.session, bundle, offer)
    known = set(uow.session.scalars(select(Item.part_of).where(Item.request_id == bundle.request_id)))
    teams: dict[str, int] = dict(uow.session.execute(select(Team.key, Team.id)).all())
    found = []
    for position, part in enumerate(offer.parts):
        place = f"{bundle.number}:{position}"
        if place in known or not over.issuperset(part.after):
            continue
        other = catalog.current(uow.session, part.slug)
        cleaned = judged(uow, other, bundles.answers(part, bundle.answers, values))
        number, beneficiary = records.numbers(uow, RecordKind.ITEM)[0], _meant(uow, part, values, bundle)
        item = _born(uow, other, cleaned, number, bundle.request, beneficiary, teams)
        item.request, item.part_of = bundle.request, place
        records.add(uow, item, after={"catalog": other.hash, "slug": other.slug, "bundle": bundle.number})
        found.append(item)
        remembered.keep(uow.session, ("parts", bundle.request_id), None)  # there are more now
    return found


def _meant(uow: UnitOfWork, part: Part, values: templates.Values, bundle: Item) -> int | None:
    login = templates.fill(part.person, values).lower()
    if not login:
        return bundle.beneficiary_id
    found = uow.session.scalar(select(Person.id).where(Person.login == login, Person.active))
    if found is None:
        raise Invalid({"beneficiary": t("Nobody with the user name %(login)s is known.", login=login)})
    return found


def answer(item: Item, offer: Offer, cleaned: dict[str, Any]) -> None:
    """Give an item other answers: what it costs follows them, and what would be done is worked out anew."""
    price = costs.of(offer, cleaned)
    item.answers, item.plan, item.plan_hash = cleaned, None, None
    item.cost, item.currency = (price.amount, price.currency) if price else (None, None)


def take_files(uow: UnitOfWork, item: Item) -> None:
    """Give the files among an item's answers to the item: who sees it may read them."""
    offer = catalog.version(uow.session, item.catalog_hash)
    asked = [field.name for field in offer.fields if field.kind is Kind.FILE]
    if keys := [str(item.answers[name]) for name in asked if name in item.answers]:
        attachments.bind(uow, item, keys)


def judged(uow: UnitOfWork, offer: Offer, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clean answers to an item's questions, or raise Invalid with a sentence for each wrong one."""
    today = uow.now.astimezone(ZoneInfo(uow.actor.timezone)).date()
    cleaned, faults = validate(offer, answers, today, lambda field, name: _exists(uow, field, name))
    if faults:
        raise Invalid(faults)
    return dict(cleaned)


def _exists(uow: UnitOfWork, field: Field, name: str) -> bool:
    """Say whether the person, directory group or uploaded file that an answer names may be chosen."""
    if field.kind is Kind.FILE:
        return attachments.is_own(uow, name)
    if field.kind is Kind.PERSON:
        return uow.session.scalar(select(Person.id).where(Person.login == name, Person.active)) is not None
    return Choices(uow.session).has_group(name, field.groups)


def _named(uow: UnitOfWork, words: Any) -> str:
    return str(words.to(uow.actor.language))


def locked(uow: UnitOfWork, number: str) -> Item:
    """Lock an item's request first and then the item: everybody in the same order, so that nobody waits in a ring."""
    if not uow.holds(number):
        uow.session.connection().execute(_LOCK_REQUEST, {"number": number})
    return uow.get(Item, number)


def lock(uow: UnitOfWork, numbers: Sequence[str]) -> list[Item]:
    """Lock several items with their requests, steps and streams, and read what each of them would ask for.

    What follows asks nobody again: a handful of statements for all of them (flows/taking.py, `together`).
    """
    of = select(Item.request_id).where(Item.number.in_(numbers))
    requests = uow.session.scalars(select(Record.number).where(Record.id.in_(of)).order_by(Record.id).with_for_update()).all()
    uow.get_all(Request, requests)
    items = uow.get_all(Item, numbers)
    step_rows.foresee(uow, items)
    offers = catalog.versions(uow.session, [item.catalog_hash for item in items])
    progress.people_of(uow.session, [(item, offers[item.catalog_hash]) for item in items])
    others: dict[int, list[Any]] = {item.request_id: [] for item in items}
    for row in uow.session.execute(select(Item.id, Item.state, Item.request_id).where(Item.request_id.in_(others))):
        others[row.request_id].append(row)
    for request, rows in others.items():
        remembered.keep(uow.session, ("parts", request), rows)
    return items


def decide(
    uow: UnitOfWork, number: str, choice: Choice, comment: str = "", *, version: int | None = None, subject: str | None = None,
    seat_id: int | None = None,
) -> Item:  # fmt: skip
    """Vote on an item; the vote that decides moves it on. `subject` and `seat_id`: see approvals.vote."""
    item = locked(uow, number)
    records.expect(item, version)
    outcome = approvals.vote(uow, item, choice, comment, subject=subject, seat_id=seat_id)
    if outcome is Outcome.APPROVED:
        item.approved_at = uow.now
        records.move(uow, item, Action.APPROVE, consequence=True)
        tell_owners(uow, item, "item_approved")
    elif outcome is Outcome.REJECTED:
        records.move(uow, item, Action.REJECT, consequence=True)
        tell_owners(uow, item, "item_rejected", reason=comment)
        settle_request(uow, item)
    return item


def cancel(uow: UnitOfWork, number: str, reason: str, *, version: int | None = None) -> Request:
    """Cancel a whole request while nothing irreversible is done."""
    request = uow.get(Request, number)
    records.expect(request, version)
    items = uow.session.scalars(
        select(Item).where(Item.request_id == request.id).options(selectinload(Item.steps))
        .order_by(Item.id).with_for_update(of=Record)
    ).all()  # fmt: skip
    _refuse_what_is_done(items)
    note = records.write(uow, request, "reason", reason)
    records.move(uow, request, Action.CANCEL, note=note)
    for item in items:
        if item.state not in lifecycle.FINAL:
            records.move(uow, item, Action.CANCEL, consequence=True)
            _let_go(uow, item)
    return request


def cancel_item(uow: UnitOfWork, number: str, reason: str, *, version: int | None = None) -> Item:
    """Cancel one thing of a request while nothing irreversible is done; the others go on."""
    item = locked(uow, number)
    records.expect(item, version)
    _refuse_what_is_done([item])
    withdraw(uow, item, records.write(uow, item, "reason", reason))
    return item


def withdraw(uow: UnitOfWork, item: Item, note: Note, *, consequence: bool = False) -> None:
    """Cancel a locked item that is not past recall, with the reason on record."""
    item.closed_at = uow.now
    records.move(uow, item, Action.CANCEL, note=note, consequence=consequence)
    _let_go(uow, item)
    settle_request(uow, item)


def _refuse_what_is_done(items: Sequence[Item]) -> None:
    if any(is_past_recall(item) for item in items):
        raise ActionNotAllowed(t("Part of this is already done. Write to us and we will undo it with you."))


def _let_go(uow: UnitOfWork, item: Item) -> None:
    """Nobody decides on or works at what was canceled any more."""
    rounds.void_open(uow, item)
    spending.give_back(uow, item)
    for step in item.steps:
        if step.state not in {"done", "skipped"}:
            step.state = "skipped"
    for task in uow.session.scalars(select(Task).where(Task.parent_id == item.id)):
        tasks.withdraw(uow, task)


def reply(uow: UnitOfWork, number: str, body: str) -> Note:
    """Write on a request, for everybody who sees it."""
    request = uow.get(Request, number)
    uow.check("request.reply", request)
    note = records.write(uow, request, "reply", body)
    event = uow.record_event(request, "request.reply", note=note)
    for person in uow.session.scalars(select(Person).where(Person.id.in_({request.requester_id, request.beneficiary_id}))):
        messages.tell(uow, person, "reply", request, event)
    if uow.actor.id in {request.requester_id, request.beneficiary_id}:
        messages.tell_team(uow, request.team_id, "reply", request, event)
    return note


def ask(uow: UnitOfWork, number: str, body: str) -> Note:
    """Ask whoever ordered an item, instead of deciding now; the item goes on waiting."""
    item = locked(uow, number)
    uow.check("item.question", item)
    if rounds.current(uow, item) is None:
        raise ActionNotAllowed(t("This has already been decided."))
    note = records.write(uow, item, "question", body)
    event = uow.record_event(item, "item.question", note=note)
    for person in uow.session.scalars(select(Person).where(Person.id.in_({item.requester_id, item.beneficiary_id}))):
        messages.tell(uow, person, "approval_question", item, event)
    return note


def answer_question(uow: UnitOfWork, number: str, body: str) -> Note:
    """Answer what an approver asked about an item; whoever asked, and still has to decide, is told."""
    item = locked(uow, number)
    uow.check("item.answer", item)
    note = records.write(uow, item, "answer", body)
    event = uow.record_event(item, "item.answer", note=note)
    asked = select(Note.author_id).where(Note.record_id == item.id, Note.kind == "question")
    for person in uow.session.scalars(select(Person).where(Person.id.in_(asked))):
        messages.tell(uow, person, "approval_answer", item, event)
    return note


def hand_over(uow: UnitOfWork, number: str, person_id: int) -> Person:
    """Let somebody answer one question in the actor's place."""
    return approvals.hand_over(uow, locked(uow, number), person_id)


def name_approver(uow: UnitOfWork, number: str, approval_id: int, person_id: int) -> Person:
    """Name who answers for an approval that waits for nobody."""
    return approvals.name_approver(uow, locked(uow, number), approval_id, person_id)


def find_approver(uow: UnitOfWork, number: str, approval_id: int) -> bool:
    """Look anew for whoever answers for an approval that waits for nobody."""
    return approvals.look_again(uow, locked(uow, number), approval_id)


def remind(uow: UnitOfWork, number: str) -> list[Person]:
    """Remind whoever the item waits for."""
    return approvals.remind(uow, uow.get(Item, number))


def settle_request(uow: UnitOfWork, item: Item) -> None:
    """Roll the item's end up into its request (domain.md 3)."""
    request, rows = _whole(uow, item)
    if request is None or request.state in lifecycle.FINAL:
        return
    moved = {each.id: each.state for each in (*uow.session.dirty, *uow.held(Item)) if isinstance(each, Item)}
    states = [moved.get(row.id, row.state) for row in rows]
    if action := lifecycle.roll_up(states):
        request.closed_at = uow.now
        survey = surveys.choose(uow, request) if action is Action.COMPLETE else None
        records.move(uow, request, action, consequence=True)
        surveys.send(uow, request, survey, uow.latest)
    elif request.state == "submitted" and item.state == "fulfilling":
        records.move(uow, request, Action.BEGIN, consequence=True)


def _whole(uow: UnitOfWork, item: Item) -> tuple[Request | None, Sequence[Any]]:
    """Return an item's request, locked, and the id and state of each of its items as they were stored."""
    has_more = any(isinstance(each, Item) for each in uow.session.new)
    held = next((each for each in uow.held(Request) if each.id == item.request_id), None)
    if held and not has_more and (rows := remembered.known(uow.session, ("parts", held.id))):
        return held, rows
    if has_more or any(isinstance(each, Request) for each in uow.session.dirty):
        uow.session.flush()
    with uow.session.no_autoflush:  # what was moved is written once, with what follows from it
        request = uow.session.get(Request, item.request_id, with_for_update={"of": Record})
        if request is None:
            return None, ()
        return request, uow.session.execute(select(Item.id, Item.state).where(Item.request_id == request.id)).all()


def tell_owners(uow: UnitOfWork, item: Item, template: str, **params: Any) -> None:
    """Tell requester and beneficiary how an item goes on."""
    with uow.session.no_autoflush:  # people do not change here: what is written can wait for the rest
        people = dict.fromkeys((item.requester, item.beneficiary))
    for person in people:
        if person is not None:
            messages.tell(uow, person, template, item, **params)


def is_past_recall(item: Item) -> bool:
    """Say whether it is too late to cancel: a step is at work, or done for good; what else was done is taken back."""
    is_over = item.state in {"fulfilled", "closed"}
    automatic = [step for step in item.steps if step.kind == "automatic"]
    return any(step.state == "running" or (step.state == "done" and (is_over or is_irreversible(step))) for step in automatic)


def is_irreversible(step: Step) -> bool:
    """Say whether what this step does cannot be taken back."""
    return bool(step.action) and ACTIONS[step.action or ""].irreversible
