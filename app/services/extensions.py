"""Keeping an access longer: the same order once more, whose approval leads to a later end (domain.md 3)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.models.access import Grant
from app.models.records import Link
from app.models.requests import Item, Step
from app.queries import access as register
from app.queries import catalog
from app.rules.catalog import templates
from app.rules.catalog.items import Item as Offer
from app.rules.catalog.items import Kind
from app.rules.errors import ActionNotAllowed, Forbidden
from app.rules.words import t
from app.services import access
from app.unit_of_work import UnitOfWork


def note(uow: UnitOfWork, item: Item, offer: Offer, values: templates.Values) -> None:
    """Link an order to those whose access it extends: what its beneficiary holds already of the same, before anybody is asked."""
    targets = {templates.bind(step, values).get("group", "") for step in offer.steps if step.do == access.GIVES}
    if not targets:
        return
    held = select(Grant).where(Grant.person_id == item.beneficiary_id, Grant.target.in_(targets), Grant.state != access.ENDED)
    grants = uow.session.scalars(held.where(Grant.item_id != item.id).order_by(Grant.id)).all()
    if not grants:
        return
    known = set(uow.session.scalars(select(Link.target_id).where(Link.source_id == item.id, Link.type == register.EXTENDS)))
    linked = set(known)
    for grant in grants:
        if grant.item_id in known:
            continue
        if grant.item_id not in linked:
            linked.add(grant.item_id)
            uow.session.add(Link(source_id=item.id, target_id=grant.item_id, type=register.EXTENDS, created_at=uow.now))
        uow.record_event(item, "item.extend", after={"grant": grant.id, "of": grant.item_id})


def order_again(uow: UnitOfWork, grant_id: int) -> tuple[Grant, str, Mapping[str, Any]]:
    """Return one's own access, the slug of what gave it, and the answers to ask for it again, all but its days and files."""
    grant = access.seen(uow, grant_id)
    if grant.person_id != uow.actor.id:
        raise Forbidden(t("Only whoever holds an access can ask to keep it longer."))
    if grant.state != access.OPEN:
        raise ActionNotAllowed(t("This access is over. Order it again from the catalogue."))
    if grant.ends_at is None:
        raise ActionNotAllowed(t("This access has no end: there is nothing to extend."))
    if (open_ := register.extensions(uow.session, [grant])).get(grant.id):
        number = open_[grant.id].request.number
        raise ActionNotAllowed(t("You have asked already: see %(number)s.", number=number))
    offer = catalog.version(uow.session, grant.item.catalog_hash)
    left_out = _days(uow, grant, offer) | {field.name for field in offer.fields if field.kind is Kind.FILE}
    return grant, grant.item.slug, {name: said for name, said in grant.item.answers.items() if name not in left_out}


def _days(uow: UnitOfWork, grant: Grant, offer: Offer) -> set[str]:
    """Return the questions that say when the access ends."""
    key = uow.session.scalars(select(Step.key).where(Step.id == grant.step_id)).one()
    ends = next((step.ends for step in offer.steps if step.name == key), "")
    return {name.partition(".")[0] for name in templates.PLACEHOLDER.findall(ends)}
