"""Read config/empowerment.toml: up to how much somebody may order without asking, in a month."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from app.rules.catalog.costs import AMOUNT, CURRENCY, Price
from app.rules.catalog.meaning import DEPARTMENT, TEAM
from app.settings import matrix, settings

FILE = "empowerment.toml"


class EmpowermentFault(ValueError):
    """Limits that cannot be used: the message names the file, the key and what is allowed."""


@dataclass(frozen=True)
class Limits:
    """The limit of each audience, in one currency."""

    currency: str
    amounts: Mapping[str, Decimal]

    def of(self, belongs: Collection[str]) -> Decimal:
        """Return the largest limit of these audiences (queries.audiences.of); zero where none is said."""
        return max((amount for name, amount in self.amounts.items() if name in belongs), default=Decimal(0))

    def covers(self, price: Price, belongs: Collection[str]) -> bool:
        """Say whether one order of this price could be let through at all; what was spent before is the ledger's."""
        return price.currency == self.currency and price.amount <= self.of(belongs)


def limits() -> Limits:
    """Return the organisation's limits; EmpowermentFault when the file is wrong, no limits when there is none."""
    return _limits(settings().config_dir / FILE)


def load(path: Path) -> Limits:
    """Read a file of limits; EmpowermentFault says what is wrong with it."""
    try:
        read = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as fault:
        raise EmpowermentFault(f"{path.name}: {fault}") from fault
    if unknown := sorted(read.keys() - {"currency", "limits"}):
        raise EmpowermentFault(f"{path.name}: unknown {', '.join(unknown)}; allowed: currency, limits")
    currency, amounts = read.get("currency"), read.get("limits", {})
    if not isinstance(currency, str) or not CURRENCY.fullmatch(currency):
        raise EmpowermentFault(f'{path.name}: currency is {currency!r}; write its three letters, such as "BRL"')
    if not isinstance(amounts, dict):
        raise EmpowermentFault(f"{path.name}: [limits] must be a table of names and amounts")
    return Limits(currency, {name: _amount(path.name, name, amount) for name, amount in amounts.items()})


@cache
def _limits(path: Path) -> Limits:
    return load(path) if path.exists() else Limits("", {})


def _amount(file: str, name: str, amount: Any) -> Decimal:
    if name not in matrix().roles and not TEAM.fullmatch(name) and not DEPARTMENT.fullmatch(name):
        raise EmpowermentFault(f"{file}: {name!r} is no role, team:<key> or department:<name>")
    if not isinstance(amount, str) or not AMOUNT.fullmatch(amount):
        raise EmpowermentFault(f'{file}: the limit of {name} is {amount!r}; write it in quotes, such as "300.00"')
    return Decimal(amount)
