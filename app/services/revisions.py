"""A second thought about an item: changed answers while it is being decided, or a new try after a rejection."""

from collections.abc import Mapping
from typing import Any

from app.models.records import Link
from app.models.requests import Item, Request
from app.queries import catalog
from app.rules import lifecycle
from app.rules.errors import ActionNotAllowed
from app.rules.lifecycle import Action
from app.rules.words import t
from app.services import records, requests, rounds
from app.services.requests import Line, Order
from app.unit_of_work import UnitOfWork


def change(uow: UnitOfWork, number: str, answers: Mapping[str, Any], *, version: int | None = None) -> Item:
    """Change the answers while approvers decide: what was voted on is void, and everybody is asked about the new plan."""
    item = requests.locked(uow, number)
    uow.check("item.change", item)
    records.expect(item, version)
    if item.state not in {"requested", "awaiting_approval"}:
        raise ActionNotAllowed(t("It is too late to change the answers: this has been decided."))
    offer = catalog.version(uow.session, item.catalog_hash)
    cleaned = requests.judged(uow, offer, answers)
    if cleaned == item.answers:
        return item
    requests.answer(item, offer, cleaned)
    requests.take_files(uow, item)
    rounds.void_open(uow, item)
    records.move(uow, item, Action.CHANGE, consequence=True)
    return item


def resubmit(
    uow: UnitOfWork, number: str, answers: Mapping[str, Any], key: str, *, version: int | None = None, catalog_hash: str | None = None
) -> Request:
    """Try a rejected item again with other answers, given to the form of `catalog_hash` (None: to that in service).

    While its request is open this is a new revision of the same item; of a closed request a new one follows, linked.
    """
    item = requests.locked(uow, number)
    uow.check("item.resubmit", item)
    records.expect(item, version)
    request = uow.get(Request, item.request.number)
    if item.state != "rejected":
        raise ActionNotAllowed(t("Only what was rejected can be sent again."))
    offer = catalog.current(uow.session, item.slug)
    requests.expect(uow, offer, offer.hash if catalog_hash is None else catalog_hash)
    if request.state in lifecycle.FINAL:
        follower = requests.submit(uow, Order(key, [Line(offer.slug, offer.hash, answers)], item.beneficiary_id))
        uow.session.flush()
        if not uow.session.query(Link).filter_by(source_id=follower.id, target_id=request.id).count():
            uow.session.add(Link(source_id=follower.id, target_id=request.id, type="follows", created_at=uow.now))
            uow.record_event(follower, "request.link", after={"follows": request.number})
        return follower
    requests.answer(item, offer, requests.judged(uow, offer, answers))
    item.catalog_hash, item.revision = offer.hash, item.revision + 1
    requests.take_files(uow, item)
    records.move(uow, item, Action.RESUBMIT, after={"revision": item.revision, "catalog": offer.hash})
    return request
