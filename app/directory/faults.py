"""Turns what libldap says into what the desk says; the breaker hears of every outcome."""

from collections.abc import Iterator
from contextlib import contextmanager

import ldap

from app.directory.access import Access
from app.directory.breaker import Breaker
from app.directory.certificate import complaint
from app.directory.errors import (
    DirectoryError,
    DirectoryMisconfigured,
    DirectoryPartial,
    DirectoryRefusedCertificate,
    DirectoryRefusedChange,
    DirectoryUnavailable,
)
from app.rules.errors import DeskError
from app.rules.words import t

SILENT = (ldap.SERVER_DOWN, ldap.TIMEOUT, ldap.BUSY, ldap.UNAVAILABLE, ldap.CONNECT_ERROR)
CUT_SHORT = (ldap.SIZELIMIT_EXCEEDED, ldap.TIMELIMIT_EXCEEDED, ldap.ADMINLIMIT_EXCEEDED, ldap.PARTIAL_RESULTS,
             ldap.REFERRAL, ldap.UNAVAILABLE_CRITICAL_EXTENSION)
OWN_ACCOUNT = (ldap.INVALID_CREDENTIALS, ldap.INAPPROPRIATE_AUTH, ldap.STRONG_AUTH_REQUIRED,
               ldap.CONFIDENTIALITY_REQUIRED)
NOT_ALLOWED = (ldap.INSUFFICIENT_ACCESS, ldap.UNWILLING_TO_PERFORM, ldap.CONSTRAINT_VIOLATION,
               ldap.OBJECT_CLASS_VIOLATION, ldap.UNDEFINED_TYPE, ldap.INVALID_SYNTAX, ldap.NAMING_VIOLATION)


def words(error: ldap.LDAPError) -> str:
    """Return the directory's own words, on one line."""
    said = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    parts = [str(said.get(key, "")) for key in ("desc", "info")]
    return " ".join(": ".join(part for part in parts if part).split()) or type(error).__name__


def translate(error: ldap.LDAPError, access: Access) -> DeskError:
    """Return the error of ours that fits."""
    if access.uses_tls and isinstance(error, (ldap.CONNECT_ERROR, ldap.SERVER_DOWN, ldap.PROTOCOL_ERROR)):
        reason = complaint(access, access.timeout)
        if reason or isinstance(error, (ldap.CONNECT_ERROR, ldap.PROTOCOL_ERROR)):
            return DirectoryRefusedCertificate(reason or words(error))
    if isinstance(error, SILENT):
        return DirectoryUnavailable()
    if isinstance(error, CUT_SHORT):
        return DirectoryPartial(words(error))
    if isinstance(error, ldap.NO_SUCH_OBJECT):
        return DirectoryPartial(f"{words(error)} ({access.people_base} | {access.groups_base})")
    if isinstance(error, OWN_ACCOUNT):
        return DirectoryMisconfigured(t("The directory refuses the desk's own account: %(reason)s", reason=words(error)))
    if isinstance(error, NOT_ALLOWED):
        return DirectoryRefusedChange(words(error))
    return DirectoryError(t("The directory answered with an error: %(reason)s", reason=words(error)))


@contextmanager
def guarded(breaker: Breaker, access: Access) -> Iterator[None]:
    """Refuse at once while the breaker is open; translate what goes wrong, and tell the breaker how it went."""
    breaker.check()
    try:
        yield
    except ldap.LDAPError as error:
        fault = translate(error, access)
        (breaker.failed if isinstance(fault, DirectoryUnavailable) else breaker.succeeded)()
        raise fault from error
    except DirectoryUnavailable:
        breaker.failed()
        raise
    except DeskError:
        breaker.succeeded()                         # it answered: the answer was no
        raise
    breaker.succeeded()
