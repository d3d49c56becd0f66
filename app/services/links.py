"""Links that work once: first administrator, invitation, reset of a password, decision on an approval, does it work again, how it went.

The token is computed from the row and the installation's key, so neither the table nor a queued mail holds it: the mail
names the row, and `token_of` gives the token at the moment of sending. The table keeps its hash.
"""

import hashlib
from datetime import UTC, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.models.people import OneTimeLink
from app.rules.errors import NotFound
from app.services import keyed
from app.settings import settings
from app.unit_of_work import UnitOfWork

FIRST_ADMINISTRATOR: Final = "first-administrator"
INVITATION: Final = "invitation"
RESET: Final = "reset"
DECISION: Final = "decision"
CONFIRMATION: Final = "confirmation"
SURVEY: Final = "survey"
LIFETIMES: Final = {
    FIRST_ADMINISTRATOR: timedelta(days=7),
    INVITATION: timedelta(days=7),
    RESET: timedelta(minutes=60),
    DECISION: timedelta(days=60),  # it lets nobody in; whoever follows it signs in
    CONFIRMATION: timedelta(days=366),  # confirmation_links lets it die with the window in which its incident can be reopened
    SURVEY: timedelta(days=366),  # survey_links lets it die when answers are no longer taken
}
PATHS: Final = {FIRST_ADMINISTRATOR: "/setup/", INVITATION: "/password/", RESET: "/password/", DECISION: "/decide/", CONFIRMATION: "/works/", SURVEY: "/survey/"}


def issue(uow: UnitOfWork, purpose: str, person_id: int | None = None, subject: str | None = None) -> OneTimeLink:
    """Make a link; an older one of the same purpose for the same person (about the same subject) stops working."""
    same = OneTimeLink.person_id.is_not_distinct_from(person_id), OneTimeLink.subject.is_not_distinct_from(subject)
    mine = update(OneTimeLink).where(OneTimeLink.purpose == purpose, *same, OneTimeLink.used_at.is_(None))
    uow.session.execute(mine.values(used_at=func.now()))
    made = uow.session.scalars(select(func.clock_timestamp())).one()
    link = OneTimeLink(
        token_hash=f"new:{made.isoformat()}:{purpose}:{person_id}:{subject}", purpose=purpose, person_id=person_id,
        subject=subject, created_at=made, expires_at=made + LIFETIMES[purpose],
    )  # fmt: skip
    uow.session.add(link)
    uow.session.flush()
    link.token_hash = hash_of(token_of(link))
    return link


def token_of(link: OneTimeLink) -> str:
    """Return the token of a link: 256 bits that only this installation can compute."""
    about = (str(link.person_id), link.subject) if link.subject else ()
    return keyed.digest("one-time-link", link.id, link.purpose, link.created_at.astimezone(UTC).isoformat(), *about)


def hash_of(token: str) -> str:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def path(link: OneTimeLink) -> str:
    """Return the path of the link on this desk."""
    return PATHS[link.purpose] + token_of(link)


def address(link: OneTimeLink) -> str:
    """Return the whole address, always on the configured base URL, whatever host a request named."""
    return settings().base_url.rstrip("/") + path(link)


def find(session: Session, token: str, *purposes: str) -> OneTimeLink:
    """Return the link while it works; NotFound otherwise, whatever the reason. Looking uses nothing up."""
    works = (OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > func.now(), OneTimeLink.purpose.in_(purposes))
    found = session.scalars(select(OneTimeLink).where(OneTimeLink.token_hash == hash_of(token), *works)).one_or_none()
    if found is None:
        raise NotFound("link")
    return found


def use(uow: UnitOfWork, token: str, *purposes: str) -> OneTimeLink:
    """Return the link and use it up; of two that come at once one gets NotFound."""
    link = find(uow.session, token, *purposes)
    unused = update(OneTimeLink).where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None))
    if uow.session.scalar(unused.values(used_at=func.now()).returning(OneTimeLink.id)) is None:
        raise NotFound("link")
    return link
