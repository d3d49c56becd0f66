"""What is asked of whom before an item is carried out: conditions, stages and limits of empowerment (domain.md 4)."""

from collections.abc import Sequence
from decimal import Decimal

from app import empowerment
from app.models.requests import Item
from app.queries import audiences
from app.rules import approvals
from app.rules.catalog import templates
from app.rules.catalog.costs import Price
from app.rules.catalog.items import Approval
from app.rules.catalog.items import Item as Offer
from app.services import spending
from app.services.rounds import Asked
from app.unit_of_work import UnitOfWork


def of(uow: UnitOfWork, item: Item, offer: Offer, values: templates.Values) -> list[Asked]:
    """Return the approvals to ask for; none when the item asks for none, or when it fits somebody's limit.

    Rules that match nothing are no approval: then the team that answers for the item is asked (ours).
    """
    if not offer.approvals or (offer.empowerment and _fits_a_limit(uow, item)):
        return []
    belongs = audiences.of(uow.session, item.beneficiary_id)
    asked = [
        Asked(str(each.who), each.needs, templates.fill(each.group, values), each.stage)
        for each in offer.approvals
        if _applies(each, item, belongs)
    ]
    return asked or [Asked(f"team:{offer.owner}")]


def shape(item: Item) -> str:
    """Return what this order has in common with equal ones, so that an approver may answer them together."""
    cost = f"{item.cost} {item.currency}" if item.cost is not None else ""
    return approvals.shape(item.slug, item.catalog_hash, cost, item.plan or [])


def _applies(approval: Approval, item: Item, belongs: frozenset[str]) -> bool:
    only = approval.only_if
    if only.cost_over and (item.cost is None or item.cost <= Decimal(only.cost_over)):
        return False
    return not only.audience or not belongs.isdisjoint(only.audience)


def _fits_a_limit(uow: UnitOfWork, item: Item) -> bool:
    """Take the cost from the requester's limit of this month, where it fits.

    What people approved is never let through later by a limit: when its plan drifts they are asked again.
    """
    if item.cost is None or item.requester_id is None:
        return False
    if item.approved_at is not None:
        return spending.has_taken(uow, item)
    belongs: Sequence[str] = sorted(audiences.of(uow.session, item.requester_id))
    limits = empowerment.limits()
    if not limits.covers(Price(item.cost, item.currency or "", "once"), belongs):
        return False
    return spending.take(uow, item, item.requester_id, item.cost, limits.of(belongs))
