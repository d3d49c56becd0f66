"""The closing summary of an item: what was asked for, who agreed, what was done and seen to work, when it ends, what it cost (domain.md 8).

It names people, so it is a text beside the item that can be erased; the event that ends the item names it by its digest.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from babel.numbers import format_currency
from sqlalchemy import select

from app import language
from app.models.access import Grant
from app.models.approvals import ApprovalRound, Vote
from app.models.people import Person
from app.models.records import Note
from app.models.requests import Check, Item
from app.queries import catalog, progress
from app.rules import access
from app.rules.catalog import conditions, templates
from app.rules.catalog.items import Item as Offer
from app.rules.catalog.items import Kind
from app.rules.progress import OUTCOMES, outcome
from app.rules.words import Text, t
from app.services import records, step_rows
from app.services.major_updates import LOCALES
from app.settings import settings
from app.unit_of_work import UnitOfWork

Said = Callable[[datetime], str]  # an instant in words

KIND: Final = "closing"
SAID: Final = frozenset({Kind.TEXT, Kind.CHOICE, Kind.MULTI_CHOICE, Kind.NUMBER, Kind.MONEY, Kind.YES_NO, Kind.DIRECTORY_GROUP})
_DAY: Final = {"en": "%Y-%m-%d", "pt": "%d/%m/%Y"}
_MOMENT: Final = {"en": "%Y-%m-%d %H:%M", "pt": "%d/%m/%Y %H:%M"}
_STEP: Final = {"done": t("Done"), "failed": t("Did not work"), **OUTCOMES}


def write(uow: UnitOfWork, item: Item) -> Note:
    """Write down how the item went, in the words of whoever asked for it."""
    people = {each.id: each for each in uow.session.scalars(select(Person).where(Person.id.in_({item.requester_id, item.beneficiary_id})))}
    asked_by = people.get(item.requester_id or 0)
    spoken = (asked_by.language if asked_by else None) or settings().language
    zone = (asked_by.timezone if asked_by else None) or settings().timezone

    def said(at: datetime) -> str:
        return language.local(at, zone).strftime(_MOMENT.get(spoken, _MOMENT["en"]))

    offer = conditions.in_force(catalog.version(uow.session, item.catalog_hash), item.answers)
    sentences = [
        _opening(item, people, spoken, said), *_answers(item, offer, spoken), *_approvals(uow, item, said), *_steps(uow, item, offer, spoken, said),
        *_ends(uow, item, zone, spoken), *_cost(item, offer, spoken), *_times(uow, item, said),
    ]  # fmt: skip
    return records.write(uow, item, KIND, "\n".join(language.translate(each, spoken) for each in sentences))


def _opening(item: Item, people: Mapping[int, Person], spoken: str, said: Said) -> Text:
    names = {key: people[each].name if each in people else "" for key, each in
             (("requester", item.requester_id or 0), ("beneficiary", item.beneficiary_id or 0))}  # fmt: skip
    return t("%(title)s (%(number)s) for %(beneficiary)s, asked for by %(requester)s on %(time)s.",
             title=(item.title_pt if spoken == "pt" else None) or item.title, number=item.number, time=said(item.submitted_at), **names)  # fmt: skip


def _answers(item: Item, offer: Offer, spoken: str) -> Iterator[Text]:
    """What was chosen, as far as it says something by itself: people and files stand on the page."""
    for field in offer.fields:
        answer = item.answers.get(field.name)
        if field.kind in SAID and answer not in (None, "", []):
            yield t("%(question)s %(answer)s", question=field.label.to(spoken), answer=templates.shown(field, answer).to(spoken))


def _approvals(uow: UnitOfWork, item: Item, said: Said) -> Iterator[Text]:
    votes = select(Vote.choice, Vote.at, Person.name).join(ApprovalRound, ApprovalRound.id == Vote.round_id)
    mine = votes.join(Person, Person.id == Vote.voter_id).where(ApprovalRound.record_id == item.id).order_by(Vote.at, Vote.id)
    rows = uow.session.execute(mine).all()
    if not rows:
        yield t("Nobody had to approve it.")
    for choice, at, name in rows:
        if choice == "approve":
            yield t("Approved by %(name)s on %(time)s.", name=name, time=said(at))
        elif choice == "reject":
            yield t("Rejected by %(name)s on %(time)s.", name=name, time=said(at))


def _steps(uow: UnitOfWork, item: Item, offer: Offer, spoken: str, said: Said) -> Iterator[Text]:
    rows = {row.key: row for row in step_rows.of(uow, item)}
    for step, words in zip(offer.steps, progress.words(uow.session, item, offer, spoken), strict=True):
        row = rows.get(step.name)
        state = _STEP.get(outcome(row.state, row.action) if row else "")
        if state and row:
            if row.done_at is None or row.state != "done":
                yield t("%(state)s: %(words)s", state=state, words=words)
            elif row.verified_at is None:
                yield t("%(state)s: %(words)s (%(time)s)", state=state, words=words, time=said(row.done_at))
            else:
                seen = said(row.verified_at)
                yield t("%(state)s: %(words)s (%(time)s, seen to work on %(seen)s)", state=state, words=words, time=said(row.done_at), seen=seen)


def _ends(uow: UnitOfWork, item: Item, zone: str, spoken: str) -> Iterator[Text]:
    held = select(Grant.target, Grant.ends_at).where(Grant.item_id == item.id, Grant.state != "ended", Grant.ends_at.is_not(None)).order_by(Grant.id)
    for target, ends_at in uow.session.execute(held):
        assert ends_at is not None  # noqa: S101  asked for
        day = access.last_day(ends_at, zone).strftime(_DAY.get(spoken, _DAY["en"]))
        yield t("The access to %(target)s ends after %(day)s.", target=target, day=day)


def _cost(item: Item, offer: Offer, spoken: str) -> Iterator[Text]:
    if item.cost and item.fulfilled_at:
        amount = format_currency(item.cost, item.currency or "", locale=LOCALES.get(spoken, "en"))
        monthly = offer.cost is not None and offer.cost.per == "month"
        yield t("It costs %(amount)s each month.", amount=amount) if monthly else t("It cost %(amount)s.", amount=amount)


def _times(uow: UnitOfWork, item: Item, said: Said) -> Iterator[Text]:
    looks = select(Check.done_at).where(Check.item_id == item.id, Check.outcome == "holds").order_by(Check.done_at)
    times = [said(at) for at in uow.session.scalars(looks) if at]
    if times:
        yield t("Looked at again on %(times)s: everything was as it should be.", times=", ".join(times))
    if item.promised_at and item.fulfilled_at:
        yield t("Promised for %(promised)s, carried out on %(done)s.", promised=said(item.promised_at), done=said(item.fulfilled_at))
