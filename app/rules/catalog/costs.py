"""What an order of an item costs, and which of its approvals that (and who gets it) asks for."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.rules.catalog.conditions import words
from app.rules.catalog.items import Approval, Item, Kind

AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)


@dataclass(frozen=True)
class Price:
    """A sum of money, once or each month (`per`)."""

    amount: Decimal
    currency: str
    per: str


def of(item: Item, answers: Mapping[str, Any]) -> Price | None:
    """Return what an order with these clean answers costs: the item, and what was chosen; None: no cost is said."""
    if item.cost is None:
        return None
    amount = Decimal(item.cost.amount)
    for field in item.fields:
        if field.kind in (Kind.CHOICE, Kind.MULTI_CHOICE):
            chosen = set(words(answers.get(field.name)))
            amount += sum((Decimal(each.cost) for each in field.choices if each.cost and each.value in chosen), Decimal(0))
    return Price(amount.quantize(Decimal("0.01")), item.cost.currency, item.cost.per)


def asks(item: Item, answers: Mapping[str, Any], belongs: Collection[str]) -> list[Approval]:
    """Return the approvals that apply to an order: above their cost, and for those they are meant for.

    `belongs` are the audiences of whoever gets it: "employees", roles, "team:<key>", "department:<name>".
    """
    price = of(item, answers)
    return [each for each in item.approvals if _applies(each, price, set(belongs))]


def _applies(approval: Approval, price: Price | None, belongs: set[str]) -> bool:
    only = approval.only_if
    if only.cost_over and (price is None or price.amount <= Decimal(only.cost_over)):
        return False
    return not only.audience or not belongs.isdisjoint(only.audience)
