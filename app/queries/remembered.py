"""What one transaction asks twice is asked once: page, form and service look at the same rows."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy.orm import Session

T = TypeVar("T")


def once(session: Session, key: Hashable, ask: Callable[[], T]) -> T:
    """Return the answer to `key` in this session, asked at most once; only for what the transaction does not change."""
    answers: dict[Hashable, T] = session.info.setdefault("remembered", {})
    if key not in answers:
        answers[key] = ask()
    return answers[key]


def known(session: Session, key: Hashable) -> Any:
    """Return the answer that this session has had to `key`, or None."""
    return session.info.get("remembered", {}).get(key)


def keep(session: Session, key: Hashable, answer: Any) -> None:
    """Remember an answer that came with others, so that nobody asks for it alone."""
    session.info.setdefault("remembered", {})[key] = answer
