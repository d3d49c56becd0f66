"""The second factor: time-based codes and recovery codes, made by Flask-Security, kept by services.accounts."""

from typing import Any, Final, cast

from flask import current_app
from flask_security.totp import Totp
from passlib.exc import TokenError

from app.models.people import Person
from app.queries.identity import Identity
from app.rules.errors import TooManyTries
from app.services import accounts, sessions, throttle
from app.unit_of_work import unit_of_work
from app.web import proof

CLOCK_SKEW: Final = 30  # seconds a telephone may be wrong by
RECOVERY_CODES: Final = 10
DIGITS: Final = 6


class Codes(Totp):
    """Flask-Security's codes; which of them were used already is known to the database."""

    def counter_of(self, code: str, secret: str) -> int | None:
        """Return which half minute the code belongs to, or None when it is wrong."""
        try:
            return cast("int", self._totp.verify(code, secret, window=CLOCK_SKEW).counter)
        except TokenError:
            return None


def factory() -> Codes:
    """Return this application's maker and judge of codes."""
    return cast("Codes", current_app.extensions["security"].totp_factory)


def new_secret() -> str:
    """Return a new secret, encrypted with the installation's key."""
    return str(factory().generate_totp_secret())


def setup_values(person: Person, secret: str) -> dict[str, Any]:
    """Return what the set-up page shows: the picture to scan and the key to type."""
    return {"image": factory().generate_qrcode(person.login, secret), "key": factory().get_totp_pretty_key(secret)}


def recovery_codes() -> list[str]:
    """Return fresh recovery codes, to be shown once."""
    return [str(code) for code in factory().generate_recovery_codes(RECOVERY_CODES)]


def enrol(found: Identity, code: str) -> tuple[str, list[str]] | None:
    """Give the account the secret that waits in the session, once a code shows that the device has it.

    Returns the session's new token and the recovery codes, or None when the code is wrong.
    """
    secret = str(found.sign_in.data.get("totp", ""))
    _count(found)
    counter = factory().counter_of(code, secret) if secret else None
    with unit_of_work(found.actor) as uow:
        if counter is None or not accounts.claim_code(uow, found.person.id, counter):
            sessions.refuse(uow, found.person.id, "code")
            return None
        throttle.forgive(uow, throttle.CODE, str(found.person.id))
        codes = recovery_codes()
        return accounts.enrol(uow, secret, codes, found.sign_in.id), codes


def give(found: Identity, code: str) -> str | None:
    """Return the session's new token when the code, of either kind, is right; None otherwise."""
    _count(found)
    digits = "".join(sign for sign in code if sign.isdigit())
    is_timed = len(digits) == DIGITS and not any(sign.isalpha() for sign in code)
    counter = factory().counter_of(digits, found.person.tf_totp_secret or "") if is_timed else None
    with unit_of_work(found.actor) as uow:
        if is_timed:
            right = counter is not None and accounts.claim_code(uow, found.person.id, counter)
        else:
            right = accounts.use_recovery_code(uow, code)
        if not right:
            sessions.refuse(uow, found.person.id, "code")
            return None
        throttle.forgive(uow, throttle.CODE, str(found.person.id))
        how = "totp" if is_timed else "recovery"
        return sessions.renew(uow, found.sign_in.id, "second_factor", {"second_factor": how})


def _count(found: Identity) -> None:
    """A code has a million values: five tries in a quarter of an hour."""
    with unit_of_work(found.actor) as uow:
        tried = proof.count(uow, throttle.CODE, str(found.person.id), found.person.id)
    if tried.is_refused:
        raise TooManyTries(tried.seconds_left)
