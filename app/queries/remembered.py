"""What one transaction asks twice is asked once: page, form and service look at the same rows."""

from collections.abc import Callable, Hashable
from typing import TypeVar

from sqlalchemy.orm import Session

T = TypeVar("T")


def once(session: Session, key: Hashable, ask: Callable[[], T]) -> T:
    """Return the answer to `key` in this session, asked at most once; only for what the transaction does not change."""
    known: dict[Hashable, T] = session.info.setdefault("remembered", {})
    if key not in known:
        known[key] = ask()
    return known[key]
