"""Sessions of browsers: begun, renewed, ended; each leaves an event. They run on the database's own clock.

The cookie holds a random token of 256 bits, the table its hash: who reads the table cannot sit down at anybody's browser.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, func, or_, select, update

from app.models.people import SignInSession
from app.rules.errors import NotFound
from app.services import keyed
from app.unit_of_work import UnitOfWork

SIGN_IN_STREAM: Final = "signin"  # of tries that name nobody we know
AGENT_LENGTH: Final = 200
KEPT_DAYS: Final = 30  # an ended session, for whoever asks what happened


def hash_of(token: str) -> str:
    """Return what the table keeps of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(uow: UnitOfWork, by: str, *, address: str, agent: str) -> str:
    """Begin a session of the actor, who has just proved who it is (`by`: local, directory); return its token."""
    old = or_(SignInSession.ended_at < _days_ago(), SignInSession.seen_at < _days_ago())
    uow.session.execute(delete(SignInSession).where(SignInSession.person_id == uow.actor.id, old))
    token = secrets.token_urlsafe(keyed.TOKEN_BYTES)
    row = SignInSession(
        token_hash=hash_of(token), person_id=uow.actor.id, created_at=func.now(), seen_at=func.now(),
        address=address, agent=agent[:AGENT_LENGTH], data={"by": by, "roles": sorted(uow.actor.roles)},
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    uow.record_event(_stream(uow.actor.id), "session.begin", after={"session": row.id, "by": by})
    return token


def renew(uow: UnitOfWork, session_id: int, why: str, known: Mapping[str, Any]) -> str:
    """Give the actor's session a new token and remember `known` with it (None forgets); the old token is dead at once."""
    row = _own(uow, session_id)
    token = secrets.token_urlsafe(keyed.TOKEN_BYTES)
    row.token_hash = hash_of(token)
    row.data = _known({**row.data, **known, "roles": sorted(uow.actor.roles)})
    uow.record_event(_stream(row.person_id), "session.renew", after={"session": row.id, "why": why})
    return token


def renew_once(uow: UnitOfWork, session_id: int, token_hash: str, why: str) -> str | None:
    """Renew while the session still has the token that was seen; of pages that load side by side one does."""
    return renew(uow, session_id, why, {}) if _own(uow, session_id).token_hash == token_hash else None


def remember(uow: UnitOfWork, session_id: int, **known: Any) -> None:
    """Keep what the next page of the same session needs; None forgets it."""
    row = _own(uow, session_id)
    row.data = _known({**row.data, **known})


def seen(uow: UnitOfWork, session_id: int) -> None:
    """Note that the session is in use."""
    mine = update(SignInSession).where(SignInSession.id == session_id, SignInSession.ended_at.is_(None))
    uow.session.execute(mine.values(seen_at=func.now()))


def end(uow: UnitOfWork, session_id: int, why: str) -> None:
    """End one session: an own one, or anybody's with the permission to manage people; twice is once."""
    row = uow.session.get(SignInSession, session_id, with_for_update=True)
    if row is None or (row.person_id != uow.actor.id and not uow.actor.may("people.manage")):
        raise NotFound("session")
    _end(uow, row, why)


def end_others(uow: UnitOfWork, keep: int, why: str = "by_person") -> int:
    """End every session of the actor but this one; return how many."""
    return _end_all(uow, uow.actor.id, why, keep)


def end_all(uow: UnitOfWork, person_id: int, why: str) -> int:
    """End every session of a person; the caller has checked that it may be done."""
    return _end_all(uow, person_id, why, None)


def refuse(uow: UnitOfWork, person_id: int | None, why: str) -> None:
    """Write down a try that failed; never what was typed."""
    uow.record_event(_stream(person_id), "signin.fail", after={"why": why})


def lock(uow: UnitOfWork, person_id: int | None, limit: str) -> None:
    """Write down that no more tries are taken for a while."""
    uow.record_event(_stream(person_id), "signin.lock", after={"limit": limit})


def _end_all(uow: UnitOfWork, person_id: int | None, why: str, keep: int | None) -> int:
    live = select(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
    if keep is not None:
        live = live.where(SignInSession.id != keep)
    rows = uow.session.scalars(live.order_by(SignInSession.id).with_for_update()).all()
    for row in rows:
        _end(uow, row, why)
    return len(rows)


def _end(uow: UnitOfWork, row: SignInSession, why: str) -> None:
    if row.ended_at is not None:
        return
    row.ended_at = uow.session.scalars(select(func.now())).one()
    row.ended_why = why
    row.data = _known({**row.data, "totp": None})
    uow.record_event(_stream(row.person_id), "session.end", after={"session": row.id, "why": why})


def _own(uow: UnitOfWork, session_id: int) -> SignInSession:
    row = uow.session.get(SignInSession, session_id, with_for_update=True)
    if row is None or row.person_id != uow.actor.id or row.ended_at is not None:
        raise NotFound("session")
    return row


def _known(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def _stream(person_id: int | None) -> str:
    return f"people:{person_id}" if person_id is not None else SIGN_IN_STREAM


def _days_ago() -> Any:
    return func.now() - func.make_interval(0, 0, 0, KEPT_DAYS)
