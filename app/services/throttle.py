"""How often something may be tried: by account and by address, in the database, so that all web processes count together."""

import ipaddress
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import case, delete, func, update
from sqlalchemy.dialects.postgresql import insert

from app.models.people import Throttle
from app.services import keyed
from app.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Limit:
    """So many tries within a window, then none until it ends."""

    name: str
    tries: int
    window: timedelta


@dataclass(frozen=True)
class Try:
    """One try: the how-many-th in its window, and the seconds until the window ends."""

    limit: Limit
    count: int
    seconds_left: int

    @property
    def is_refused(self) -> bool:
        """Is it one too many?"""
        return self.count > self.limit.tries

    @property
    def locks(self) -> bool:
        """Is it the first one too many: the one to write down?"""
        return self.count == self.limit.tries + 1


QUARTER: Final = timedelta(minutes=15)
SIGN_IN: Final = Limit("sign-in", 10, QUARTER)  # by account: wrong passwords in a row
ADDRESS: Final = Limit("address", 100, QUARTER)  # by address: a whole office may share one
CODE: Final = Limit("code", 5, QUARTER)  # by account: a second factor has only a million values
RESET: Final = Limit("reset", 3, timedelta(hours=1))  # by account: nobody's mailbox is flooded
RESET_ADDRESS: Final = Limit("reset-address", 20, timedelta(hours=1))
SETUP: Final = Limit("setup", 30, timedelta(hours=1))  # by address: guessing of tokens
FORGOTTEN_AFTER: Final = timedelta(days=1)


def attempt(uow: UnitOfWork, limit: Limit, who: str) -> Try:
    """Count a try before it is made, and say whether it may be.

    The unit of work must commit before the slow part, so that tries made at once are counted too.
    """
    row = insert(Throttle).values(key=_key(limit, who), window_start=func.now(), count=1)
    over = Throttle.window_start <= func.now() - limit.window
    counted = row.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={
            "count": case((over, 1), else_=Throttle.count + 1),
            "window_start": case((over, func.now()), else_=Throttle.window_start),
        },
    ).returning(Throttle.count, func.extract("epoch", Throttle.window_start + limit.window - func.now()))
    count, left = uow.session.execute(counted).one()
    if count == 1:
        uow.session.execute(delete(Throttle).where(Throttle.window_start < func.now() - FORGOTTEN_AFTER))
    return Try(limit, int(count), max(1, math.ceil(left)))


def forgive(uow: UnitOfWork, limit: Limit, who: str) -> None:
    """Forget the tries: this one was right."""
    uow.session.execute(delete(Throttle).where(Throttle.key == _key(limit, who)))


def give_back(uow: UnitOfWork, limit: Limit, who: str) -> None:
    """Take the last try back without forgetting the others: a right one from this address says little of the rest."""
    mine = update(Throttle).where(Throttle.key == _key(limit, who), Throttle.count > 0)
    uow.session.execute(mine.values(count=Throttle.count - 1))


def network_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 that an IPv6 customer is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _key(limit: Limit, who: str) -> str:
    """Name the row without what was typed: a password in the wrong field must not be kept."""
    return f"{limit.name}:{keyed.digest('throttle', limit.name, who)}"
